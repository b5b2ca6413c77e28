"""Admins and their assignments as callers see them."""

from souk.tenant_registry.v1 import access_service_pb2 as pb
from souk.tenant_registry.v1 import assignment_service_pb2 as assignments

from services.tenant_registry.models import Admin, Assignment


def admin(row: Admin) -> pb.Admin:
    message = pb.Admin(
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
