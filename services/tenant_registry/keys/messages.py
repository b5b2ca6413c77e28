"""Keys as callers see them."""

from souk.tenant_registry.v1 import api_key_service_pb2 as pb

from services.tenant_registry.keys.rules import GRANTABLE
from services.tenant_registry.models import ApiKey


def api_key(row: ApiKey) -> pb.ApiKey:
    message = pb.ApiKey(
        name=_name(row),
        title=row.title,
        kind=pb.ApiKey.Kind.Value(f"KIND_{row.kind}"),
        prefix=row.prefix,
        permissions=row.permissions,
        creator=row.creator,
        revoker=row.revoker,
    )
    message.create_time.FromDatetime(row.create_time)
    for field in ("expire_time", "last_use_time", "revoke_time"):
        if (moment := getattr(row, field)) is not None:
            getattr(message, field).FromDatetime(moment)
    return message


def resolved(row: ApiKey) -> pb.ResolvedApiKey:
    """Leaves out permissions that no longer exist or that keys may no longer hold."""
    message = pb.ResolvedApiKey(
        name=_name(row), permissions=sorted(GRANTABLE.intersection(row.permissions))
    )
    if row.expire_time is not None:
        message.expire_time.FromDatetime(row.expire_time)
    return message


def _name(row: ApiKey) -> str:
    return f"tenants/{row.tenant_id}/apiKeys/{row.key_id}"
