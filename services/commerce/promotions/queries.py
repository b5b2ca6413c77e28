"""Statements about promotions."""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Campaign, Promotion, PromotionUse
from services.commerce.promotions.rules import MOST_AUTOMATIC
from services.kernel.data.acts import Act
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
_USED = """
SELECT counted_id, holder, used FROM promotion_use
WHERE tenant_id = $1 AND counted_id = ANY($2::text[]) AND holder = ANY($3::text[])
"""


async def automatic(session: AsyncSession) -> Sequence[Row]:
    """Reads the tenant's active promotions that need no code."""
    return (await session.execute(_AUTOMATIC)).tuples().all()


async def by_code(act: Act, keys: Collection[str]) -> Sequence[Row]:
    """Reads the promotions of the tenant with these codes, as `code_key` writes them."""
    found = await act.rows(Promotion, "code_key = ANY($2::text[])", list(keys))
    ids = [promotion.campaign_id for promotion in found if promotion.campaign_id]
    rows = await act.rows(Campaign, "campaign_id = ANY($2::text[])", ids) if ids else []
    campaigns = {campaign.campaign_id: campaign for campaign in rows}
    return [(each, campaigns.get(each.campaign_id or "")) for each in found]


async def promotion(session: AsyncSession, promotion_id: str) -> Promotion | None:
    row: Promotion | None = await session.scalar(
        select(Promotion).where(Promotion.promotion_id == promotion_id)
    )
    return row


async def campaign(session: AsyncSession, campaign_id: str) -> Campaign | None:
    row: Campaign | None = await session.scalar(
        select(Campaign).where(Campaign.campaign_id == campaign_id)
    )
    return row


async def number_of_promotions(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Promotion)) or 0


async def number_of_automatic(session: AsyncSession, *, besides: str) -> int:
    """Counts active promotions that need no code."""
    statement = select(func.count()).where(
        Promotion.is_automatic, Promotion.status == "active", Promotion.promotion_id != besides
    )
    return await session.scalar(statement) or 0


async def is_code_taken(session: AsyncSession, key: str, *, besides: str) -> bool:
    statement = select(Promotion.promotion_id).where(
        Promotion.code_key == key, Promotion.promotion_id != besides
    )
    return await session.scalar(statement) is not None


async def number_of_campaigns(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Campaign)) or 0


async def is_identifier_taken(session: AsyncSession, identifier: str, *, besides: str) -> bool:
    statement = select(Campaign.campaign_id).where(
        Campaign.identifier == identifier, Campaign.campaign_id != besides
    )
    return await session.scalar(statement) is not None


async def has_promotions(session: AsyncSession, campaign_id: str) -> bool:
    statement = select(Promotion.promotion_id).where(Promotion.campaign_id == campaign_id).limit(1)
    return await session.scalar(statement) is not None


async def promotions(session: AsyncSession, ids: Collection[str]) -> Sequence[Promotion]:
    statement = select(Promotion).where(among(Promotion.promotion_id, ids))
    return (await session.scalars(statement.order_by(Promotion.promotion_id))).all()


async def used_together(session: AsyncSession, counted_ids: Collection[str]) -> dict[str, int]:
    """Reads what has been used of promotions or budgets, by all customers together."""
    if not counted_ids:
        return {}
    statement = (
        select(PromotionUse.counted_id, func.sum(PromotionUse.used))
        .where(among(PromotionUse.counted_id, counted_ids))
        .group_by(PromotionUse.counted_id)
    )
    return {id_: int(total) for id_, total in (await session.execute(statement)).tuples()}


async def forget_uses(session: AsyncSession, counted_id: str) -> None:
    await session.execute(delete(PromotionUse).where(PromotionUse.counted_id == counted_id))


async def used(
    act: Act, counted_ids: Collection[str], holders: Collection[str]
) -> dict[tuple[str, str], int]:
    """Reads what has been used of promotions and budgets, by their ids and holders."""
    rows = await act.read(_USED, list(counted_ids), list(holders))
    return {(row["counted_id"], row["holder"]): row["used"] for row in rows}
