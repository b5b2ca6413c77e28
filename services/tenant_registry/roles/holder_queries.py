"""Queries on what admins hold, all through the platform's door."""

from collections.abc import Collection, Sequence, Set
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.models import AccessGrant, Admin, Assignment, Policy, Role, Tenant
from services.tenant_registry.roles.evaluation import AssignedPolicy

EXPLAINED_LIMIT = 200
# Everybody with a role at a place is evaluated; no platform has more of them than this.
EVALUATED_LIMIT = 5_000


async def is_active(session: AsyncSession, admin_id: str) -> bool:
    statement = select(Admin.admin_id).where(
        Admin.admin_id == admin_id, Admin.deactivate_time.is_(None)
    )
    return await session.scalar(statement) is not None


async def admin_and_policies(
    session: AsyncSession, admin_id: str, tenant: str | None, *, now: datetime
) -> tuple[Admin, list[AssignedPolicy]] | None:
    """Reads an active admin with what they hold at a tenant or, with None, at the platform.

    One statement, whose cost does not grow with the other places at which they hold something.
    """
    here = (Assignment.admin_id == Admin.admin_id) & _counts_at({tenant}) & not_ended(now)
    rows = (
        await session.execute(
            select(Admin, Assignment, Policy)
            .outerjoin(Assignment, here)
            .outerjoin(Policy, Policy.role_id == Assignment.role_id)
            .where(Admin.admin_id == admin_id, Admin.deactivate_time.is_(None))
        )
    ).all()
    if not rows:
        return None
    return rows[0].Admin, [
        assigned_policy(row.Assignment, row.Policy) for row in rows if row.Policy
    ]


async def policies_anywhere(
    session: AsyncSession, admin_id: str, *, now: datetime
) -> list[AssignedPolicy]:
    """Reads what an active admin holds, now or later, at all places."""
    rows = await session.execute(
        select(Assignment, Policy)
        .join(Admin, Admin.admin_id == Assignment.admin_id)
        .join(Policy, Policy.role_id == Assignment.role_id)
        .where(Admin.admin_id == admin_id, Admin.deactivate_time.is_(None), not_ended(now))
    )
    return [assigned_policy(assignment, policy) for assignment, policy in rows.tuples()]


async def lock_admins(session: AsyncSession, ids: Collection[str]) -> Sequence[Admin]:
    """Reads and locks admins, ordered by id."""
    # In one order, so that two acts never wait for each other; and read anew, behind the lock.
    statement = select(Admin).where(Admin.admin_id.in_(ids)).order_by(Admin.admin_id)
    rows = await session.scalars(
        statement.with_for_update().execution_options(populate_existing=True)
    )
    return rows.all()


async def lock_policies(
    session: AsyncSession, ids: Collection[str], places: Set[str | None] | None, *, now: datetime
) -> dict[str, list[AssignedPolicy]]:
    """Reads what admins hold at places, now or later, and locks it and the roles.

    Without `places` that is everything; it is much for whoever created a thousand tenants.
    """
    statement = (
        select(Assignment, Policy)
        .join(Role, Role.role_id == Assignment.role_id)
        .join(Policy, Policy.role_id == Role.role_id)
        .where(Assignment.admin_id.in_(ids), not_ended(now))
    )
    if places is not None:
        statement = statement.where(_counts_at(places))
    # Shared: whoever relies on the same roles goes on, and only who changes them waits.
    rows = await session.execute(statement.with_for_update(read=True, of=(Assignment, Role)))
    policies: dict[str, list[AssignedPolicy]] = {}
    for assignment, policy in rows.all():
        policies.setdefault(assignment.admin_id, []).append(assigned_policy(assignment, policy))
    return policies


async def policies_of_role(session: AsyncSession, assignment: Assignment) -> list[AssignedPolicy]:
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
    return [assigned_policy(assignment, policy) for policy in policies.all()]


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
    is_held = (Assignment.role_id == role_id) & (Assignment.tenant_id == tenant)
    statement = select(Assignment.admin_id).where(is_held, not_ended(now))
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
    guardian_id: str | None = await session.scalar(
        statement.order_by(Assignment.create_time, Assignment.assignment_id).limit(1)
    )
    return guardian_id


