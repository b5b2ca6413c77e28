"""Tenants as callers see them, and back into rows."""

from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from souk.tenant_registry.v1 import tenant_pb2 as pb

from services.kernel.data.updates import etag
from services.tenant_registry.models import Tenant

_SAME = ("display_name", "country_code", "currency_code", "default_locale", "time_zone")
_LISTS = ("supported_locales", "capabilities", "cors_origins")


def tenant(row: Tenant) -> pb.Tenant:
    message = pb.Tenant(
        name=f"tenants/{row.tenant_id}",
        state=pb.Tenant.State.Value(f"STATE_{row.state}"),
        plan=pb.Tenant.Plan.Value(f"PLAN_{row.plan}"),
        etag=etag(row.version),
        settings=ParseDict(row.settings, Struct()),
        **{field: getattr(row, field) for field in (*_SAME, *_LISTS)},
    )
    message.create_time.FromDatetime(row.create_time)
    message.update_time.FromDatetime(row.update_time)
    if row.delete_time is not None:
        message.delete_time.FromDatetime(row.delete_time)
    return message


def config(row: Tenant, hosts: list[str], key_digests: list[bytes]) -> pb.TenantConfig:
    return pb.TenantConfig(
        tenant=tenant(row),
        hosts=hosts,
        version=row.config_version,
        publishable_key_digests=key_digests,
    )


def new_row(tenant_id: str, message: pb.Tenant, *, state: str, plan: str, now: datetime) -> Tenant:
    return Tenant(
        tenant_id=tenant_id,
        state=state,
        plan=plan,
        version=1,
        config_version=1,
        create_time=now,
        update_time=now,
        **_columns(message),
    )


def write(row: Tenant, message: pb.Tenant) -> None:
    """Writes the fields that callers may set."""
    for column, value in _columns(message).items():
        setattr(row, column, value)


def _columns(message: pb.Tenant) -> dict[str, Any]:
    return {
        **{field: getattr(message, field) for field in _SAME},
        **{field: list(getattr(message, field)) for field in _LISTS},
        "settings": MessageToDict(message.settings),
    }
