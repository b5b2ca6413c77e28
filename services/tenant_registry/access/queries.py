"""What is asked of admins and their assignments; all of it through the platform's door."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.access.rules import Grant
from services.tenant_registry.models import Admin, Assignment, Policy


async def admin_with_email(session: AsyncSession, email: str) -> Admin | None:
    found: Admin | None = await session.scalar(select(Admin).where(Admin.email == email))
    return found


async def admin_and_grants(
    session: AsyncSession, admin_id: str
) -> tuple[Admin, list[Grant]] | None:
    """Reads an active admin with all that was ever granted to them, in one statement."""
    rows = (
        await session.execute(
            select(Admin, Assignment, Policy)
            .outerjoin(Assignment, Assignment.admin_id == Admin.admin_id)
            .outerjoin(Policy, Policy.role_id == Assignment.role_id)
            .where(Admin.admin_id == admin_id, Admin.deactivate_time.is_(None))
        )
    ).all()
    if not rows:
        return None
    return rows[0].Admin, [_grant(row.Assignment, row.Policy) for row in rows if row.Policy]


async def has_global_admin(session: AsyncSession, now: datetime) -> bool:
    """Tells whether somebody holds GlobalAdmin everywhere."""
    found = await session.scalar(
        select(Assignment.assignment_id)
        .where(
            Assignment.role_id == "GlobalAdmin",
            Assignment.tenant_id.is_(None),
            Assignment.revoke_time.is_(None),
            (Assignment.until_time > now) | Assignment.until_time.is_(None),
        )
        .limit(1)
    )
    return found is not None


def _grant(assignment: Assignment, policy: Policy) -> Grant:
    return Grant(
        role=assignment.role_id,
        tenant=assignment.tenant_id,
        from_time=assignment.from_time,
        until_time=assignment.until_time,
        revoke_time=assignment.revoke_time,
        reach=policy.reach,
        patterns=tuple(policy.permissions),
    )
