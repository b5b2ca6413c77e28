"""Pages of assignments, all through the platform's door."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.data.pages import Page
from services.tenant_registry.access.queries import not_ended
from services.tenant_registry.models import Assignment


def assignments_at(
    tenant: str | None, *, admin: str | None, now: datetime | None
) -> ColumnElement[bool]:
    """Selects the assignments of a place; `now` leaves out those that have ended."""
    wanted = Assignment.tenant_id == tenant
    if admin is not None:
        wanted &= Assignment.admin_id == admin
    return wanted if now is None else wanted & not_ended(now)


def assignments_of(admin: str, *, now: datetime) -> ColumnElement[bool]:
    """Selects an admin's assignments at all places that have not ended."""
    return (Assignment.admin_id == admin) & not_ended(now)


async def page_of_assignments(
    session: AsyncSession, wanted: ColumnElement[bool], page: Page
) -> Sequence[Assignment]:
    statement = select(Assignment).where(wanted)
    key = (Assignment.create_time, Assignment.assignment_id)
    return (await session.scalars(page.of(statement, *key))).all()


async def number_of(session: AsyncSession, wanted: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Assignment).where(wanted)
    return (await session.scalar(statement)) or 0
