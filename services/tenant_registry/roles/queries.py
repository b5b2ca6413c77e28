"""Queries on roles and their policies, all through the platform's door."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.models import Assignment, Policy, Role


async def roles_at(session: AsyncSession, tenant: str | None) -> Sequence[Role]:
    """Reads the built-in roles and, at a tenant, that tenant's own."""
    statement = select(Role).where(Role.tenant_id.is_(None) | (Role.tenant_id == tenant))
    order = (Role.tenant_id.is_not(None), Role.create_time, Role.role_id)
    return (await session.scalars(statement.order_by(*order))).all()


async def role_at(
    session: AsyncSession, role_id: str, tenant: str | None, *, own: bool = False
) -> Role | None:
    """Finds a role of a place; `own` finds only a tenant's own role, and locks it."""
    statement = select(Role).where(Role.role_id == role_id)
    if own:
        statement = statement.where(Role.tenant_id == tenant).with_for_update()
    else:
        statement = statement.where(Role.tenant_id.is_(None) | (Role.tenant_id == tenant))
    found: Role | None = await session.scalar(statement)
    return found


async def policies_of(session: AsyncSession, role_ids: Sequence[str]) -> dict[str, list[Policy]]:
    statement = select(Policy).where(Policy.role_id.in_(role_ids))
    found: dict[str, list[Policy]] = {role_id: [] for role_id in role_ids}
    for policy in (await session.scalars(statement.order_by(Policy.policy_id))).all():
        found[policy.role_id].append(policy)
    return found


async def number_of_roles(session: AsyncSession, tenant: str) -> int:
    statement = select(func.count()).select_from(Role).where(Role.tenant_id == tenant)
    return (await session.scalar(statement)) or 0


async def is_in_use(session: AsyncSession, role_id: str) -> bool:
    """Returns whether a role was ever given: past assignments must stay explainable."""
    statement = select(Assignment.assignment_id).where(Assignment.role_id == role_id)
    return await session.scalar(statement.limit(1)) is not None
