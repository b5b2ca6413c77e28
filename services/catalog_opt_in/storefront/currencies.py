"""Products in another currency than the tenant's: at the catalogue's prices, never converted."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.catalog_opt_in.storefront import queries
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.values.money import digits

Product = dict[str, Any]


def checked(currency: str) -> str:
    """Returns a currency that a request names, or "" for none.

    Raises:
        InvalidArgument: CURRENCY_UNKNOWN.
    """
    if currency:
        digits(currency)
    return currency


async def priced_in(db: Database, currency: str, documents: Sequence[bytes]) -> Sequence[bytes]:
    """Returns documents of products with prices in a currency; "" is the tenant's, which they have.

    A variant that has none in it has the price null.
    """
    if checked(currency) in ("", current_scope().currency):
        return documents
    products = [_parsed(document) for document in documents]
    async with db.tenant() as session:
        found = await queries.market_documents(session, currency, [p["id"] for p in products])
    for product in products:
        stored = found.get(product["id"])
        _put_prices(product, _prices(_parsed(stored + b"}")) if stored else {})
    return [orjson.dumps(product) for product in products]


def _parsed(document: bytes) -> Product:
    """Parses a document so that its numbers keep every digit."""
    product: Product = json.loads(document, parse_float=orjson.Fragment)
    return product


def _prices(product: Product) -> Mapping[str, object]:
    return {variant["id"]: variant["calculated_price"] for variant in product["variants"]}


def _put_prices(product: Product, prices: Mapping[str, object]) -> None:
    for variant in product["variants"]:
        variant["calculated_price"] = prices.get(variant["id"])
