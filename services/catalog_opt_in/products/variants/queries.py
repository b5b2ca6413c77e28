"""All statements on the variants of many products."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in.folding import search_words
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.models import OfferVariant, Product, Variant

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


def matching(conditions: Iterable[ColumnElement[bool]]) -> Select[str, str, int]:
    """Selects the places of variants; the parts of offers have the indexes to find them by."""
    return (
        select(Variant.product_id, Variant.variant_id, Variant.place)
        .select_from(OfferVariant)
        .join(
            Variant,
            and_(
                own_rows(Variant),
                Variant.product_id == OfferVariant.product_id,
                Variant.variant_id == OfferVariant.variant_id,
            ),
        )
        .join(Product, and_(own_rows(Product), Product.product_id == OfferVariant.product_id))
        .where(Product.deleted_at.is_(None), *conditions)
    )


async def page(
    session: AsyncSession,
    statement: Select[str, str, int],
    order: Columns,
    *,
    descending: bool,
    size: int,
    skip: int,
) -> tuple[Sequence[Place], int]:
    """Reads a page of what `matching` selects, and how many there are on all pages."""
    columns = [column.desc() if descending else column.asc() for column in order]
    rows = await session.execute(statement.order_by(*columns).limit(size).offset(skip))
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    return [Place(*row) for row in rows.tuples()], total or 0
