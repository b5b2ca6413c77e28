"""Storefront reads: one round trip each, through a function that first binds the tenant.

Versions are the exception: a cache asks for those of many tenants at once.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import orjson
from asyncpg import Record
from sqlalchemy import Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.listings.costs import ListPrice
from services.catalog_opt_in.models import MarketDocument, Offer, TenantCatalogue
from services.catalog_opt_in.offer_document import Offer as OfferDocument
from services.catalog_opt_in.offer_document import parse
from services.catalog_opt_in.search.queries import Search
from services.catalog_opt_in.storefront.quotes.rules import ShopProduct
from services.catalog_opt_in.storefront.rules import (
    Products,
    ShownCategory,
    ShownCollection,
    ShownProduct,
    ShownTerm,
)
from services.catalog_opt_in.storefront.taxonomy.rows import (
    Row,
    shown_category,
    shown_collection,
    shown_term,
)
from services.catalog_opt_in.storefront.texts import in_locale, texts_by_id
from services.kernel.data.arrays import among
from services.kernel.data.database import Database

_PRODUCT = "SELECT * FROM store_product($1, $2, $3)"
_PRODUCTS = "SELECT * FROM store_product_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_WORDS = "SELECT * FROM store_words($1, $2)"
_COLLECTIONS = "SELECT * FROM shown_collections($1, $2)"
_CATEGORIES = "SELECT * FROM shown_categories($1, $2)"
_TAGS = "SELECT * FROM shown_tags($1, $2)"
_TYPES = "SELECT * FROM shown_types($1, $2)"
_PRODUCTS_IN_COLLECTIONS = "SELECT * FROM store_products_in_collections($1, $2, $3, $4)"
_PRODUCTS_IN_CATEGORIES = "SELECT * FROM store_products_in_categories($1, $2, $3, $4)"
_VARIANTS = "SELECT * FROM store_variants($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_OPTIONS = "SELECT * FROM store_options($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_QUOTES = "SELECT * FROM store_quotes($1, $2, $3, $4, $5)"
_VERSIONS = select(TenantCatalogue.tenant_id, TenantCatalogue.version).where(
    TenantCatalogue.tenant_id == any_(bindparam("tenants", type_=ARRAY(Text)))
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductQuery:
    """Which products, in which order. Without conditions and a search, all.

    `conditions` are those of `filters.conditions`.
    """

    size: int
    skip: int
    order: str
    descending: bool
    conditions: str | None
    search: Search | None
    locales: Sequence[str] = ()


class Page(NamedTuple):
    """Which page, in which order."""

    size: int
    skip: int
    order: str
    descending: bool


@dataclass(frozen=True, slots=True)
class FoundParts:
    """A page of variants or options: their ids, and the document of each one's product."""

    ids: Sequence[str]
    documents: Sequence[bytes]
    total: int
    version: int


async def product(
    db: Database, id_or_handle: str, locales: Sequence[str]
) -> tuple[bytes, int] | None:
    """Reads the document of a visible product, and the catalogue version."""
    rows = await db.call(_PRODUCT, id_or_handle, locales)
    return (in_locale(rows[0]["document"]), rows[0]["version"]) if rows else None


async def products(db: Database, query: ProductQuery) -> tuple[list[bytes], int, int]:
    """Reads a page of documents, the total number, and the catalogue version."""
    search = query.search
    [row] = await db.call(
        _PRODUCTS,
        query.size,
        query.skip,
        query.order,
        query.descending,
        query.conditions,
        search and search.before,
        search and search.last,
        search and search.whole,
        query.locales,
    )
    return [in_locale(stored) for stored in row["documents"]], row["total"], row["version"]


async def known_words(db: Database, spellings: Sequence[str]) -> list[str]:
    """Reads the words of products that have one of these spellings."""
    return [row["word"] for row in await db.call(_WORDS, spellings)]


async def collections(db: Database, locales: Sequence[str]) -> tuple[list[ShownCollection], int]:
    """Reads the collections with visible products, and the catalogue version."""
    return _all(await db.call(_COLLECTIONS, locales), shown_collection)


async def categories(db: Database, locales: Sequence[str]) -> tuple[list[ShownCategory], int]:
    """Reads the categories with visible products, and the catalogue version."""
    return _all(await db.call(_CATEGORIES, locales), shown_category)


