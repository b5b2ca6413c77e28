"""All statements on collections, categories, tags and types."""

from collections.abc import Collection as Many
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.models import (
    Category,
    Collection,
    ListingCategory,
    Product,
    ProductCategory,
    ProductType,
    Tag,
    TenantCatalogue,
)
from services.catalog_opt_in.offer_document import Shelf
from services.catalog_opt_in.taxonomy.rules import Parents, above
from services.kernel.call.errors import AlreadyExists
from services.kernel.call.names import new_id

Row = Collection | Category


async def tree(session: AsyncSession) -> dict[str, str | None]:
    rows = await session.execute(select(Category.category_id, Category.parent_id))
    return dict(rows.tuples().all())


async def refuse_taken_handle(
    session: AsyncSession, kind: type[Row], handle: str, own_id: str
) -> None:
    """Refuses a handle that another row of its kind has.

    Raises:
        AlreadyExists: HANDLE_TAKEN.
    """
    key = Collection.collection_id if kind is Collection else Category.category_id
    with session.no_autoflush:
        taken = await session.scalar(select(exists().where(kind.handle == handle, key != own_id)))
    if taken:
        text = f"is already used by another {kind.__tablename__}"
        raise AlreadyExists(
            "HANDLE_TAKEN",
            f"The handle {handle} {text}. Choose another.",
            {"handle": text},
            handle=handle,
        )


async def count(session: AsyncSession, statement: Select[Any]) -> int:
    return await session.scalar(select(func.count()).select_from(statement.subquery())) or 0


async def collection_shelves(session: AsyncSession, ids: Many[str]) -> dict[str, Shelf]:
    """Reads collections in the form used in offers; unknown ids are left out."""
    rows = await session.scalars(select(Collection).where(Collection.collection_id.in_(ids)))
    return {
        row.collection_id: Shelf(id=row.collection_id, title=row.title, handle=row.handle, above=[])
        for row in rows
    }


async def category_shelves(session: AsyncSession, ids: Many[str]) -> dict[str, Shelf]:
    """Reads categories in the form used in offers; unknown ids are left out."""
    if not ids:
        return {}
    parents = await tree(session)
    rows = await session.scalars(select(Category).where(Category.category_id.in_(ids)))
    return {row.category_id: _shelf(row, parents) for row in rows}


def _shelf(row: Category, parents: Parents) -> Shelf:
    return Shelf(
        id=row.category_id,
        title=row.title,
        handle=row.handle,
        above=above(parents, row.category_id),
    )


async def tag_ids(session: AsyncSession, values: Many[str]) -> dict[str, str]:
    """Finds the ids of tags by value; creates tags for new values."""
    if not values:
        return {}
    new = [{"tag_id": new_id("ptag"), "value": value} for value in sorted(values)]
    await session.execute(insert(Tag).on_conflict_do_nothing(index_elements=["value"]), new)
    rows = await session.execute(select(Tag.value, Tag.tag_id).where(Tag.value.in_(values)))
    return dict(rows.tuples().all())


async def type_ids(session: AsyncSession, values: Many[str]) -> dict[str, str]:
    """Finds the ids of product types by value; creates types for new values."""
    if not values:
        return {}
    new = [{"type_id": new_id("ptyp"), "value": value} for value in sorted(values)]
    await session.execute(insert(ProductType).on_conflict_do_nothing(index_elements=["value"]), new)
    rows = await session.execute(
        select(ProductType.value, ProductType.type_id).where(ProductType.value.in_(values))
    )
    return dict(rows.tuples().all())


async def products_in_collection(session: AsyncSession, collection_id: str) -> Sequence[str]:
    found = select(Product.product_id).where(
        own_rows(Product), Product.collection_id == collection_id
    )
    return (await session.scalars(found)).all()


async def products_in_categories(session: AsyncSession, ids: Iterable[str]) -> Sequence[str]:
    found = select(ProductCategory.product_id).where(
        own_rows(ProductCategory), ProductCategory.category_id.in_(list(ids))
    )
    return (await session.scalars(found.distinct())).all()


async def set_depths(session: AsyncSession, depths: dict[str, int]) -> None:
    """Stores the depths of categories, by id."""
    if depths:
        rows = [{"category_id": id_, "depth": depth} for id_, depth in depths.items()]
        await session.execute(update(Category), rows)


async def raise_catalogues_of(session: AsyncSession, category_id: str) -> None:
    """Raises the catalogue versions of the tenants that show a category."""
    showing = exists().where(
        ListingCategory.tenant_id == TenantCatalogue.tenant_id,
        ListingCategory.category_id == category_id,
    )
    await session.execute(
        update(TenantCatalogue).where(showing).values(version=TenantCatalogue.version + 1)
    )
