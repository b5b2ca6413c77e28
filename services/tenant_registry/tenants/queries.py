"""Queries on tenants."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.data.pages import Page
from services.tenant_registry.models import Tenant


async def own_tenant(session: AsyncSession, *, lock: bool = False) -> Tenant | None:
    """Reads, and with `lock` locks, the one tenant that a tenant session sees."""
    statement = select(Tenant)
    found: Tenant | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def page_of_tenants(
    session: AsyncSession, page: Page, *, show_deleted: bool
) -> Sequence[Tenant]:
    statement = select(Tenant)
    if not show_deleted:
        statement = statement.where(Tenant.state != "ARCHIVED")
    return (await session.scalars(page.of(statement, Tenant.tenant_id))).all()


async def number_of_tenants(session: AsyncSession, *, show_deleted: bool) -> int:
    statement = select(func.count()).select_from(Tenant)
    if not show_deleted:
        statement = statement.where(Tenant.state != "ARCHIVED")
    return (await session.scalar(statement)) or 0
