"""Reads what products refer to, and refuses unknown references."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.products.offer import References
from services.catalog_opt_in.products.rules import Product
from services.catalog_opt_in.taxonomy import queries
from services.catalog_opt_in.violations import Violations


async def references(session: AsyncSession, products: Iterable[Product]) -> References:
    """Reads everything that these products refer to; creates new tags and types."""
    all_of = list(products)
    return References(
        collections=await queries.collection_shelves(
            session, {p.collection_id for p in all_of if p.collection_id}
        ),
        categories=await queries.category_shelves(
            session, {id_ for p in all_of for id_ in p.category_ids}
        ),
        tags=await queries.tag_ids(session, {tag for p in all_of for tag in p.tags}),
        types=await queries.type_ids(session, {p.type for p in all_of if p.type}),
    )


def refuse_unknown(product: Product, known: References) -> None:
    """Refuses a product in a collection or category that does not exist.

    Raises:
        InvalidArgument: COLLECTION_NOT_FOUND or CATEGORY_NOT_FOUND.
    """
    violations = Violations()
    if product.collection_id and product.collection_id not in known.collections:
        violations.add("collection", "does not exist", "COLLECTION_NOT_FOUND")
    for place, category_id in enumerate(product.category_ids):
        if category_id not in known.categories:
            violations.add(f"categories[{place}]", "does not exist", "CATEGORY_NOT_FOUND")
    violations.refuse()
