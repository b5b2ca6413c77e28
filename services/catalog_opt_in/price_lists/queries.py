"""Statements about price lists."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import Listing, OfferVariant, PriceList, PriceListPrice
from services.kernel.data.arrays import among


async def price_list(
    session: AsyncSession, price_list_id: str, *, lock: bool = False
) -> PriceList | None:
    statement = select(PriceList).where(PriceList.price_list_id == price_list_id)
    row: PriceList | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row


def price_lists(*, text: str, ids: Sequence[str], statuses: Sequence[str]) -> Select[Any]:
    """Selects lists; what is empty does not matter. `text` is part of a text, in any case."""
    found = select(PriceList)
    if ids:
        found = found.where(among(PriceList.price_list_id, ids))
    if text:
        texts = (PriceList.title, PriceList.description)
        found = found.where(or_(*(one.icontains(text, autoescape=True) for one in texts)))
    if statuses:
        found = found.where(among(PriceList.status, statuses))
    return found


async def number_of_lists(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(PriceList)) or 0


async def prices(session: AsyncSession, price_list_id: str) -> list[PriceListPrice]:
    """Reads the prices of a list, oldest first."""
    found = await session.scalars(
        select(PriceListPrice)
        .where(PriceListPrice.price_list_id == price_list_id)
        .order_by(PriceListPrice.price_id)
    )
    return list(found)


async def listings_of(session: AsyncSession, variant_ids: Sequence[str]) -> dict[str, str]:
    """Finds the tenant's listings that variants are of, by variant; not those of other products."""
    found = await session.execute(
        select(OfferVariant.variant_id, Listing.listing_id)
        .join(Listing, Listing.listing_id == OfferVariant.product_id)
        .where(among(OfferVariant.variant_id, variant_ids))
    )
    return dict(found.tuples().all())
