"""All statements on products of the master catalogue."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from services.catalog_opt_in import models
from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.products.model import Product
from services.catalog_opt_in.products.resolved import ResolvedProduct
from services.catalog_opt_in.products.rows import columns, folded, part_rows, to_product
from services.kernel.call.scope import current_scope
from services.kernel.data.arrays import among
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
    "id": Order(models.Product.product_id, str, lambda p: p.product_id),
    "title": Order(models.Product.title_key, str, lambda p: sort_key(p.title)),
    "handle": Order(models.Product.handle, str, lambda p: p.handle),
    "status": Order(models.Product.status, str, lambda p: p.status),
}

_ALL_BUT_VARIANTS = (
    joinedload(models.Product.type),
    joinedload(models.Product.collection),
    selectinload(models.Product.images),
    selectinload(models.Product.options).selectinload(models.ProductOption.values),
    selectinload(models.Product.categories).joinedload(models.ProductCategory.category),
    selectinload(models.Product.tags),
)
_PARTS: tuple[type[models.Part], ...] = (
    models.Variant,
    models.ProductOption,
    models.ProductImage,
    models.ProductCategory,
    models.ProductTag,
)


async def get(session: AsyncSession, product_id: str) -> ResolvedProduct | None:
    """Reads a whole product, with one statement per kind of part."""
    return next(iter(await get_many(session, [product_id])), None)


async def get_many(session: AsyncSession, product_ids: Sequence[str]) -> list[ResolvedProduct]:
    """Reads whole products, with one statement per kind of part in total."""
    return await load(session, there().where(among(models.Product.product_id, product_ids)))


def there() -> Select[models.Product]:
    """Selects the products that were not deleted."""
    return select(models.Product).where(models.Product.deleted_at.is_(None))


async def load(
    session: AsyncSession,
    statement: Select[models.Product],
    *,
    variant_ids: Sequence[str] | None = None,
) -> list[ResolvedProduct]:
    """Reads whole products, or with just these variants."""
    is_wanted = [] if variant_ids is None else [among(models.Variant.variant_id, variant_ids)]
    variants = selectinload(models.Product.variants.and_(*is_wanted))
    of_variants = (selectinload(models.Variant.choices), selectinload(models.Variant.prices))
    rows = await session.scalars(
        statement.where(own_rows(models.Product)).options(
            *_ALL_BUT_VARIANTS, variants.options(*of_variants)
        )
    )
    return [to_product(row) for row in rows]


async def count(session: AsyncSession, statement: Select[models.Product]) -> int:
    ids = statement.where(own_rows(models.Product)).with_only_columns(models.Product.product_id)
    return await session.scalar(select(func.count()).select_from(ids.subquery())) or 0


async def taken_handles(session: AsyncSession, products: Sequence[Product]) -> set[str]:
    """Returns those of the products' handles that another product has."""
    rows = await session.scalars(
        select(models.Product.handle).where(
            own_rows(models.Product),
            models.Product.deleted_at.is_(None),
            among(models.Product.handle, (product.handle for product in products)),
            ~among(models.Product.product_id, (product.product_id for product in products)),
        )
    )
    return set(rows)


async def taken_skus(session: AsyncSession, products: Sequence[Product]) -> set[str]:
    """Returns those of the products' SKUs that another product has."""
    skus = {variant.sku for product in products for variant in product.variants if variant.sku}
    rows = await session.scalars(
        select(models.Variant.sku).where(
            own_rows(models.Variant),
            models.Variant.deleted_at.is_(None),
            models.Variant.sku.in_(skus),
            ~among(models.Variant.product_id, (product.product_id for product in products)),
        )
    )
    return {sku for sku in rows if sku is not None}


async def create(session: AsyncSession, products: Sequence[ResolvedProduct]) -> None:
    """Stores new products."""
    rows = [{"product_id": p.product_id, **columns(p)} for p in products]
    if rows:
        await session.execute(insert(models.Product), rows)
        await _insert_parts(session, products)


async def replace(session: AsyncSession, products: Sequence[ResolvedProduct]) -> None:
    """Replaces stored products. Their parts are rewritten under their existing ids."""
    if not products:
        return
    product_ids = [product.product_id for product in products]
    tenant = current_scope().tenant
    await session.execute(
        update(models.Product),
        [{"tenant_id": tenant, "product_id": p.product_id, **columns(p)} for p in products],
    )
    for part in _PARTS:
        await session.execute(delete(part).where(own_rows(part), part.product_id.in_(product_ids)))
    await _insert_parts(session, products)


async def fold(session: AsyncSession, product: Product) -> None:
    """Renews the columns of a stored product that are made of its texts."""
    row = [own_rows(models.Product), models.Product.product_id == product.product_id]
    await session.execute(update(models.Product).where(*row).values(**folded(product)))


async def mark_deleted(session: AsyncSession, product_ids: Sequence[str], now: datetime) -> None:
    """Keeps products as deleted ones, apart from what they refer to: that may go, too."""
    product, variant = models.Product, models.Variant
    for table, values in (
        (product, {"deleted_at": now, "collection_id": None, "type_id": None}),
        (variant, {"deleted_at": now}),
    ):
        rows = [own_rows(table), among(table.product_id, product_ids)]
        await session.execute(update(table).where(*rows).values(**values))
    for link in (models.ProductCategory, models.ProductTag):
        rows = [own_rows(link), among(link.product_id, product_ids)]
        await session.execute(delete(link).where(*rows))


async def _insert_parts(session: AsyncSession, products: Iterable[ResolvedProduct]) -> None:
    rows: defaultdict[type[models.Base], list[dict[str, Any]]] = defaultdict(list)
    for product in products:
        for table, of_product in part_rows(product):
            rows[table] += [{"product_id": product.product_id, **row} for row in of_product]
    # Every product has its tables in the same order, each after those that it refers to.
    for table, of_all in rows.items():
        if of_all:
            await session.execute(insert(table), of_all)
