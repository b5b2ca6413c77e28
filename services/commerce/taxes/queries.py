"""Statements about taxes. A tenant's are few, and read as a whole."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import TaxRate, TaxRateRule, TaxRegion
from services.commerce.pricing import taxes as rules
from services.commerce.pricing.taxes import RateRule, Reference
from services.commerce.taxes.rules import TaxTable

RateWithRules = tuple[TaxRate, Sequence[RateRule]]

_REGIONS = select(TaxRegion).order_by(TaxRegion.create_time, TaxRegion.tax_region_id)
_RATES = select(TaxRate).order_by(TaxRate.create_time, TaxRate.tax_rate_id)
_RULES = select(TaxRateRule).order_by(
    TaxRateRule.tax_rate_id, TaxRateRule.reference, TaxRateRule.reference_id
)


async def tax_regions(session: AsyncSession) -> Sequence[TaxRegion]:
    """Reads the tenant's tax regions, oldest first."""
    return (await session.scalars(_REGIONS)).all()


async def tax_rates(session: AsyncSession) -> list[RateWithRules]:
    """Reads the tenant's rates, oldest first."""
    by_rate: dict[str, list[RateRule]] = defaultdict(list)
    for row in await session.scalars(_RULES):
        by_rate[row.tax_rate_id].append(RateRule(Reference(row.reference), row.reference_id))
    return [(rate, by_rate[rate.tax_rate_id]) for rate in await session.scalars(_RATES)]


async def tax_table(session: AsyncSession) -> TaxTable:
    """Reads what carts are taxed by."""
    return TaxTable(
        [
            rules.TaxRegion(row.tax_region_id, row.country_code, row.province_code or None)
            for row in await tax_regions(session)
        ],
        [
            rules.RegionRate(
                id=row.tax_rate_id,
                tax_region_id=row.tax_region_id,
                code=row.code,
                name=row.name,
                percent=row.percent,
                is_default=row.is_default,
                is_combinable=row.is_combinable,
                rules=tuple(subjects),
            )
            for row, subjects in await tax_rates(session)
        ],
    )


async def set_rules(session: AsyncSession, rate_id: str, subjects: Collection[RateRule]) -> None:
    """Makes these the rules of a rate."""
    await session.execute(delete(TaxRateRule).where(TaxRateRule.tax_rate_id == rate_id))
    session.add_all(
        TaxRateRule(tax_rate_id=rate_id, reference=rule.reference, reference_id=rule.reference_id)
        for rule in subjects
    )
    await session.flush()
