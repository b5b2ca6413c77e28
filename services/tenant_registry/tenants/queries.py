"""Queries on tenants, their domains and their API keys."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ARRAY, ColumnElement, LargeBinary, Text, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Select

from services.kernel.data.pages import Page
from services.tenant_registry.models import Admin, ApiKey, Assignment, Domain, Tenant
from services.tenant_registry.tenants.rules import State


@dataclass(frozen=True, slots=True)
class Config:
    """A tenant with its hosts, the primary one first, and digests of its publishable keys."""

    tenant: Tenant
    hosts: list[str]
    key_digests: list[bytes]


async def own_domains(session: AsyncSession) -> Sequence[Domain]:
    """Lists the domains of the session's tenant, the primary one first, then by age."""
    order = (Domain.is_primary.desc(), Domain.create_time, Domain.host)
    return (await session.scalars(select(Domain).order_by(*order))).all()


async def make_none_primary(session: AsyncSession) -> None:
    await session.execute(
        update(Domain).where(Domain.is_primary).values(is_primary=False),
        execution_options={"synchronize_session": "fetch"},
    )


async def owner_of_host(
    session: AsyncSession, host: str, *, slug: str | None, active_only: bool
) -> Config | None:
    """Finds the owner of a host among the domains or else, as tenant `slug`, by base domain."""
    by_domain = select(Domain.tenant_id).where(Domain.host == host).scalar_subquery()
    owner = func.coalesce(by_domain, slug)
    return await _config(session, _configs(active_only).where(Tenant.tenant_id == owner))


async def owner_of_key(session: AsyncSession, digest: bytes, *, active_only: bool) -> Config | None:
    """Finds the tenant of a live publishable key."""
    by_key = select(ApiKey.tenant_id).where(ApiKey.digest == digest, _is_live_publishable_key())
    owner = by_key.scalar_subquery()
    return await _config(session, _configs(active_only).where(Tenant.tenant_id == owner))


async def config_of(session: AsyncSession, tenant_id: str, *, active_only: bool) -> Config | None:
    return await _config(session, _configs(active_only).where(Tenant.tenant_id == tenant_id))


def _configs(active_only: bool) -> Select[Tenant, list[str], list[bytes]]:
    hosts = (
        select(Domain.host)
        .where(Domain.tenant_id == Tenant.tenant_id)
        .order_by(Domain.is_primary.desc(), Domain.create_time, Domain.host)
        .correlate(Tenant)
        .scalar_subquery()
    )
    digests = (
        select(ApiKey.digest)
        .where(ApiKey.tenant_id == Tenant.tenant_id, _is_live_publishable_key())
        .order_by(ApiKey.create_time, ApiKey.key_id)
        .correlate(Tenant)
        .scalar_subquery()
    )
    configs: Select[Tenant, list[str], list[bytes]] = select(
        Tenant,
        func.array(hosts, type_=ARRAY(Text)),
        func.array(digests, type_=ARRAY(LargeBinary)),
    )
    return configs.where(Tenant.state == State.ACTIVE) if active_only else configs


async def _config(
    session: AsyncSession, statement: Select[Tenant, list[str], list[bytes]]
) -> Config | None:
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Config(*row)


def _is_live_key(now: datetime) -> ColumnElement[bool]:
    """Selects live keys: neither revoked nor expired at `now`."""
    expires = ApiKey.expire_time
    return and_(ApiKey.revoke_time.is_(None), or_(expires.is_(None), expires > now))


def _is_live_publishable_key() -> ColumnElement[bool]:
    return and_(ApiKey.kind == "PUBLISHABLE", _is_live_key(datetime.now(UTC)))


async def own_key(session: AsyncSession, key_id: str, *, lock: bool = False) -> ApiKey | None:
    """Reads a key of the session's tenant."""
    statement = select(ApiKey).where(ApiKey.key_id == key_id, ApiKey.delete_time.is_(None))
    key: ApiKey | None = await session.scalar(statement.with_for_update() if lock else statement)
    return key


def listed_keys(filters: Collection[ColumnElement[bool]]) -> Select[ApiKey]:
    return select(ApiKey).where(ApiKey.delete_time.is_(None), *filters)


async def number_of_live_keys(
    session: AsyncSession, tenant_id: str, kind: str, now: datetime
) -> int:
    statement = select(func.count()).where(
        ApiKey.tenant_id == tenant_id, ApiKey.kind == kind, _is_live_key(now)
    )
    return (await session.scalar(statement)) or 0


async def live_secret_key(session: AsyncSession, digest: bytes, now: datetime) -> ApiKey | None:
    """Finds a live secret key of any tenant by its digest."""
    key: ApiKey | None = await session.scalar(
        select(ApiKey).where(ApiKey.digest == digest, ApiKey.kind == "SECRET", _is_live_key(now))
    )
    return key


async def note_key_use(
    session: AsyncSession, key_id: str, now: datetime, *, every: timedelta
) -> None:
    """Records when a key was used, unless that was recorded recently."""
    last_use = ApiKey.last_use_time
    await session.execute(
        update(ApiKey)
        .where(ApiKey.key_id == key_id, or_(last_use.is_(None), last_use < now - every))
        .values(last_use_time=now)
    )


async def lock_rights(session: AsyncSession, admin_id: str) -> None:
    """Locks an admin's rights, so that they cannot be taken before this transaction ends."""
    for row, owner in (
        (Admin.admin_id, Admin.admin_id),
        (Assignment.assignment_id, Assignment.admin_id),
    ):
        await session.execute(select(row).where(owner == admin_id).with_for_update(read=True))


async def own_tenant(session: AsyncSession, *, lock: bool = False) -> Tenant | None:
    """Reads, and with `lock` locks, the one tenant that a tenant session sees."""
    statement = select(Tenant)
    tenant: Tenant | None = await session.scalar(statement.with_for_update() if lock else statement)
    return tenant


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
