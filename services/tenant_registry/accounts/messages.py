"""Sessions and invites as callers see them: never their tokens."""

from datetime import datetime

from souk.tenant_registry.v1 import access_service_pb2 as access
from souk.tenant_registry.v1 import invite_service_pb2 as invites
from souk.tenant_registry.v1 import session_service_pb2 as sessions

from services.tenant_registry.models import Admin, AdminSession, Invite
from services.tenant_registry.roles import messages as role_messages


def invite(row: Invite) -> invites.Invite:
    under = f"tenants/{row.tenant_id}/" if row.tenant_id else ""
    message = invites.Invite(
        name=f"{under}invites/{row.invite_id}",
        email=row.email,
        role=role_messages.role_name(row.role_id, row.tenant_id),
        reason=row.reason,
        invited_by=row.invited_by,
    )
    message.create_time.FromDatetime(row.create_time)
    message.end_time.FromDatetime(row.end_time)
    return message


def session(row: AdminSession, *, current: bool = False) -> sessions.Session:
    message = sessions.Session(
        name=f"admins/{row.admin_id}/sessions/{row.session_id}",
        method=row.method,
        address=row.address,
        current=current,
    )
    message.create_time.FromDatetime(row.create_time)
    message.use_time.FromDatetime(row.use_time)
    message.end_time.FromDatetime(row.end_time)
    return message


def login_response(
    admin: Admin, *, access_token: str, expires: datetime, refresh_token: str = ""
) -> access.LoginResponse:
    message = access.LoginResponse(
        access_token=access_token, admin=role_messages.admin(admin), refresh_token=refresh_token
    )
    message.expire_time.FromDatetime(expires)
    return message
