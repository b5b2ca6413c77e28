"""Queries on domains."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, LargeBinary, Text, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Select

from services.tenant_registry.keys.queries import live_publishable
from services.tenant_registry.models import ApiKey, Domain, Tenant
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
    by_key = select(ApiKey.tenant_id).where(ApiKey.digest == digest, live_publishable())
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
        .where(ApiKey.tenant_id == Tenant.tenant_id, live_publishable())
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
