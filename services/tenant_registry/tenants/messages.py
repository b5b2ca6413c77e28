"""Tenants, domains and API keys as callers see them, and tenants back into rows."""

from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from souk.tenant_registry.v1 import api_key_service_pb2 as keys
from souk.tenant_registry.v1 import tenant_pb2 as tenants

from services.kernel.data.updates import etag
from services.tenant_registry.models import ApiKey, Domain, Tenant
from services.tenant_registry.tenants.rules import GRANTABLE
from services.values.hosts import display_host

_SAME = ("display_name", "country_code", "currency_code", "default_locale", "time_zone")
_LISTS = ("supported_locales", "capabilities", "cors_origins")


def domain(row: Domain) -> tenants.Domain:
    message = tenants.Domain(
        name=f"tenants/{row.tenant_id}/domains/{row.host}",
        display_host=display_host(row.host),
        primary=row.is_primary,
    )
    message.create_time.FromDatetime(row.create_time)
    return message


def api_key(row: ApiKey) -> keys.ApiKey:
    message = keys.ApiKey(
        name=_api_key_name(row),
        title=row.title,
        kind=keys.ApiKey.Kind.Value(f"KIND_{row.kind}"),
        prefix=row.prefix,
        permissions=row.permissions,
        creator=row.creator,
        revoker=row.revoker,
    )
    message.create_time.FromDatetime(row.create_time)
    changes = (row.create_time, row.retitle_time, row.revoke_time)
    message.update_time.FromDatetime(max(filter(None, changes)))
    for field in ("expire_time", "last_use_time", "revoke_time"):
        if (moment := getattr(row, field)) is not None:
            getattr(message, field).FromDatetime(moment)
    return message


def resolved_api_key(row: ApiKey) -> keys.ResolvedApiKey:
    """Leaves out permissions that no longer exist or that keys may no longer hold."""
    message = keys.ResolvedApiKey(
        name=_api_key_name(row), permissions=sorted(GRANTABLE.intersection(row.permissions))
    )
    if row.expire_time is not None:
        message.expire_time.FromDatetime(row.expire_time)
    return message


def _api_key_name(row: ApiKey) -> str:
    return f"tenants/{row.tenant_id}/apiKeys/{row.key_id}"


def tenant(row: Tenant) -> tenants.Tenant:
    message = tenants.Tenant(
        name=f"tenants/{row.tenant_id}",
        state=tenants.Tenant.State.Value(f"STATE_{row.state}"),
        plan=tenants.Tenant.Plan.Value(f"PLAN_{row.plan}"),
        etag=etag(row.version),
        settings=ParseDict(row.settings, Struct()),
        description=row.description or "",
        **{field: getattr(row, field) for field in (*_SAME, *_LISTS)},
    )
    message.create_time.FromDatetime(row.create_time)
    message.update_time.FromDatetime(row.update_time)
    if row.delete_time is not None:
        message.delete_time.FromDatetime(row.delete_time)
    return message


def config(row: Tenant, hosts: list[str], key_digests: list[bytes]) -> tenants.TenantConfig:
    return tenants.TenantConfig(
        tenant=tenant(row),
        hosts=hosts,
        version=row.config_version,
        publishable_key_digests=key_digests,
    )


def new_row(
    tenant_id: str, message: tenants.Tenant, *, state: str, plan: str, now: datetime
) -> Tenant:
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


def write(row: Tenant, message: tenants.Tenant) -> None:
    """Writes the fields that callers may set."""
    for column, value in _columns(message).items():
        setattr(row, column, value)


def _columns(message: tenants.Tenant) -> dict[str, Any]:
    return {
        **{field: getattr(message, field) for field in _SAME},
        **{field: list(getattr(message, field)) for field in _LISTS},
        "settings": MessageToDict(message.settings),
        "description": message.description,
    }
