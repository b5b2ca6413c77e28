"""Roles as callers see them."""

from collections.abc import Sequence

from souk.tenant_registry.v1 import role_service_pb2 as pb

from services.kernel.data.updates import etag
from services.tenant_registry.access.messages import role_name
from services.tenant_registry.models import Policy, Role


def role(row: Role, policies: Sequence[Policy]) -> pb.Role:
    message = pb.Role(
        name=role_name(row.role_id, row.tenant_id),
        display_name=row.display_name or row.role_id,
        description=row.description,
        policies=[
            pb.Policy(
                id=policy.policy_id,
                reach=policy.reach,
                permissions=policy.permissions,
                description=policy.description,
            )
            for policy in policies
        ],
    )
    if row.tenant_id is not None:
        message.permissions.extend(policies[0].permissions)
        message.etag = etag(row.version or 0)
    for field in ("create_time", "update_time"):
        if getattr(row, field) is not None:
            getattr(message, field).FromDatetime(getattr(row, field))
    return message
