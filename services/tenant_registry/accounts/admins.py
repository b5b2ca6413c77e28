"""AdminService: who the admins are, at the platform and at one tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import admin_service_pb2 as pb
from souk.tenant_registry.v1 import admin_service_pb2_grpc as pb_grpc
from sqlalchemy.exc import IntegrityError

from services.kernel.call.errors import AlreadyExists, PermissionDenied, invalid
from services.kernel.call.names import parse
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.tenant_registry import caller
from services.tenant_registry.accounts import admin_lifecycle, lists, queries
from services.tenant_registry.accounts.mailed_tokens import end_at_former_address
from services.tenant_registry.models import Admin
from services.tenant_registry.roles import effects
from services.tenant_registry.roles import messages as role_messages
from services.tenant_registry.roles.errors import admin_not_found
from services.tenant_registry.roles.locking import ActorAndTarget
from services.values.emails import canonical_email, is_email

_EDITABLE = ("email", "first_name", "last_name")


class AdminServicer(pb_grpc.AdminServiceServicer):
    def __init__(self, db: Database, *, head_office: str) -> None:
        self._db = db
        self._head_office = head_office

    async def GetOwnAdmin(
        self, _request: pb.GetOwnAdminRequest, _context: object
    ) -> access_pb.Admin:
        async with self._db.platform() as session:
            own = await caller.own_session(session, now=datetime.now(UTC))
            row = await session.get_one(Admin, own.admin_id)
        return role_messages.admin(row)

    async def GetAdmin(self, request: pb.GetAdminRequest, _context: object) -> access_pb.Admin:
        (admin_id,) = parse(request.name, "admins/{admin}")
        async with self._db.platform() as session:
            row = await session.get(Admin, admin_id)
        if row is None:
            raise admin_not_found(admin_id)
        return role_messages.admin(row)

    async def ListAdmins(
        self, request: pb.ListAdminsRequest, _context: object
    ) -> pb.ListAdminsResponse:
        statement = lists.matching_admins(request)
        async with self._db.platform() as session:
            rows, token, total = await pages.read_page(
                session, request, statement, lists.ADMIN_ORDERS
            )
        return pb.ListAdminsResponse(
            admins=[role_messages.admin(row) for row in rows],
            next_page_token=token,
            total_size=total,
        )

    async def ListTenantAdmins(
        self, request: pb.ListTenantAdminsRequest, _context: object
    ) -> pb.ListTenantAdminsResponse:
        current_scope().require_parent(request.parent)
        (tenant,) = parse(request.parent, "tenants/{tenant}")
        page, now = pages.read(request, key={"admin_id": str}), datetime.now(UTC)
        condition = queries.admins_of_tenant(tenant, now=now)
        async with self._db.platform() as session:
            rows = await queries.page_of_admins(session, condition, page)
            total = await queries.number_of_admins(session, condition)
            roles = await queries.roles_at(session, tenant, rows, now=now)
        page_rows, token = page.cut(rows, key=lambda row: (row.admin_id,))
        return pb.ListTenantAdminsResponse(
            admins=[_tenant_admin(row, tenant, roles.get(row.admin_id, [])) for row in page_rows],
            next_page_token=token,
            total_size=total,
        )

    async def CreateAdmin(
        self, request: pb.CreateAdminRequest, _context: object
    ) -> access_pb.Admin:
        row = _new(request.admin)
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, access_pb.Admin):
                return answer
            with _address_taken_as_error():
                await admin_lifecycle.add(session, row)
            return await requests.remember(session, request, role_messages.admin(row))

    async def UpdateAdmin(
        self, request: pb.UpdateAdminRequest, _context: object
    ) -> access_pb.Admin:
        (admin_id,) = parse(request.admin.name, "admins/{admin}")
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, access_pb.Admin):
                return answer
            parties = await admin_lifecycle.may_change(session, admin_id)
            parties.require_active_target()
            before = role_messages.admin(parties.row)
            requested = updates.apply(request.admin, request.update_mask, to=before)
            for field in _EDITABLE:
                setattr(parties.row, field, _clean(field, getattr(requested, field)))
            _check(parties.row)
            after = role_messages.admin(parties.row)
            if after.email != before.email:
                _refuse_another_login(parties)
            if after == before:
                return await requests.remember(session, request, before)
            parties.row.update_time = parties.now
            with _address_taken_as_error():
                await session.flush()
            if after.email != before.email:
                await end_at_former_address(session, parties.row, before.email, now=parties.now)
            after = role_messages.admin(parties.row)
            audit.record(session, resource=after.name, before=before, after=after)
            return await requests.remember(session, request, after)

    async def DeleteAdmin(
        self, request: pb.DeleteAdminRequest, _context: object
    ) -> access_pb.Admin:
        (admin_id,) = parse(request.name, "admins/{admin}")
        async with self._db.platform() as session:
            return self._with_effects(
                await admin_lifecycle.deactivate(session, admin_id, dry=request.validate_only)
            )

    async def ActivateAdmin(
        self, request: pb.ActivateAdminRequest, _context: object
    ) -> access_pb.Admin:
        (admin_id,) = parse(request.name, "admins/{admin}")
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, access_pb.Admin):
                return answer
            activation = await admin_lifecycle.activate(
                session, admin_id, dry=request.validate_only
            )
            return await requests.remember(session, request, self._with_effects(activation))

    def _with_effects(self, activation: admin_lifecycle.Activation) -> access_pb.Admin:
        message = role_messages.admin(activation.admin)
        message.effects.extend(
            effects.between(
                activation.before,
                activation.after,
                now=activation.now,
                head_office=self._head_office,
            )
        )
        return message


def _tenant_admin(row: Admin, tenant: str, roles: list[str]) -> pb.TenantAdmin:
    names = [role_messages.role_name(role, tenant) for role in roles]
    return pb.TenantAdmin(admin=role_messages.admin(row), roles=names)


def _new(requested: access_pb.Admin) -> Admin:
    names = (_clean(field, getattr(requested, field)) for field in _EDITABLE)
    row = admin_lifecycle.new_admin(*names, now=datetime.now(UTC))
    _check(row)
    return row


def _clean(field: str, value: str) -> str:
    return canonical_email(value) if field == "email" else value.strip()


def _refuse_another_login(parties: ActorAndTarget) -> None:
    """Refuses to change the address that an admin with a role receives password resets at.

    Raises:
        PermissionDenied: EMAIL_IS_LOGIN: whoever changed it could take over the account.
    """
    if parties.target.admin != parties.actor.admin and parties.target.places(parties.now):
        raise PermissionDenied(
            "EMAIL_IS_LOGIN",
            "This admin logs in with this address and holds a role. Invite the new address, then"
            " deactivate this account.",
        )


def _check(row: Admin) -> None:
    if not is_email(row.email):
        raise invalid("ADMIN_INVALID", {"email": "must be an e-mail address"})


@contextmanager
def _address_taken_as_error() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise AlreadyExists(
            "ADMIN_EXISTS", "An admin with this e-mail address already exists."
        ) from None
