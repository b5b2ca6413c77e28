"""Queries on admins and their assignments, all through the platform's door."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.access.rules import Grant
from services.tenant_registry.models import Admin, Assignment, Policy, Role, Tenant


async def admin_with_email(session: AsyncSession, email: str) -> Admin | None:
    found: Admin | None = await session.scalar(select(Admin).where(Admin.email == email))
    return found


async def is_active(session: AsyncSession, admin_id: str) -> bool:
    statement = select(Admin.admin_id).where(
        Admin.admin_id == admin_id, Admin.deactivate_time.is_(None)
    )
    return await session.scalar(statement) is not None


async def admin_and_grants(
    session: AsyncSession, admin_id: str
) -> tuple[Admin, list[Grant]] | None:
    """Reads an active admin with everything ever granted to them, in one statement."""
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
    return rows[0].Admin, [granted(row.Assignment, row.Policy) for row in rows if row.Policy]


async def admins_locked(session: AsyncSession, ids: Collection[str]) -> Sequence[Admin]:
    """Reads and locks admins, ordered by id."""
    statement = select(Admin).where(Admin.admin_id.in_(ids)).order_by(Admin.admin_id)
    found = await session.scalars(
        statement.with_for_update().execution_options(populate_existing=True)
    )
    return found.all()


async def grants_locked(
    session: AsyncSession, ids: Collection[str], *, now: datetime
) -> dict[str, list[Grant]]:
    """Reads what admins hold, now or later, and locks it and the roles."""
    statement = (
        select(Assignment, Policy)
        .join(Role, Role.role_id == Assignment.role_id)
        .join(Policy, Policy.role_id == Role.role_id)
        .where(Assignment.admin_id.in_(ids), not_ended(now))
    )
    rows = await session.execute(statement.with_for_update(read=True, of=(Assignment, Role)))
    found: dict[str, list[Grant]] = {}
    for assignment, policy in rows.all():
        found.setdefault(assignment.admin_id, []).append(granted(assignment, policy))
    return found


async def grants_of_role(session: AsyncSession, assignment: Assignment) -> list[Grant]:
    """Returns what an unsaved assignment would give; empty if there is no such role."""
    statement = (
        select(Policy)
        .join(Role, Role.role_id == Policy.role_id)
        .where(
            Role.role_id == assignment.role_id,
            Role.tenant_id.is_(None) | (Role.tenant_id == assignment.tenant_id),
        )
    )
    policies = await session.scalars(statement.with_for_update(read=True, of=Role))
    return [granted(assignment, policy) for policy in policies.all()]


async def assignment_at(
    session: AsyncSession, assignment_id: str, tenant: str | None
) -> Assignment | None:
    """Finds an assignment at a tenant or, with None, one that counts everywhere."""
    row = await session.get(Assignment, assignment_id)
    return row if row is not None and row.tenant_id == tenant else None


async def given_by(session: AsyncSession, admin_id: str, giver: str) -> Sequence[Assignment]:
    """Lists one giver's unrevoked assignments to an admin."""
    statement = select(Assignment).where(
        Assignment.admin_id == admin_id,
        Assignment.granted_by == giver,
        Assignment.revoke_time.is_(None),
    )
    return (await session.scalars(statement)).all()


async def places_of(session: AsyncSession, admin_id: str, *, now: datetime) -> set[str | None]:
    """Returns where an admin holds a role, now or later; None means everywhere."""
    statement = select(Assignment.tenant_id).where(Assignment.admin_id == admin_id, not_ended(now))
    return set((await session.scalars(statement)).all())


async def holders_at(
    session: AsyncSession, role_id: str, tenant: str, *, now: datetime
) -> Sequence[str]:
    """Returns the ids of those who hold a role at a tenant, now or later."""
    held = (Assignment.role_id == role_id) & (Assignment.tenant_id == tenant)
    statement = select(Assignment.admin_id).where(held, not_ended(now))
    return (await session.scalars(statement.distinct().order_by(Assignment.admin_id))).all()


async def guardians(
    session: AsyncSession, role: str, tenant: str | None, *, now: datetime
) -> set[str]:
    """Returns up to two active admins who hold a role there without an end."""
    statement = _guardians(role, now).where(Assignment.tenant_id == tenant).distinct().limit(2)
    return set((await session.scalars(statement)).all())


async def oldest_guardian(
    session: AsyncSession, role: str, tenant: str | None, *, now: datetime
) -> str | None:
    statement = _guardians(role, now).where(Assignment.tenant_id == tenant)
    found: str | None = await session.scalar(
        statement.order_by(Assignment.create_time, Assignment.assignment_id).limit(1)
    )
    return found


async def tenants_without(session: AsyncSession, role: str, *, now: datetime) -> Sequence[str]:
    """Returns the unarchived tenants where no active admin holds a role without an end."""
    kept = _guardians(role, now).where(Assignment.tenant_id == Tenant.tenant_id).exists()
    statement = select(Tenant.tenant_id).where(Tenant.state != "ARCHIVED", ~kept)
    return (await session.scalars(statement.order_by(Tenant.tenant_id))).all()


def _guardians(role: str, now: datetime) -> Select[str]:
    return (
        select(Assignment.admin_id)
        .join(Admin, Admin.admin_id == Assignment.admin_id)
        .where(
            Assignment.role_id == role,
            Assignment.until_time.is_(None),
            Assignment.from_time <= now,
            Assignment.revoke_time.is_(None),
            Admin.deactivate_time.is_(None),
        )
    )


def not_ended(now: datetime) -> ColumnElement[bool]:
    """Selects the assignments that count, now or later."""
    unrevoked = Assignment.revoke_time.is_(None) | (Assignment.revoke_time > now)
    return unrevoked & (Assignment.until_time.is_(None) | (Assignment.until_time > now))


def granted(assignment: Assignment, policy: Policy) -> Grant:
    """Converts one policy of an assignment to the grant it gives."""
    return Grant(
        role=assignment.role_id,
        tenant=assignment.tenant_id,
        from_time=assignment.from_time,
        until_time=assignment.until_time,
        revoke_time=assignment.revoke_time,
        reach=policy.reach,
        patterns=tuple(policy.permissions),
        assignment=assignment.assignment_id,
    )
