"""Lists of admins and of open invites: which rows, in which order."""

from collections.abc import Mapping
from datetime import datetime

from souk.tenant_registry.v1 import admin_service_pb2 as admin_pb
from souk.tenant_registry.v1 import invite_service_pb2 as invite_pb
from sqlalchemy import Select, or_, select

from services.kernel.call.names import parse
from services.kernel.data.pages import Columns
from services.tenant_registry.accounts import queries
from services.tenant_registry.caller import place_and_id
from services.tenant_registry.models import Admin, Invite
from services.values.emails import canonical_email

# The first order of each is the default.
ADMIN_ORDERS: Mapping[str, Columns] = {
    "id": (Admin.admin_id,),
    "email": (Admin.email, Admin.admin_id),
    "first_name": (Admin.first_name, Admin.admin_id),
    "last_name": (Admin.last_name, Admin.admin_id),
    "created_at": (Admin.create_time, Admin.admin_id),
    "updated_at": (Admin.update_time, Admin.admin_id),
}
INVITE_ORDERS: Mapping[str, Columns] = {
    "created_at": (Invite.create_time, Invite.invite_id),
    "id": (Invite.invite_id,),
    "email": (Invite.email, Invite.invite_id),
    "expires_at": (Invite.end_time, Invite.invite_id),
}


def matching_admins(request: admin_pb.ListAdminsRequest) -> Select[Admin]:
    statement = select(Admin)
    if not request.show_deactivated:
        statement = statement.where(Admin.deactivate_time.is_(None))
    if request.email:
        statement = statement.where(Admin.email == canonical_email(request.email))
    if request.first_name:
        statement = statement.where(Admin.first_name == request.first_name)
    if request.last_name:
        statement = statement.where(Admin.last_name == request.last_name)
    if request.admins:
        ids = [parse(name, "admins/{admin}")[0] for name in request.admins]
        statement = statement.where(Admin.admin_id.in_(ids))
    for word in request.query.split():
        statement = statement.where(
            or_(
                Admin.email.contains(canonical_email(word), autoescape=True),
                Admin.first_name.icontains(word, autoescape=True),
                Admin.last_name.icontains(word, autoescape=True),
            )
        )
    return statement


def matching_invites(
    request: invite_pb.ListInvitesRequest, tenant: str | None, *, now: datetime
) -> Select[Invite]:
    """Selects open invites of a place, which the caller has checked."""
    statement = select(Invite).where(queries.is_open_invite_at(tenant, now))
    if request.emails:
        statement = statement.where(Invite.email.in_(map(canonical_email, request.emails)))
    if request.invites:
        ids = [place_and_id(name, "invites/{invite}")[1] for name in request.invites]
        statement = statement.where(Invite.invite_id.in_(ids))
    if request.query:
        statement = statement.where(
            Invite.email.contains(canonical_email(request.query), autoescape=True)
        )
    return statement