async def tenants_without(session: AsyncSession, role: str, *, now: datetime) -> Sequence[str]:
    """Returns the unarchived tenants where no active admin holds a role without an end."""
    has_guardian = _guardians(role, now).where(Assignment.tenant_id == Tenant.tenant_id).exists()
    statement = select(Tenant.tenant_id).where(Tenant.state != "ARCHIVED", ~has_guardian)
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


def _counts_at(places: Set[str | None]) -> ColumnElement[bool]:
    """Selects the assignments of places, and those given everywhere, which count there too."""
    tenants = [place for place in places if place is not None]
    return Assignment.tenant_id.is_(None) | Assignment.tenant_id.in_(tenants)


def not_ended(now: datetime) -> ColumnElement[bool]:
    """Selects the assignments that count, now or later."""
    # One that is revoked is over, whatever the clock of this process says: no time of revocation
    # is ever in the future. And the index of live assignments has no others.
    unexpired = Assignment.until_time.is_(None) | (Assignment.until_time > now)
    return Assignment.revoke_time.is_(None) & unexpired


def assigned_policy(assignment: Assignment, policy: Policy) -> AssignedPolicy:
    """Joins an assignment with one policy of its role."""
    return AssignedPolicy(
        role=assignment.role_id,
        tenant=assignment.tenant_id,
        from_time=assignment.from_time,
        until_time=assignment.until_time,
        revoke_time=assignment.revoke_time,
        reach=policy.reach,
        patterns=tuple(policy.permissions),
        assignment=assignment.assignment_id,
    )


async def access_grants_open_to(
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
    rows = await session.execute(statement.order_by(*oldest_first))
    return dict(rows.tuples().all())


async def assignments_and_policies(
    session: AsyncSession, admin_id: str, tenant: str | None
) -> tuple[Sequence[Assignment], dict[str, list[AssignedPolicy]]]:
    """Reads all roles ever given to an admin, newest first, with what they give.

    At a tenant, its own and those given everywhere; at the platform, all.
    """
    condition = Assignment.admin_id == admin_id
    if tenant is not None:
        condition &= Assignment.tenant_id.is_(None) | (Assignment.tenant_id == tenant)
    newest = (Assignment.create_time.desc(), Assignment.assignment_id.desc())
    rows = (
        await session.scalars(
            select(Assignment).where(condition).order_by(*newest).limit(EXPLAINED_LIMIT)
        )
    ).all()
    return rows, await _policies_by_assignment(session, rows)


async def admins_and_policies(
    session: AsyncSession, tenant: str | None, *, now: datetime
) -> tuple[Sequence[Admin], dict[str, list[AssignedPolicy]]]:
    """Reads the active admins with a role at a place or everywhere, with what each gives."""
    here = Assignment.tenant_id.is_(None) | (Assignment.tenant_id == tenant)
    statement = (
        select(Assignment)
        .join(Admin, Admin.admin_id == Assignment.admin_id)
        .where(here, not_ended(now), Admin.deactivate_time.is_(None))
        .order_by(Assignment.admin_id, Assignment.assignment_id)
        .limit(EVALUATED_LIMIT)
    )
    rows = (await session.scalars(statement)).all()
    ids = {row.admin_id for row in rows}
    admins = await session.scalars(
        select(Admin).where(Admin.admin_id.in_(ids)).order_by(Admin.admin_id)
    )
    by_admin: dict[str, list[AssignedPolicy]] = {}
    by_assignment = await _policies_by_assignment(session, rows)
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


async def _policies_by_assignment(
    session: AsyncSession, rows: Sequence[Assignment]
) -> dict[str, list[AssignedPolicy]]:
    roles = {row.role_id for row in rows}
    policies = (await session.scalars(select(Policy).where(Policy.role_id.in_(roles)))).all()
    return {
        row.assignment_id: [
            assigned_policy(row, policy) for policy in policies if policy.role_id == row.role_id
        ]
        for row in rows
    }
