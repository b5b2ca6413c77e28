"""Admins as callers see them."""

from souk.tenant_registry.v1 import access_service_pb2 as pb

from services.tenant_registry.models import Admin


def admin(row: Admin) -> pb.Admin:
    message = pb.Admin(
        name=f"admins/{row.admin_id}",
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
    )
    message.create_time.FromDatetime(row.create_time)
    message.update_time.FromDatetime(row.update_time)
    return message
