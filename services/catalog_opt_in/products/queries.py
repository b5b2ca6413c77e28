"""All statements on products of the master catalogue."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from services.catalog_opt_in import models
from services.catalog_opt_in.folding import search_text, search_words, sort_key
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.products.rules import Image, Option, Price, Product, Value, Variant
from services.kernel.data.pages import KeyPart


@dataclass(frozen=True, slots=True)
class Order:
    """A sort order: a column, its type, and its value of a loaded product."""

    column: InstrumentedAttribute[Any]
    kind: type[KeyPart]
    of: Callable[[Product], KeyPart]


ORDERS = {
    "created_at": Order(models.Product.created_at, datetime, lambda p: p.created_at),
    "updated_at": Order(models.Product.updated_at, datetime, lambda p: p.updated_at),
    "title": Order(models.Product.title_key, str, lambda p: sort_key(p.title)),
    "handle": Order(models.Product.handle, str, lambda p: p.handle),
}

_WHOLE = (
    joinedload(models.Product.type),
    selectinload(models.Product.images),
    selectinload(models.Product.options).selectinload(models.ProductOption.values),
    selectinload(models.Product.variants).options(
        selectinload(models.Variant.choices), selectinload(models.Variant.prices)
    ),
    selectinload(models.Product.categories),
    selectinload(models.Product.tags),
)
_PARTS: tuple[type[models.Part], ...] = (
    models.Variant,
    models.ProductOption,
    models.ProductImage,
    models.ProductCategory,
    models.ProductTag,
)


async def one(session: AsyncSession, product_id: str) -> Product | None:
    """Reads a whole product, with one statement per kind of part."""
    return next(iter(await some(session, [product_id])), None)


async def some(session: AsyncSession, product_ids: Sequence[str]) -> list[Product]:
    """Reads whole products, with one statement per kind of part in total."""
    return await found(session, select(models.Product).where(_among(product_ids)))


async def found(session: AsyncSession, wanted: Select[models.Product]) -> list[Product]:
    rows = await session.scalars(wanted.where(own_rows(models.Product)).options(*_WHOLE))
    return [_product(row) for row in rows]


async def count(session: AsyncSession, wanted: Select[models.Product]) -> int:
    inner = wanted.where(own_rows(models.Product)).with_only_columns(models.Product.product_id)
    return await session.scalar(select(func.count()).select_from(inner.subquery())) or 0


def matching(
    *, status: str, handle: str, query: str, product_ids: Collection[str]
) -> Select[models.Product]:
    """Selects the products that match all given filters; empty ones are ignored."""
    wanted = select(models.Product)
    if status:
        wanted = wanted.where(models.Product.status == status)
    if handle:
        wanted = wanted.where(models.Product.handle == handle)
    for word in search_words(query).split():
        wanted = wanted.where(func.strpos(models.Product.search, word) > 0)
    if product_ids:
        wanted = wanted.where(_among(product_ids))
    return wanted


async def handle_is_taken(session: AsyncSession, product: Product) -> bool:
    other = exists().where(
        own_rows(models.Product),
        models.Product.handle == product.handle,
        models.Product.product_id != product.product_id,
    )
    return bool(await session.scalar(select(other)))


async def taken_skus(session: AsyncSession, product: Product) -> set[str]:
    """Returns those of a product's SKUs that another product has."""
    wanted = [variant.sku for variant in product.variants if variant.sku]
    rows = await session.scalars(
        select(models.Variant.sku).where(
            own_rows(models.Variant),
            models.Variant.sku.in_(wanted),
            models.Variant.product_id != product.product_id,
        )
    )
    return {sku for sku in rows if sku is not None}


async def create(
    session: AsyncSession, product: Product, *, tags: Mapping[str, str], types: Mapping[str, str]
) -> None:
    """Stores a new product; `tags` and `types` map values to ids."""
    await session.execute(
        insert(models.Product).values(product_id=product.product_id, **_columns(product, types))
    )
    await _insert_parts(session, product, tags)


async def replace(
    session: AsyncSession, product: Product, *, tags: Mapping[str, str], types: Mapping[str, str]
) -> None:
    """Replaces a stored product. Its parts are rewritten under their existing ids."""
    row = [own_rows(models.Product), models.Product.product_id == product.product_id]
    await session.execute(update(models.Product).where(*row).values(**_columns(product, types)))
    for part in _PARTS:
        await session.execute(
            delete(part).where(own_rows(part), part.product_id == product.product_id)
        )
    await _insert_parts(session, product, tags)


async def fold(session: AsyncSession, product: Product) -> None:
    """Renews the columns of a stored product that are made of its texts."""
    row = [own_rows(models.Product), models.Product.product_id == product.product_id]
    await session.execute(update(models.Product).where(*row).values(**_folded(product)))


