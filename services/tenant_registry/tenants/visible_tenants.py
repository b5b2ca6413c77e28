"""The tenants that a caller may see, as a client with one list of sales channels asks for them."""

from datetime import UTC, datetime

from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from souk.tenant_registry.v1.tenant_pb2 import Tenant as TenantMessage
from sqlalchemy import ColumnElement, Select, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database
from services.tenant_registry.models import ApiKey, Tenant
from services.tenant_registry.roles import evaluation, holder_queries
from services.tenant_registry.tenants import messages
from services.tenant_registry.tenants.rules import State

_ORDERS = {
    "id": Tenant.tenant_id,
    "display_name": Tenant.display_name,
    "created_at": Tenant.create_time,
    "updated_at": Tenant.update_time,
}
_READ = "tenant:read"


class VisibleTenantMethods:
    _db: Database
    _head_office: str

    async def ListVisibleTenants(
        self, request: pb.ListVisibleTenantsRequest, _context: object
    ) -> pb.ListVisibleTenantsResponse:
        current_scope().require_parent(request.parent)
        size, skip = pages.window(request)
        column, descending = pages.order_by(request.order_by, _ORDERS, default="id")
        order = [one.desc() if descending else one.asc() for one in (column, Tenant.tenant_id)]
        filtered = _filtered(request)
        async with self._db.platform() as session:
            found = filtered.where(await self._visible(session))
            count = select(func.count()).select_from(found.subquery())
            rows = await session.scalars(found.order_by(*order).limit(size).offset(skip))
            return pb.ListVisibleTenantsResponse(
                tenants=[messages.tenant(row) for row in rows],
                total_size=await session.scalar(count) or 0,
            )

    async def _visible(self, session: AsyncSession) -> ColumnElement[bool]:
        """Selects the scope's own tenant, and at the head office what else its caller may see."""
        scope = current_scope()
        own = Tenant.tenant_id == scope.tenant
        kind, _, admin_id = scope.actor.partition("/")
        if scope.tenant != self._head_office or kind != "admins":
            return own
        now = datetime.now(UTC)
        reading = {
            policy.tenant
            for policy in await holder_queries.policies_anywhere(session, admin_id, now=now)
            if _gives_reading(policy, now)
        }
        if None in reading:
            return Tenant.tenant_id.is_not(None)
        return own | Tenant.tenant_id.in_(reading)


def _gives_reading(policy: evaluation.AssignedPolicy, now: datetime) -> bool:
    # Of a role given everywhere, any tenant shows it: seeing a tenant needs no access grant.
    at = policy.tenant or "any"
    return _READ in evaluation.policy_effect(policy, at=at, now=now, open_tenants=()).given


def _filtered(request: pb.ListVisibleTenantsRequest) -> Select[Tenant]:
    """Selects what the filters of a request leave, whoever may see it."""
    statement = select(Tenant)
    if not request.show_deleted:
        statement = statement.where(Tenant.state != State.ARCHIVED)
    if request.query:
        searched = (Tenant.tenant_id, Tenant.display_name, Tenant.description)
        statement = statement.where(
            or_(*(column.icontains(request.query, autoescape=True) for column in searched))
        )
    if request.tenants:
        name = literal("tenants/").concat(Tenant.tenant_id)
        statement = statement.where(name.in_(request.tenants))
    if request.display_name:
        statement = statement.where(Tenant.display_name == request.display_name)
    if request.states:
        words = [TenantMessage.State.Name(s).removeprefix("STATE_") for s in request.states]
        statement = statement.where(Tenant.state.in_(words))
    if request.publishable_key:
        of_key = select(ApiKey.tenant_id).where(
            ApiKey.key_id == request.publishable_key, ApiKey.kind == "PUBLISHABLE"
        )
        statement = statement.where(Tenant.tenant_id.in_(of_key))
    return statement
