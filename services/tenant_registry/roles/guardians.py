"""The platform keeps a GlobalAdmin, and each tenant a TenantAdmin."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import FailedPrecondition
from services.tenant_registry.roles import holder_queries
from services.tenant_registry.roles.assignment_rules import GLOBAL_ADMIN, TENANT_ADMIN, Holder


async def keep_guardians(
    session: AsyncSession, before: Holder, after: Holder, *, now: datetime
) -> None:
    """Refuses to leave the platform without a GlobalAdmin, or a tenant without a TenantAdmin.

    Only active admins who hold the role without an end count.

    Raises:
        FailedPrecondition: LAST_GLOBAL_ADMIN or LAST_TENANT_ADMIN.
    """
    for place in sorted(before.guards(now) - after.guards(now), key=str):
        role = TENANT_ADMIN if place else GLOBAL_ADMIN
        others = await holder_queries.guardians(session, role, place, now=now)
        if others <= {before.admin}:
            reason = "LAST_TENANT_ADMIN" if place else "LAST_GLOBAL_ADMIN"
            where = f"tenants/{place}" if place else "the platform"
            text = (
                f"This would leave {where} without a {role}. Give that role to another admin first."
            )
            raise FailedPrecondition(reason, text)