async def tags(db: Database, locales: Sequence[str]) -> tuple[list[ShownTerm], int]:
    """Reads the tags of visible products, and the catalogue version."""
    return _all(await db.call(_TAGS, locales), shown_term)


async def types(db: Database, locales: Sequence[str]) -> tuple[list[ShownTerm], int]:
    """Reads the types of visible products, and the catalogue version."""
    return _all(await db.call(_TYPES, locales), shown_term)


async def products_in_collections(
    db: Database, ids: Sequence[str], locales: Sequence[str], *, most: int
) -> Products:
    """Reads up to `most` visible products of each collection, oldest first."""
    return _by_place(await db.call(_PRODUCTS_IN_COLLECTIONS, ids, most, locales))


async def products_in_categories(
    db: Database, ids: Sequence[str], locales: Sequence[str], *, most: int
) -> Products:
    """Reads up to `most` visible products in or below each category, oldest first."""
    return _by_place(await db.call(_PRODUCTS_IN_CATEGORIES, ids, most, locales))


async def variants(
    db: Database,
    page: Page,
    *,
    ids: Sequence[str],
    products: Sequence[str],
    skus: Sequence[str],
    query: str,
    locales: Sequence[str],
) -> FoundParts:
    """Reads a page of the variants that are sold; what is empty does not filter."""
    filters = (ids or None, products or None, skus or None, query or None)
    return _found(await db.call(_VARIANTS, *page, *filters, locales))


async def options(
    db: Database,
    page: Page,
    *,
    ids: Sequence[str],
    titles: Sequence[str],
    query: str,
    locales: Sequence[str],
) -> FoundParts:
    """Reads a page of the options of visible products; what is empty does not filter."""
    filters = (ids or None, titles or None, query or None)
    return _found(await db.call(_OPTIONS, *page, *filters, locales))


async def quotable(
    db: Database,
    variants: Sequence[str],
    locales: Sequence[str],
    currency: str,
    *,
    groups: Sequence[str],
) -> tuple[list[ShopProduct], int]:
    """Reads the visible products that any of these variants is of, and the catalogue version.

    Without a currency, they are in the tenant's, in which alone it has prices of its own besides
    those of price lists. These are those for everybody and for the `groups` of a customer.
    """
    rows = await db.call(_QUOTES, variants, locales, groups, datetime.now(UTC))
    found = [
        ShopProduct(
            parse(row["offer"]),
            {}
            if currency not in ("", row["currency"])
            else orjson.loads(row["own_prices"] or "{}"),
            currency or row["currency"],
            texts_by_id(row["texts"]),
            [ListPrice(*price) for price in orjson.loads(row["list_prices"] or "[]")],
        )
        for row in rows
        if row["offer"]
    ]
    return found, rows[0]["version"] if rows else 0


async def market_documents(
    session: AsyncSession, currency: str, products: Sequence[str]
) -> dict[str, bytes]:
    """Reads what the catalogue shows of products in a currency, by product; not of those without.

    Documents lack their end, see `listings.documents`.
    """
    statement = select(MarketDocument.product_id, MarketDocument.document).where(
        among(MarketDocument.product_id, products), MarketDocument.currency == currency
    )
    return dict((await session.execute(statement)).tuples().all())


async def offers(session: AsyncSession, products: Sequence[str]) -> list[OfferDocument]:
    """Reads what the catalogue says of products."""
    statement = select(Offer.document).where(among(Offer.product_id, products))
    return [parse(document) for document in await session.scalars(statement)]


async def versions(session: AsyncSession, tenants: Sequence[str]) -> dict[str, int]:
    """Reads the catalogue versions of tenants; those that never sold anything have none."""
    rows = await session.execute(_VERSIONS, {"tenants": list(tenants)})
    return dict(rows.tuples().all())


def _all(rows: Sequence[Record], of_row: Callable[[Row], T]) -> tuple[list[T], int]:
    """Reads rows, of which a single one without an id says the version alone."""
    version = rows[0]["version"] if rows else 0
    return [of_row(dict(row)) for row in rows if row["id"]], version


def _by_place(rows: Sequence[Record]) -> Products:
    found: defaultdict[str, list[ShownProduct]] = defaultdict(list)
    for place, *fields in rows:
        found[place].append(ShownProduct(*fields))
    return found


def _found(rows: Sequence[Record]) -> FoundParts:
    [row] = rows
    documents = [in_locale(stored) for stored in row["documents"] or ()]
    return FoundParts(row["ids"] or (), documents, row["total"], row["version"])
