"""Pages of admins, all through the platform's door."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.data.pages import Page
from services.tenant_registry.access.queries import not_ended
from services.tenant_registry.models import Admin, Assignment


def everybody(*, email: str, show_deactivated: bool) -> ColumnElement[bool]:
    wanted: ColumnElement[bool] = true()
    if email:
        wanted = Admin.email == email.strip().lower()
    return wanted if show_deactivated else wanted & Admin.deactivate_time.is_(None)


def those_at(tenant: str, *, now: datetime) -> ColumnElement[bool]:
    """Selects holders of a role at a tenant itself, now or later; not of one given everywhere."""
    assigned = select(Assignment.admin_id).where(Assignment.tenant_id == tenant, not_ended(now))
    return Admin.admin_id.in_(assigned) & Admin.deactivate_time.is_(None)


async def page_of_admins(
    session: AsyncSession, wanted: ColumnElement[bool], page: Page
) -> Sequence[Admin]:
    return (await session.scalars(page.of(select(Admin).where(wanted), Admin.admin_id))).all()


async def number_of(session: AsyncSession, wanted: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Admin).where(wanted)
    return (await session.scalar(statement)) or 0


async def roles_at(
    session: AsyncSession, tenant: str, admins: Sequence[Admin], *, now: datetime
) -> dict[str, list[str]]:
    """Reads the sorted ids of the roles that admins hold at a tenant, now or later."""
    statement = select(Assignment.admin_id, Assignment.role_id).where(
        Assignment.tenant_id == tenant,
        Assignment.admin_id.in_([admin.admin_id for admin in admins]),
        not_ended(now),
    )
    found: dict[str, set[str]] = {}
    for admin_id, role_id in (await session.execute(statement)).all():
        found.setdefault(admin_id, set()).add(role_id)
    return {admin_id: sorted(roles) for admin_id, roles in found.items()}
