"""Products in another currency than the tenant's: never converted, but at the catalogue's prices.

And at those of the tenant's price lists, which may be in any currency.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.listings.documents import market_in
from services.catalog_opt_in.listings.queries import prices_in_force
from services.catalog_opt_in.listings.rules import calculated_prices
from services.catalog_opt_in.storefront import queries
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.values.money import digits
from services.values.store_documents import CalculatedPrice

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
    ids = [product["id"] for product in products]
    async with db.tenant() as session:
        found = await queries.market_documents(session, currency, ids)
        by_lists = await _by_lists(session, currency, ids)
    for product in products:
        stored = found.get(product["id"])
        prices = _prices(_parsed(stored + b"}")) if stored else {}
        _put_prices(product, {**prices, **by_lists.get(product["id"], {})})
    return [orjson.dumps(product) for product in products]


async def _by_lists(
    session: AsyncSession, currency: str, products: Sequence[str]
) -> dict[str, dict[str, CalculatedPrice]]:
    """Computes what price lists in a currency make of prices, by product and variant."""
    lists = {
        product: prices
        for (product, _), prices in (await prices_in_force(session, products)).items()
        if any(price.currency == currency for price in prices)
    }
    if not lists:
        return {}
    return {
        offer["id"]: calculated_prices(
            offer, own={}, market=market_in(currency), lists=lists[offer["id"]]
        )
        for offer in await queries.offers(session, list(lists))
    }


def _parsed(document: bytes) -> Product:
    """Parses a document so that its numbers keep every digit."""
    product: Product = json.loads(document, parse_float=orjson.Fragment)
    return product


def _prices(product: Product) -> Mapping[str, object]:
    return {variant["id"]: variant["calculated_price"] for variant in product["variants"]}


def _put_prices(product: Product, prices: Mapping[str, object]) -> None:
    for variant in product["variants"]:
        variant["calculated_price"] = prices.get(variant["id"])
