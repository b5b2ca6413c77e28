"""All statements on collections, categories, tags and types."""

from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.folding import search_words
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.models import (
    Category,
    Collection,
    ListingCategory,
    Product,
    ProductCategory,
    ProductTag,
    ProductType,
    Tag,
    TenantCatalogue,
)
from services.catalog_opt_in.models.listings import next_version
from services.catalog_opt_in.offer_document import TaxonomyRef
from services.catalog_opt_in.taxonomy.rules import Parents, ancestors, hidden
from services.kernel.call.errors import AlreadyExists
from services.kernel.call.names import new_id
from services.kernel.data.arrays import among

Row = Collection | Category
TAG_PREFIX, TYPE_PREFIX = "productTags/", "productTypes/"


async def tree(session: AsyncSession) -> dict[str, str | None]:
    rows = await session.execute(select(Category.category_id, Category.parent_id))
    return dict(rows.tuples().all())


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """The parents of all categories, and which of them shoppers do not see."""

    parents: Parents
    hidden: AnyCollection[str]


async def category_tree(session: AsyncSession) -> CategoryTree:
    statement = select(Category.category_id).where(Category.is_internal | ~Category.is_active)
    parents, own = await tree(session), set(await session.scalars(statement))
    return CategoryTree(parents, hidden(parents, own) if own else ())


async def siblings(session: AsyncSession, parent_id: str | None, *, but: str) -> dict[str, int]:
    """Reads the ranks of all children of a category but one, or of those at the top, in order."""
    rows = await session.execute(
        select(Category.category_id, Category.rank)
        .where(Category.parent_id == parent_id, Category.category_id != but)
        .order_by(Category.rank, Category.category_id)
    )
    return dict(rows.tuples().all())


async def by_rank(session: AsyncSession, ids: AnyCollection[str]) -> Sequence[Category]:
    """Reads categories, in the order of their siblings."""
    statement = select(Category).where(among(Category.category_id, ids))
    return (await session.scalars(statement.order_by(Category.rank, Category.category_id))).all()


def matching(
    kind: type[Row], *, handles: Sequence[str], title: str, q: str
) -> Iterator[ColumnElement[bool]]:
    """Yields the conditions that both kinds have; what is empty is none."""
    if handles:
        yield among(kind.handle, handles)
    if title:
        yield kind.title == title
    for word in search_words(q).split():
        yield func.strpos(kind.title_key + "\n" + kind.handle, word) > 0


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


async def collections(session: AsyncSession, ids: AnyCollection[str]) -> dict[str, Collection]:
    """Reads collections by id; unknown ids are left out."""
    rows = await session.scalars(select(Collection).where(Collection.collection_id.in_(ids)))
    return {row.collection_id: row for row in rows}


async def categories(session: AsyncSession, ids: AnyCollection[str]) -> dict[str, Category]:
    """Reads categories by id; unknown ids are left out."""
    rows = await session.scalars(select(Category).where(Category.category_id.in_(ids)))
    return {row.category_id: row for row in rows}


def collection_ref(row: Collection) -> TaxonomyRef:
    """Returns a collection in the form used in offers."""
    return TaxonomyRef(id=row.collection_id, title=row.title, handle=row.handle, above=[])


def category_ref(row: Category, parents: Parents) -> TaxonomyRef:
    """Returns a category in the form used in offers."""
    return TaxonomyRef(
        id=row.category_id,
        title=row.title,
        handle=row.handle,
        above=ancestors(parents, row.category_id),
    )


async def tags(session: AsyncSession, named: AnyCollection[str]) -> dict[str, Tag]:
    """Reads tags by value or by name, productTags/{tag}; creates tags for new values.

    Unknown names are left out.
    """
    if not named:
        return {}
    values = [text for text in named if not text.startswith(TAG_PREFIX)]
    if values:
        new = [{"tag_id": new_id("ptag"), "value": value} for value in sorted(values)]
        await session.execute(insert(Tag).on_conflict_do_nothing(index_elements=["value"]), new)
    ids = [text.removeprefix(TAG_PREFIX) for text in named if text.startswith(TAG_PREFIX)]
    matches = or_(Tag.value.in_(values), Tag.tag_id.in_(ids))
    rows = (await session.scalars(select(Tag).where(matches))).all()
    return {key: row for row in rows for key in (row.value, f"{TAG_PREFIX}{row.tag_id}")}


async def types(session: AsyncSession, named: AnyCollection[str]) -> dict[str, ProductType]:
    """Reads product types as `tags` does: by value or by name, productTypes/{type}."""
    if not named:
        return {}
    values = [text for text in named if not text.startswith(TYPE_PREFIX)]
    if values:
        new = [{"type_id": new_id("ptyp"), "value": value} for value in sorted(values)]
        statement = insert(ProductType).on_conflict_do_nothing(index_elements=["value"])
        await session.execute(statement, new)
    ids = [text.removeprefix(TYPE_PREFIX) for text in named if text.startswith(TYPE_PREFIX)]
    matches = or_(ProductType.value.in_(values), ProductType.type_id.in_(ids))
    rows = (await session.scalars(select(ProductType).where(matches))).all()
    return {key: row for row in rows for key in (row.value, f"{TYPE_PREFIX}{row.type_id}")}


async def products_in_collection(session: AsyncSession, collection_id: str) -> Sequence[str]:
    statement = select(Product.product_id).where(
        own_rows(Product), Product.collection_id == collection_id
    )
    return (await session.scalars(statement)).all()


async def products_in_categories(session: AsyncSession, ids: Iterable[str]) -> Sequence[str]:
    statement = select(ProductCategory.product_id).where(
        own_rows(ProductCategory), ProductCategory.category_id.in_(list(ids))
    )
    return (await session.scalars(statement.distinct())).all()


async def products_with_tag(session: AsyncSession, tag_id: str) -> Sequence[str]:
    statement = select(ProductTag.product_id).where(
        own_rows(ProductTag), ProductTag.tag_id == tag_id
    )
    return (await session.scalars(statement)).all()


async def products_of_type(session: AsyncSession, type_id: str) -> Sequence[str]:
    statement = select(Product.product_id).where(own_rows(Product), Product.type_id == type_id)
    return (await session.scalars(statement)).all()


async def set_ranks(session: AsyncSession, ranks: dict[str, int]) -> None:
    """Stores the ranks of categories, by id; that is no change by anybody."""
    if ranks:
        rows = [{"category_id": id_, "rank": rank} for id_, rank in ranks.items()]
        await session.execute(update(Category), rows)


async def set_depths(session: AsyncSession, depths: dict[str, int]) -> None:
    """Stores the depths of categories, by id."""
    if depths:
        rows = [{"category_id": id_, "depth": depth} for id_, depth in depths.items()]
        await session.execute(update(Category), rows)


async def raise_catalogues_of(session: AsyncSession, ids: Iterable[str]) -> None:
    """Raises the catalogue versions of the tenants that show any of these categories."""
    showing = exists().where(
        ListingCategory.tenant_id == TenantCatalogue.tenant_id,
        among(ListingCategory.category_id, ids),
    )
    await session.execute(update(TenantCatalogue).where(showing).values(version=next_version()))
