"""Statements about regions."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.markets.rules import Market
from services.commerce.models import Region, RegionCountry
from services.kernel.call.scope import current_scope
from services.values.countries import name_of

_COUNTRIES = (
    select(
        func.array_agg(aggregate_order_by(RegionCountry.country_code, RegionCountry.country_code))
    )
    .where(RegionCountry.tenant_id == Region.tenant_id, RegionCountry.region_id == Region.region_id)
    .correlate(Region)
    .scalar_subquery()
)
_MARKETS = select(Region, _COUNTRIES).order_by(Region.create_time, Region.region_id)


async def markets(session: AsyncSession) -> list[Market]:
    """Reads the tenant's regions, oldest first; a tenant without any has that of its settings."""
    rows = (await session.execute(_MARKETS)).tuples().all()
    if not rows:
        return [_default()]
    return [
        Market(
            region.region_id,
            region.name,
            region.currency_code,
            tuple(countries or ()),
            region.automatic_taxes,
            region.includes_tax,
            tuple(region.payment_providers),
        )
        for region, countries in rows
    ]


def _default() -> Market:
    """Makes the region of a tenant that has set up none, from the tenant's own settings."""
    scope = current_scope()
    name = name_of(scope.country)
    return Market(f"reg_{scope.tenant}", name, scope.currency or "", (scope.country,))
