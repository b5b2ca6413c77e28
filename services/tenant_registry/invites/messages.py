"""Invites as callers see them: never their tokens."""

from souk.tenant_registry.v1 import invite_service_pb2 as pb

from services.tenant_registry.access.messages import role_name
from services.tenant_registry.models import Invite


def invite(row: Invite) -> pb.Invite:
    under = f"tenants/{row.tenant_id}/" if row.tenant_id else ""
    message = pb.Invite(
        name=f"{under}invites/{row.invite_id}",
        email=row.email,
        role=role_name(row.role_id, row.tenant_id),
        reason=row.reason,
        invited_by=row.invited_by,
    )
    message.create_time.FromDatetime(row.create_time)
    message.end_time.FromDatetime(row.end_time)
    return message
