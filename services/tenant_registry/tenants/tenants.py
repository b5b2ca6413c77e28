"""The tenant methods of TenantRegistryService."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.tenant_registry.models import Tenant
from services.tenant_registry.roles import assigning
from services.tenant_registry.roles.holder_queries import is_active
from services.tenant_registry.tenants import fields, messages, queries, rules
from services.tenant_registry.tenants.rules import State


class StateRequest(requests.Repeatable, Protocol):
    """The fields shared by all requests that change the state of a tenant."""

    name: str
    etag: str


class TenantMethods:
    _db: Database
    _head_office: str

    async def GetTenant(self, request: pb.GetTenantRequest, _context: object) -> tenants.Tenant:
        _require_own(request.name)
        async with self._db.tenant() as session:
            return messages.tenant(await existing(session))

    async def ListTenants(
        self, request: pb.ListTenantsRequest, _context: object
    ) -> pb.ListTenantsResponse:
        page = pages.read(request, key={"tenant_id": str})
        deleted = request.show_deleted
        async with self._db.platform() as session:
            rows = await queries.page_of_tenants(session, page, show_deleted=deleted)
            total = await queries.number_of_tenants(session, show_deleted=deleted)
        page_rows, token = page.cut(rows, key=lambda row: (row.tenant_id,))
        return pb.ListTenantsResponse(
            tenants=[messages.tenant(row) for row in page_rows],
            next_page_token=token,
            total_size=total,
        )

    async def CreateTenant(
        self, request: pb.CreateTenantRequest, _context: object
    ) -> tenants.Tenant:
        tenant_id = names.tenant_id(request.tenant_id)
        requested = fields.completed(request.tenant)
        fields.check(requested)
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, tenants.Tenant):
                return answer
            row = await add_tenant(session, tenant_id, requested, state=State.PROVISIONING)
            await _first_admin(session, tenant_id)
            return await requests.remember(session, request, row)

    async def UpdateTenant(
        self, request: pb.UpdateTenantRequest, _context: object
    ) -> tenants.Tenant:
        _require_own(request.tenant.name)
        async with self._db.tenant() as session:
            row = await existing(session, lock=True)
            _state_after(rules.updated, row)
            before = messages.tenant(row)
            after = updates.apply(request.tenant, request.update_mask, to=before)
            after.settings.SetInParent()  # none and empty settings are the same
            fields.check(after, fields.changed(before, after))
            if after == before:
                return before
            messages.write(row, after)
            return _record_change(session, row, before)

    async def DeleteTenant(
        self, request: pb.DeleteTenantRequest, _context: object
    ) -> tenants.Tenant:
        return await self._change_state(
            request, lambda state: rules.archived(state, head_office=self._is_head_office())
        )

    async def UndeleteTenant(
        self, request: pb.UndeleteTenantRequest, _context: object
    ) -> tenants.Tenant:
        return await self._change_state(request, rules.undeleted)

    async def SuspendTenant(
        self, request: pb.SuspendTenantRequest, _context: object
    ) -> tenants.Tenant:
        return await self._change_state(
            request, lambda state: rules.suspended(state, head_office=self._is_head_office())
        )

    async def ActivateTenant(
        self, request: pb.ActivateTenantRequest, _context: object
    ) -> tenants.Tenant:
        return await self._change_state(request, rules.activated)

    async def ChangeTenantPlan(
        self, request: pb.ChangeTenantPlanRequest, _context: object
    ) -> tenants.Tenant:
        _require_own(request.name)
        plan = fields.plan(request.plan)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, tenants.Tenant):
                return answer
            row = await existing(session, lock=True)
            updates.check_etag(request.etag, row.version)
            _state_after(rules.updated, row)
            before = messages.tenant(row)
            if plan == row.plan:
                return await requests.remember(session, request, before)
            row.plan = plan
            return await requests.remember(session, request, _record_change(session, row, before))

    def _is_head_office(self) -> bool:
        return current_scope().tenant == self._head_office

    async def _change_state(
        self, request: StateRequest, rule: Callable[[State], State]
    ) -> tenants.Tenant:
        """Moves a tenant to another state; if it is there already, nothing is written."""
        _require_own(request.name)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, tenants.Tenant):
                return answer
            row = await existing(session, lock=True)
            updates.check_etag(request.etag, row.version)
            state, before = _state_after(rule, row), messages.tenant(row)
            if state == row.state:
                return await requests.remember(session, request, before)
            row.state = state
            row.delete_time = datetime.now(UTC) if state is State.ARCHIVED else None
            return await requests.remember(session, request, _record_change(session, row, before))


async def existing(session: AsyncSession, *, lock: bool = False) -> Tenant:
    """Reads the session's tenant.

    Raises:
        NotFound: TENANT_NOT_FOUND, the scope names a tenant that does not exist.
    """
    row = await queries.own_tenant(session, lock=lock)
    if row is None:
        raise not_found(f"tenants/{current_scope().tenant}")
    return row


def not_found(name: str) -> NotFound:
    return NotFound("TENANT_NOT_FOUND", f"No such tenant: {name}.", tenant=name)


async def add_tenant(
    session: AsyncSession,
    tenant_id: str,
    requested: tenants.Tenant,
    *,
    state: State,
    plan: str = "STANDARD",
) -> tenants.Tenant:
    """Adds a tenant with checked fields, and the first event of its log.

    Raises:
        AlreadyExists: TENANT_EXISTS; ids are never reused, and a deleted tenant keeps its own.
    """
    row = messages.new_row(tenant_id, requested, state=state, plan=plan, now=datetime.now(UTC))
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        name = f"tenants/{tenant_id}"
        raise AlreadyExists(
            "TENANT_EXISTS", f"{name} already exists, or once did.", tenant=name
        ) from None
    message = messages.tenant(row)
    audit.record(session, resource=message.name, after=message, tenant=tenant_id)
    return message


async def _first_admin(session: AsyncSession, tenant_id: str) -> None:
    """Makes the creator of a tenant its first TenantAdmin, so that it always has one."""
    actor, _, admin_id = current_scope().actor.partition("/")
    if actor == "admins" and await is_active(session, admin_id):
        await assigning.give_first(session, admin_id, tenant=tenant_id, reason="created the tenant")


def _require_own(name: str) -> None:
    current_scope().require(name)
    names.parse(name, "tenants/{tenant}")


def _state_after(rule: Callable[[State], State], row: Tenant) -> State:
    try:
        return rule(State(row.state))
    except rules.Refused as refused:
        name = f"tenants/{row.tenant_id}"
        raise FailedPrecondition(refused.reason, refused.message, tenant=name) from None


def _record_change(session: AsyncSession, row: Tenant, before: tenants.Tenant) -> tenants.Tenant:
    row.version += 1
    row.config_version += 1
    row.update_time = datetime.now(UTC)
    after = messages.tenant(row)
    audit.record(session, resource=after.name, before=before, after=after)
    return after
