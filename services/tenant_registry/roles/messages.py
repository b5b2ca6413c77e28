"""Admins, roles, assignments and access grants as callers see them."""

from collections.abc import Sequence

from souk.tenant_registry.v1 import access_grant_service_pb2 as access_grants
from souk.tenant_registry.v1 import access_service_pb2 as admins
from souk.tenant_registry.v1 import assignment_service_pb2 as assignments
from souk.tenant_registry.v1 import role_service_pb2 as roles

from services.kernel.call.names import parse
from services.kernel.data.updates import etag
from services.tenant_registry.models import (
    AccessGrant,
    Admin,
    Assignment,
    Policy,
    Role,
)


def admin(row: Admin) -> admins.Admin:
    message = admins.Admin(
        name=f"admins/{row.admin_id}",
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
    )
    message.create_time.FromDatetime(row.create_time)
    message.update_time.FromDatetime(row.update_time)
    if row.deactivate_time is not None:
        message.deactivate_time.FromDatetime(row.deactivate_time)
    return message


def assignment(row: Assignment) -> assignments.Assignment:
    message = assignments.Assignment(
        name=f"{_under(row.tenant_id)}assignments/{row.assignment_id}",
        admin=f"admins/{row.admin_id}",
        role=role_name(row.role_id, row.tenant_id),
        reason=row.reason,
        granted_by=row.granted_by,
        revoked_by=row.revoked_by or "",
        revoke_reason=row.revoke_reason or "",
    )
    for field in ("from_time", "until_time", "create_time", "revoke_time"):
        if getattr(row, field) is not None:
            getattr(message, field).FromDatetime(getattr(row, field))
    return message


def role_name(role_id: str, tenant: str | None) -> str:
    """Returns a role's name; a tenant's own roles are recognised by their ids."""
    return f"{_under(tenant) if role_id.startswith('role_') else ''}roles/{role_id}"


def _under(tenant: str | None) -> str:
    return f"tenants/{tenant}/" if tenant else ""


def access_grant(row: AccessGrant) -> access_grants.AccessGrant:
    message = access_grants.AccessGrant(
        name=f"tenants/{row.tenant_id}/accessGrants/{row.access_grant_id}",
        admin=f"admins/{row.admin_id}",
        reason=row.reason,
    )
    message.create_time.FromDatetime(row.create_time)
    message.expire_time.FromDatetime(row.expire_time)
    if row.end is not None:
        message.ended_by = row.end.ended_by
        message.end_time.FromDatetime(row.end.end_time)
    return message


def role_id(name: str, tenant: str | None) -> str:
    """Extracts the id from a role's name: the platform's, or this tenant's own."""
    own = f"tenants/{tenant}/roles/"
    if tenant is not None and name.startswith(own):
        return parse(name.removeprefix(f"tenants/{tenant}/"), "roles/{role}")[0]
    return parse(name, "roles/{role}")[0]


def role(row: Role, policies: Sequence[Policy]) -> roles.Role:
    message = roles.Role(
        name=role_name(row.role_id, row.tenant_id),
        display_name=row.display_name or row.role_id,
        description=row.description,
        policies=[
            roles.Policy(
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
