"""Reads what products refer to, and finds what is wrong with that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import Category, Collection, ProductType, Tag
from services.catalog_opt_in.products.model import Product
from services.catalog_opt_in.products.parts import in_order
from services.catalog_opt_in.products.resolved import Related, ResolvedProduct, with_related
from services.catalog_opt_in.taxonomy import queries
from services.catalog_opt_in.violations import Violations


@dataclass(frozen=True, slots=True)
class References:
    """What products refer to: collections and categories by id, tags and types by value or name."""

    collections: Mapping[str, Collection]
    categories: Mapping[str, Category]
    tags: Mapping[str, Tag]
    types: Mapping[str, ProductType]


async def references(session: AsyncSession, products: Iterable[Product]) -> References:
    """Reads everything that these products refer to; creates new tags and types."""
    all_of = list(products)
    category_ids = {id_ for p in all_of for id_ in p.category_ids}
    collection_ids = {p.collection_id for p in all_of if p.collection_id}
    return References(
        collections=await queries.collections(session, collection_ids) if collection_ids else {},
        categories=await queries.categories(session, category_ids) if category_ids else {},
        tags=await queries.terms(session, Tag, {tag for p in all_of for tag in p.tags}),
        types=await queries.terms(session, ProductType, {p.type for p in all_of if p.type}),
    )


def note_unknown(product: Product, refs: References, violations: Violations) -> None:
    """Notes what a product refers to and does not exist."""
    if product.collection_id and product.collection_id not in refs.collections:
        violations.add("collection", "does not exist", "COLLECTION_NOT_FOUND")
    for place, category_id in enumerate(product.category_ids):
        if category_id not in refs.categories:
            violations.add(f"categories[{place}]", "does not exist", "CATEGORY_NOT_FOUND")
    if product.type and product.type not in refs.types:
        violations.add("type", "does not exist", "PRODUCT_TYPE_NOT_FOUND")
    known = [refs.tags.get(tag) for tag in product.tags]
    for place, tag in enumerate(known):
        if tag is None:
            violations.add(f"tags[{place}].id", "does not exist", "PRODUCT_TAG_NOT_FOUND")
        elif tag in known[:place]:
            violations.add(f"tags[{place}]", "must not be repeated")


def resolved(product: Product, refs: References) -> ResolvedProduct:
    """Returns a product as it is stored, with the rows that it refers to, which are in `refs`."""
    related = Related(
        collection=refs.collections[product.collection_id] if product.collection_id else None,
        categories=tuple(refs.categories[id_] for id_ in product.category_ids),
        tags=tuple(refs.tags[tag] for tag in product.tags),
        type=refs.types[product.type] if product.type else None,
    )
    return with_related(in_order(product), related)
