"""Queries for explanations, all through the platform's door."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.access.queries import granted, not_ended
from services.tenant_registry.access.rules import Grant
from services.tenant_registry.models import AccessGrant, Admin, Assignment, Policy

MOST = 200
# Everybody with a role at a place is evaluated; no platform has more of them than this.
MOST_WEIGHED = 5_000


async def everything_given(
    session: AsyncSession, admin_id: str, tenant: str | None
) -> tuple[Sequence[Assignment], dict[str, list[Grant]]]:
    """Reads all roles ever given to an admin, newest first, with what they give.

    At a tenant, its own and those given everywhere; at the platform, all.
    """
    wanted = Assignment.admin_id == admin_id
    if tenant is not None:
        wanted &= Assignment.tenant_id.is_(None) | (Assignment.tenant_id == tenant)
    newest = (Assignment.create_time.desc(), Assignment.assignment_id.desc())
    rows = (
        await session.scalars(select(Assignment).where(wanted).order_by(*newest).limit(MOST))
    ).all()
    return rows, await _grants(session, rows)


async def everybody_at(
    session: AsyncSession, tenant: str | None, *, now: datetime
) -> tuple[Sequence[Admin], dict[str, list[Grant]]]:
    """Reads the active admins with a role at a place or everywhere, with what each gives."""
    here = Assignment.tenant_id.is_(None) | (Assignment.tenant_id == tenant)
    statement = (
        select(Assignment)
        .join(Admin, Admin.admin_id == Assignment.admin_id)
        .where(here, not_ended(now), Admin.deactivate_time.is_(None))
        .order_by(Assignment.admin_id, Assignment.assignment_id)
        .limit(MOST_WEIGHED)
    )
    rows = (await session.scalars(statement)).all()
    ids = {row.admin_id for row in rows}
    admins = await session.scalars(
        select(Admin).where(Admin.admin_id.in_(ids)).order_by(Admin.admin_id)
    )
    by_admin: dict[str, list[Grant]] = {}
    by_assignment = await _grants(session, rows)
    for row in rows:
        by_admin.setdefault(row.admin_id, []).extend(by_assignment[row.assignment_id])
    return admins.all(), by_admin


async def access_grants_of(
    session: AsyncSession, admin_id: str, tenant: str
) -> Sequence[AccessGrant]:
    """Reads the newest access grants of an admin for a tenant."""
    statement = select(AccessGrant).where(
        AccessGrant.tenant_id == tenant, AccessGrant.admin_id == admin_id
    )
    return (
        await session.scalars(statement.order_by(AccessGrant.expire_time.desc()).limit(10))
    ).all()


async def _grants(session: AsyncSession, rows: Sequence[Assignment]) -> dict[str, list[Grant]]:
    roles = {row.role_id for row in rows}
    policies = (await session.scalars(select(Policy).where(Policy.role_id.in_(roles)))).all()
    return {
        row.assignment_id: [granted(row, one) for one in policies if one.role_id == row.role_id]
        for row in rows
    }
