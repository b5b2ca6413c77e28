"""Sessions as callers see them."""

from datetime import datetime

from souk.tenant_registry.v1 import access_service_pb2 as access
from souk.tenant_registry.v1 import session_service_pb2 as pb

from services.tenant_registry.access import messages
from services.tenant_registry.models import Admin, AdminSession


def session(row: AdminSession, *, current: bool = False) -> pb.Session:
    message = pb.Session(
        name=f"admins/{row.admin_id}/sessions/{row.session_id}",
        method=row.method,
        address=row.address,
        current=current,
    )
    message.create_time.FromDatetime(row.create_time)
    message.use_time.FromDatetime(row.use_time)
    message.end_time.FromDatetime(row.end_time)
    return message


def login(
    admin: Admin, *, access_token: str, expires: datetime, refresh_token: str = ""
) -> access.LoginResponse:
    message = access.LoginResponse(
        access_token=access_token, admin=messages.admin(admin), refresh_token=refresh_token
    )
    message.expire_time.FromDatetime(expires)
    return message
