"""Storefront reads: one round trip each, through a function that first binds the tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record

from services.catalog_opt_in.storefront.rules import ShownCategory, ShownCollection
from services.kernel.data.database import Database

_PRODUCT = "SELECT * FROM store_product($1, $2)"
_PRODUCTS = "SELECT * FROM store_products($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
_COLLECTIONS = "SELECT * FROM store_collections($1)"
_CATEGORIES = "SELECT * FROM store_categories($1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which products, in which order. Empty lists and an empty query do not filter."""

    size: int
    skip: int
    order: str
    descending: bool
    ids: Sequence[str]
    handles: Sequence[str]
    collections: Sequence[str]
    categories: Sequence[str]
    tags: Sequence[str]
    types: Sequence[str]
    query: str


async def product(db: Database, id_or_handle: str) -> tuple[bytes, int] | None:
    """Reads the document of a visible product, and the catalogue version."""
    rows = await db.call(_PRODUCT, id_or_handle)
    return (rows[0]["document"], rows[0]["version"]) if rows else None


async def products(db: Database, wanted: Wanted) -> tuple[list[bytes], int, int]:
    """Reads a page of documents, the total number, and the catalogue version."""
    filters = (
        wanted.ids,
        wanted.handles,
        wanted.collections,
        wanted.categories,
        wanted.tags,
        wanted.types,
        wanted.query,
    )
    [row] = await db.call(
        _PRODUCTS,
        wanted.size,
        wanted.skip,
        wanted.order,
        wanted.descending,
        *(one or None for one in filters),
    )
    return row["documents"], row["total"], row["version"]


async def collections(db: Database) -> tuple[list[ShownCollection], int]:
    """Reads the collections with visible products, and the catalogue version."""
    rows = await db.call(_COLLECTIONS)
    return [ShownCollection(**_fields(row)) for row in rows if row["id"]], _version(rows)


async def categories(db: Database) -> tuple[list[ShownCategory], int]:
    """Reads the categories with visible products, and the catalogue version."""
    rows = await db.call(_CATEGORIES)
    return [ShownCategory(**_fields(row)) for row in rows if row["id"]], _version(rows)


def _fields(row: Record) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "version"}


def _version(rows: Sequence[Record]) -> int:
    return rows[0]["version"] if rows else 0
