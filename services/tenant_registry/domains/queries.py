"""What is asked of domains."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Select

from services.tenant_registry.models import Domain, Tenant


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
    session: AsyncSession, host: str, *, slug: str | None
) -> tuple[Tenant, list[str]] | None:
    """Finds who owns a host by its domains or else, as tenant `slug`, by the base domain."""
    by_domain = select(Domain.tenant_id).where(Domain.host == host).scalar_subquery()
    return await _config(
        session, _configs().where(Tenant.tenant_id == func.coalesce(by_domain, slug))
    )


async def tenant_and_hosts(
    session: AsyncSession, tenant_id: str
) -> tuple[Tenant, list[str]] | None:
    return await _config(session, _configs().where(Tenant.tenant_id == tenant_id))


def _configs() -> Select[Tenant, list[str]]:
    hosts = (
        select(Domain.host)
        .where(Domain.tenant_id == Tenant.tenant_id)
        .order_by(Domain.is_primary.desc(), Domain.create_time, Domain.host)
        .correlate(Tenant)
        .scalar_subquery()
    )
    return select(Tenant, func.array(hosts, type_=ARRAY(Text)))


async def _config(
    session: AsyncSession, statement: Select[Tenant, list[str]]
) -> tuple[Tenant, list[str]] | None:
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row[0], row[1])
