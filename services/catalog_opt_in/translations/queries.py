"""All statements on translations, and on what they are of."""

from collections import defaultdict
from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import models
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.models import Product, TaxonomyText, Translation
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.products.model import Product as MasterProduct
from services.catalog_opt_in.taxonomy.queries import products_with
from services.kernel.data.arrays import among

Texts = dict[str, dict[str, dict[str, str]]]
"""Translated texts by locale, id of what they are of, and field."""

# The column with the id of each kind that belongs to a product, by the prefix of the id.
_OF_PRODUCTS: Mapping[str, tuple[Any, Any]] = {
    "prod": (Product, Product.product_id),
    "variant": (models.Variant, models.Variant.variant_id),
    "opt": (models.ProductOption, models.ProductOption.option_id),
    "optval": (models.OptionValue, models.OptionValue.value_id),
}
_SHARED: Mapping[str, Any] = {
    "pcol": models.Collection.collection_id,
    "pcat": models.Category.category_id,
    "ptag": models.Tag.tag_id,
    "ptyp": models.ProductType.type_id,
}
# By which column products refer to each kind that they share.
_SHOWN_BY: Mapping[str, Any] = {
    "pcol": Product.collection_id,
    "pcat": models.ProductCategory.category_id,
    "ptag": models.ProductTag.tag_id,
    "ptyp": Product.type_id,
}


def matching(
    *, reference_ids: AnyCollection[str], prefix: str, locales: AnyCollection[str]
) -> Select[Translation]:
    """Selects translations; what is empty does not filter."""
    statement = select(Translation)
    if reference_ids:
        statement = statement.where(among(Translation.reference_id, reference_ids))
    if prefix:
        statement = statement.where(
            Translation.reference_id.startswith(f"{prefix}_", autoescape=True)
        )
    if locales:
        statement = statement.where(among(Translation.locale, locales))
    return statement


async def get_many(session: AsyncSession, ids: AnyCollection[str]) -> dict[str, Translation]:
    """Reads the head office's translations by id."""
    rows = await session.scalars(
        select(Translation).where(own_rows(Translation), among(Translation.translation_id, ids))
    )
    return {row.translation_id: row for row in rows}


async def translated(
    session: AsyncSession, reference_ids: AnyCollection[str]
) -> set[tuple[str, str]]:
    """Returns what has a translation already, each with a locale."""
    rows = await session.execute(
        select(Translation.reference_id, Translation.locale).where(
            own_rows(Translation), among(Translation.reference_id, reference_ids)
        )
    )
    return set(rows.tuples())


async def owners(session: AsyncSession, reference_ids: AnyCollection[str]) -> dict[str, str | None]:
    """Returns the product of each thing that exists; None for what products share."""
    found: dict[str, str | None] = {}
    for prefix, ids in _by_prefix(reference_ids).items():
        if prefix in _OF_PRODUCTS:
            table, column = _OF_PRODUCTS[prefix]
            statement = (
                select(column, table.product_id)
                .join(Product, Product.product_id == table.product_id)
                .where(own_rows(table), own_rows(Product), Product.deleted_at.is_(None))
            )
            if prefix == "prod":
                statement = select(column, column).where(
                    own_rows(Product), Product.deleted_at.is_(None)
                )
            rows = await session.execute(statement.where(among(column, ids)))
            found.update(rows.tuples().all())
        elif prefix in _SHARED:
            column = _SHARED[prefix]
            shared = await session.scalars(select(column).where(among(column, ids)))
            found.update(dict.fromkeys(shared))
    return found


async def products_showing(session: AsyncSession, rows: Iterable[Translation]) -> Sequence[str]:
    """Returns the ids of the products that show what these translations are of."""
    changed = list(rows)
    found = {row.product_id for row in changed if row.product_id}
    shared = _by_prefix(row.reference_id for row in changed if not row.product_id)
    for prefix, ids in shared.items():
        found.update(await products_with(session, _SHOWN_BY[prefix], ids))
    return sorted(found)


async def texts_of(session: AsyncSession, offers: Sequence[Offer]) -> dict[str, Texts]:
    """Reads the translated texts of all that offers show, by product."""
    showing: defaultdict[str, list[str]] = defaultdict(list)
    for offer in offers:
        for reference_id in _shown_by(offer):
            showing[reference_id].append(offer["id"])
    rows = await session.scalars(
        select(Translation).where(
            own_rows(Translation), among(Translation.reference_id, list(showing))
        )
    )
    found: dict[str, Texts] = {offer["id"]: {} for offer in offers}
    for row in rows:
        for product_id in showing[row.reference_id]:
            found[product_id].setdefault(row.locale, {})[row.reference_id] = row.texts
    return found


async def remove_of_products(session: AsyncSession, product_ids: Sequence[str]) -> None:
    """Removes the translations of products and their parts."""
    await session.execute(
        delete(Translation).where(own_rows(Translation), among(Translation.product_id, product_ids))
    )


async def remove_of_former_parts(session: AsyncSession, products: Sequence[MasterProduct]) -> None:
    """Removes the translations of what products, as they are now, no longer consist of."""
    ids = [product.product_id for product in products]
    current = [id_ for product in products for id_ in _parts_of(product)]
    await session.execute(
        delete(Translation).where(
            own_rows(Translation),
            among(Translation.product_id, ids),
            ~among(Translation.reference_id, [*ids, *current]),
        )
    )


async def remove_of(session: AsyncSession, reference_id: str) -> None:
    """Removes the translations of a collection, a category, a tag or a type."""
    await session.execute(
        delete(Translation).where(own_rows(Translation), Translation.reference_id == reference_id)
    )
    await session.execute(delete(TaxonomyText).where(TaxonomyText.reference_id == reference_id))


def _parts_of(product: MasterProduct) -> Iterator[str]:
    yield from (variant.variant_id for variant in product.variants)
    for option in product.options:
        yield option.option_id
        yield from (value.value_id for value in option.values)


def _shown_by(offer: Offer) -> Iterator[str]:
    yield offer["id"]
    yield from (variant["id"] for variant in offer["variants"])
    for option in offer["options"]:
        yield option["id"]
        yield from (value["id"] for value in option["values"])
    yield from (tag["id"] for tag in offer["tags"])
    yield from (category["id"] for category in offer["categories"])
    for one in (offer["collection"], offer["type"]):
        if one:
            yield one["id"]


def _by_prefix(reference_ids: Iterable[str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for reference_id in reference_ids:
        found[reference_id.partition("_")[0]].append(reference_id)
    return found
