"""All statements on collections, categories, tags and types."""

from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in.folding import search_words
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.models import (
    Category,
    Collection,
    ListingCategory,
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
Term = TypeVar("Term", Tag, ProductType)
_TERMS: Mapping[type[Tag | ProductType], tuple[InstrumentedAttribute[str], str, str]] = {
    Tag: (Tag.tag_id, "ptag", "productTags/"),
    ProductType: (ProductType.type_id, "ptyp", "productTypes/"),
}
"""The key of each kind of term, and what its ids and names begin with."""


async def tree(session: AsyncSession) -> dict[str, str | None]:
    rows = await session.execute(select(Category.category_id, Category.parent_id))
    return dict(rows.tuples().all())


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """The parents of all categories, and which of them shoppers do not see."""

    parents: Parents
    hidden: AnyCollection[str]


async def category_tree(session: AsyncSession) -> CategoryTree:
    is_hidden = Category.is_internal | ~Category.is_active
    statement = select(Category.category_id, Category.parent_id, is_hidden)
    rows = (await session.execute(statement)).tuples().all()
    parents, own = {id_: parent for id_, parent, _ in rows}, {row[0] for row in rows if row[2]}
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
    rows = await session.scalars(select(Collection).where(among(Collection.collection_id, ids)))
    return {row.collection_id: row for row in rows}


async def categories(session: AsyncSession, ids: AnyCollection[str]) -> dict[str, Category]:
    """Reads categories by id; unknown ids are left out."""
    rows = await session.scalars(select(Category).where(among(Category.category_id, ids)))
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


async def terms(
    session: AsyncSession, kind: type[Term], named: AnyCollection[str]
) -> dict[str, Term]:
    """Reads tags or types by value or by name, such as productTags/{tag}; creates new values.

    Unknown names are left out.
    """
    if not named:
        return {}
    table: Any = kind
    key, id_prefix, names_begin = _TERMS[kind]
    values = sorted(text for text in named if not text.startswith(names_begin))
    if values:
        new = [{key.key: new_id(id_prefix), "value": value} for value in values]
        await session.execute(insert(kind).on_conflict_do_nothing(index_elements=["value"]), new)
    ids = [text.removeprefix(names_begin) for text in named if text.startswith(names_begin)]
    matches = or_(among(table.value, values), among(key, ids))
    rows = (await session.scalars(select(kind).where(matches))).all()
    by_name = {f"{names_begin}{getattr(row, key.key)}": row for row in rows}
    return {row.value: row for row in rows} | by_name


async def products_with(
    session: AsyncSession, column: InstrumentedAttribute[Any], ids: Iterable[str]
) -> Sequence[str]:
    """Reads which products have one of these ids in a column of theirs, or of a link of theirs."""
    table: Any = column.class_
    statement = select(table.product_id).where(own_rows(table), among(column, ids))
    return (await session.scalars(statement.distinct())).all()


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
