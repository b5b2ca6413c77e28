"""All statements on the variants of many products."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in.folding import search_words
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.models import OfferVariant, Product, Variant

MOST_COUNTED = 10_000

ID = OfferVariant.variant_id
Columns = tuple[InstrumentedAttribute[Any], ...]
# The last column of each is unique.
ORDERS: dict[str, Columns] = {
    "id": (ID,),
    # The same: ids sort by creation time.
    "created_at": (ID,),
    "updated_at": (Product.updated_at, ID),
    "title": (OfferVariant.title_key, ID),
    "sku": (OfferVariant.sku, ID),
    "variant_rank": (Variant.place, ID),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variant is: its product, and its rank among that one's variants."""

    product_id: str
    variant_id: str
    rank: int


def with_words(query: str) -> Iterable[ColumnElement[bool]]:
    """Yields conditions for variants that, with their products, have all words of a query."""
    for word in search_words(query).split():
        yield func.strpos(OfferVariant.search + "\n" + Product.search, word) > 0


async def page(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    order: Columns,
    *,
    descending: bool,
    size: int,
    skip: int,
) -> tuple[Sequence[Place], int]:
    """Reads a page of the variants for which conditions hold, and how many there are.

    No more than MOST_COUNTED are counted.
    """
    by = [column.desc() if descending else column.asc() for column in order]
    found = select(OfferVariant.product_id, ID).where(*conditions)
    if found.with_only_columns(ID, *order).get_final_froms() != [OfferVariant.__table__]:
        found = (
            found.join(Variant, _is_of(OfferVariant.product_id, ID))
            .join(Product, and_(own_rows(Product), Product.product_id == OfferVariant.product_id))
            .where(Product.deleted_at.is_(None))
        )
    # The page is found before it is joined to its variants, each of which has its part of an offer:
    # PostgreSQL expects next to none to have, and would join all of them to sort a page.
    place = func.row_number().over(order_by=by).label("place")
    window = found.add_columns(place).order_by(*by).limit(size).offset(skip).subquery()
    rows = await session.execute(
        select(Variant.product_id, Variant.variant_id, Variant.place)
        .join(window, _is_of(window.c.product_id, window.c.variant_id))
        .order_by(window.c.place)
    )
    counted = found.limit(MOST_COUNTED).subquery()
    total = await session.scalar(select(func.count()).select_from(counted))
    return [Place(*row) for row in rows], total or 0


def _is_of(
    product_id: SQLColumnExpression[str], variant_id: SQLColumnExpression[str]
) -> ColumnElement[bool]:
    return and_(
        own_rows(Variant), Variant.product_id == product_id, Variant.variant_id == variant_id
    )
