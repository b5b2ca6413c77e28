"""Statements about regions."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.markets.rules import Market
from services.commerce.models import Region, RegionCountry
from services.kernel.call.scope import current_scope
from services.kernel.data.arrays import among
from services.values.countries import name_of

_COUNTRIES = (
    select(
        func.array_agg(aggregate_order_by(RegionCountry.country_code, RegionCountry.country_code))
    )
    .where(RegionCountry.tenant_id == Region.tenant_id, RegionCountry.region_id == Region.region_id)
    .correlate(Region)
    .scalar_subquery()
)
_REGIONS = select(Region, _COUNTRIES).order_by(Region.create_time, Region.region_id)


async def markets(session: AsyncSession) -> list[Market]:
    """Reads the tenant's regions, oldest first; a tenant without any has that of its settings.

    The id of that one keeps its meaning for shoppers, who are shown no other: once there are
    others, it names the first of them.
    """
    rows, of_settings = await regions(session), market_of_settings()
    if not rows:
        return [of_settings]
    found = [
        Market(
            region.region_id,
            region.name,
            region.currency_code,
            countries,
            region.automatic_taxes,
            region.includes_tax,
            tuple(region.payment_providers),
            region.extra,
        )
        for region, countries in rows
    ]
    if any(market.id == of_settings.id for market in found):
        return found
    return [*found, replace(found[0], id=of_settings.id, is_alias=True)]


async def regions(session: AsyncSession) -> list[tuple[Region, tuple[str, ...]]]:
    """Reads what the tenant has set up, oldest first: each with its countries, sorted."""
    rows = (await session.execute(_REGIONS)).tuples().all()
    return [(region, tuple(countries or ())) for region, countries in rows]


def market_of_settings() -> Market:
    """Makes the region of a tenant that has set up none, from the tenant's own settings."""
    scope = current_scope()
    name = name_of(scope.country)
    return Market(f"reg_{scope.tenant}", name, scope.currency or "", (scope.country,))


async def number_of_regions(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Region)) or 0


async def taken_country(
    session: AsyncSession, countries: Collection[str], *, besides: str
) -> RegionCountry | None:
    """Finds one of the countries that is in another region than `besides`."""
    found: RegionCountry | None = await session.scalar(
        select(RegionCountry)
        .where(among(RegionCountry.country_code, countries), RegionCountry.region_id != besides)
        .order_by(RegionCountry.country_code)
        .limit(1)
    )
    return found


async def set_countries(session: AsyncSession, region_id: str, countries: Sequence[str]) -> None:
    """Makes these the countries of a region."""
    statement = select(RegionCountry.country_code).where(RegionCountry.region_id == region_id)
    stored = set(await session.scalars(statement))
    await session.execute(
        delete(RegionCountry).where(
            among(RegionCountry.country_code, stored - set(countries)),
            RegionCountry.region_id == region_id,
        )
    )
    session.add_all(
        RegionCountry(country_code=code, region_id=region_id)
        for code in countries
        if code not in stored
    )
    await session.flush()