async def remove(session: AsyncSession, product_id: str) -> None:
    row = [own_rows(models.Product), models.Product.product_id == product_id]
    await session.execute(delete(models.Product).where(*row))


def _among(product_ids: Collection[str]) -> ColumnElement[bool]:
    return models.Product.product_id.in_(product_ids)


def _product(row: models.Product) -> Product:
    titles = {option.option_id: option.title for option in row.options}
    values = {v.value_id: v.value for option in row.options for v in option.values}
    return Product(
        product_id=row.product_id,
        title=row.title,
        subtitle=row.subtitle,
        description=row.description,
        handle=row.handle,
        status=row.status,
        thumbnail=row.thumbnail,
        images=tuple(Image(image_id=image.image_id, url=image.url) for image in row.images),
        options=tuple(_option(option) for option in row.options),
        variants=tuple(_variant(variant, titles, values) for variant in row.variants),
        collection_id=row.collection_id,
        category_ids=tuple(category.category_id for category in row.categories),
        tags=tuple(tag.value for tag in row.tags),
        type=row.type.value if row.type else None,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _option(row: models.ProductOption) -> Option:
    values = tuple(Value(value_id=value.value_id, value=value.value) for value in row.values)
    return Option(option_id=row.option_id, title=row.title, values=values)


def _variant(row: models.Variant, titles: dict[str, str], values: dict[str, str]) -> Variant:
    return Variant(
        variant_id=row.variant_id,
        title=row.title,
        sku=row.sku or "",
        barcode=row.barcode,
        weight_grams=row.weight_grams,
        choices={titles[choice.option_id]: values[choice.value_id] for choice in row.choices},
        prices=tuple(Price(currency=p.currency, amount_minor=p.amount_minor) for p in row.prices),
    )


def _columns(product: Product, types: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": product.title,
        "subtitle": product.subtitle,
        "description": product.description,
        "handle": product.handle,
        "status": product.status,
        "thumbnail": product.thumbnail,
        **_folded(product),
        "collection_id": product.collection_id,
        "type_id": types[product.type] if product.type else None,
        "version": product.version,
        "created_at": product.created_at,
        "updated_at": product.updated_at,
    }


def _folded(product: Product) -> dict[str, str]:
    return {
        "title_key": sort_key(product.title),
        "search": search_text(product.title, product.subtitle, product.handle),
    }


async def _insert_parts(session: AsyncSession, product: Product, tags: Mapping[str, str]) -> None:
    for table, rows in _part_rows(product, tags):
        if values := [{"product_id": product.product_id, **row} for row in rows]:
            await session.execute(insert(table), values)


def _part_rows(
    product: Product, tags: Mapping[str, str]
) -> Iterable[tuple[type[models.Base], list[dict[str, Any]]]]:
    """Yields the rows of each kind of part, after those that it refers to."""
    yield (
        models.ProductImage,
        _placed({"image_id": i.image_id, "url": i.url} for i in product.images),
    )
    yield models.ProductCategory, _placed({"category_id": id_} for id_ in product.category_ids)
    yield models.ProductTag, _placed({"tag_id": tags[value]} for value in product.tags)
    yield (
        models.ProductOption,
        _placed(
            {"option_id": option.option_id, "title": option.title} for option in product.options
        ),
    )
    for option in product.options:
        yield (
            models.OptionValue,
            _placed(
                {"option_id": option.option_id, "value_id": v.value_id, "value": v.value}
                for v in option.values
            ),
        )
    yield models.Variant, _placed(_variant_row(variant) for variant in product.variants)
    yield models.VariantChoice, list(_choice_rows(product))
    yield (
        models.VariantPrice,
        [
            {"variant_id": v.variant_id, "currency": p.currency, "amount_minor": p.amount_minor}
            for v in product.variants
            for p in v.prices
        ],
    )


def _placed(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "place": place} for place, row in enumerate(rows)]


def _variant_row(variant: Variant) -> dict[str, Any]:
    return {
        "variant_id": variant.variant_id,
        "title": variant.title,
        "sku": variant.sku or None,
        "barcode": variant.barcode,
        "weight_grams": variant.weight_grams,
    }


def _choice_rows(product: Product) -> Iterable[dict[str, Any]]:
    options = {option.title: option for option in product.options}
    for variant in product.variants:
        for title, chosen in variant.choices.items():
            option = options[title]
            value_id = next(v.value_id for v in option.values if v.value == chosen)
            yield {
                "variant_id": variant.variant_id,
                "option_id": option.option_id,
                "value_id": value_id,
            }
