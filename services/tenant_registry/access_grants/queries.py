"""Queries on access grants."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.data.pages import Page
from services.tenant_registry.models import AccessGrant


async def page_of_grants(session: AsyncSession, page: Page) -> Sequence[AccessGrant]:
    """Reads a page of the session's tenant's access grants."""
    key = (AccessGrant.create_time, AccessGrant.access_grant_id)
    return (await session.scalars(page.of(select(AccessGrant), *key))).all()


async def number_of_grants(session: AsyncSession) -> int:
    return (await session.scalar(select(func.count()).select_from(AccessGrant))) or 0


async def grant_of(session: AsyncSession, tenant: str, access_grant_id: str) -> AccessGrant | None:
    return await session.get(AccessGrant, (tenant, access_grant_id))


async def opened_to(
    session: AsyncSession, admin_ids: Collection[str], tenant: str | None, *, now: datetime
) -> dict[str, str]:
    """Returns the admins to whom a tenant is open now, each with their newest access grant's id.

    The platform itself is never opened to anybody.
    """
    if tenant is None:
        return {}
    statement = select(AccessGrant.admin_id, AccessGrant.access_grant_id).where(
        AccessGrant.tenant_id == tenant,
        AccessGrant.admin_id.in_(admin_ids),
        AccessGrant.create_time <= now,
        AccessGrant.expire_time > now,
        ~AccessGrant.end.has(),
    )
    oldest_first = (AccessGrant.create_time, AccessGrant.access_grant_id)
    found = await session.execute(statement.order_by(*oldest_first))
    return dict(found.tuples().all())
