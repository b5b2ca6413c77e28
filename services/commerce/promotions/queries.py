"""Statements about promotions."""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Campaign, Promotion, PromotionUse
from services.commerce.promotions.rules import MOST_AUTOMATIC
from services.kernel.data.arrays import among

Row = tuple[Promotion, Campaign | None]

_WITH_CAMPAIGN: Select[Promotion, Campaign | None] = select(Promotion, Campaign).outerjoin(
    Campaign,
    (Campaign.tenant_id == Promotion.tenant_id) & (Campaign.campaign_id == Promotion.campaign_id),
)
_AUTOMATIC = (
    _WITH_CAMPAIGN.where(Promotion.is_automatic, Promotion.status == "active")
    .order_by(Promotion.promotion_id)
    .limit(MOST_AUTOMATIC)
)


async def automatic(session: AsyncSession) -> Sequence[Row]:
    """Reads the tenant's active promotions that need no code."""
    return (await session.execute(_AUTOMATIC)).tuples().all()


async def by_code(session: AsyncSession, keys: Collection[str]) -> Sequence[Row]:
    """Reads the promotions of the tenant with these codes, as `code_key` writes them."""
    statement = _WITH_CAMPAIGN.where(among(Promotion.code_key, keys))
    return (await session.execute(statement)).tuples().all()


async def used(
    session: AsyncSession, counted_ids: Collection[str], holders: Collection[str]
) -> dict[tuple[str, str], int]:
    """Reads what has been used of promotions and budgets, by their ids and holders."""
    statement = select(PromotionUse).where(
        among(PromotionUse.counted_id, counted_ids), among(PromotionUse.holder, holders)
    )
    rows = await session.scalars(statement)
    return {(row.counted_id, row.holder): row.used for row in rows}
