"""Queries on roles, assignments and access grants: single ones and pages."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.data.pages import Page
from services.tenant_registry.models import AccessGrant, Assignment, Policy, Role
from services.tenant_registry.roles.holder_queries import not_ended


async def page_of_access_grants(session: AsyncSession, page: Page) -> Sequence[AccessGrant]:
    """Reads a page of the session's tenant's access grants."""
    key = (AccessGrant.create_time, AccessGrant.access_grant_id)
    return (await session.scalars(page.of(select(AccessGrant), *key))).all()


async def number_of_access_grants(session: AsyncSession) -> int:
    return (await session.scalar(select(func.count()).select_from(AccessGrant))) or 0


async def access_grant(
    session: AsyncSession, tenant: str, access_grant_id: str
) -> AccessGrant | None:
    return await session.get(AccessGrant, (tenant, access_grant_id))


def assignments_at(
    tenant: str | None, *, admin: str | None, now: datetime | None
) -> ColumnElement[bool]:
    """Selects the assignments of a place; `now` leaves out those that have ended."""
    condition = Assignment.tenant_id == tenant
    if admin is not None:
        condition &= Assignment.admin_id == admin
    return condition if now is None else condition & not_ended(now)


def assignments_of(admin: str, *, now: datetime) -> ColumnElement[bool]:
    """Selects an admin's assignments at all places that have not ended."""
    return (Assignment.admin_id == admin) & not_ended(now)


async def page_of_assignments(
    session: AsyncSession, condition: ColumnElement[bool], page: Page
) -> Sequence[Assignment]:
    statement = select(Assignment).where(condition)
    key = (Assignment.create_time, Assignment.assignment_id)
    return (await session.scalars(page.of(statement, *key))).all()


async def number_of_assignments(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Assignment).where(condition)
    return (await session.scalar(statement)) or 0


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
    role: Role | None = await session.scalar(statement)
    return role


async def policies_of(session: AsyncSession, role_ids: Sequence[str]) -> dict[str, list[Policy]]:
    statement = select(Policy).where(Policy.role_id.in_(role_ids))
    policies: dict[str, list[Policy]] = {role_id: [] for role_id in role_ids}
    for policy in (await session.scalars(statement.order_by(Policy.policy_id))).all():
        policies[policy.role_id].append(policy)
    return policies


async def number_of_roles(session: AsyncSession, tenant: str) -> int:
    statement = select(func.count()).select_from(Role).where(Role.tenant_id == tenant)
    return (await session.scalar(statement)) or 0


async def is_in_use(session: AsyncSession, role_id: str) -> bool:
    """Returns whether a role was ever given: past assignments must stay explainable."""
    statement = select(Assignment.assignment_id).where(Assignment.role_id == role_id)
    return await session.scalar(statement.limit(1)) is not None
