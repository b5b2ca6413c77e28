"""The stored documents: one for each market, and one for a listing with prices of its own.

A stored document lacks its end, `,"updated_at":"…"}`, which differs by listing: the database's
functions add it as they read (see migration 0010).
"""

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.listings import rules
from services.catalog_opt_in.listings.costs import ListPrice
from services.catalog_opt_in.models import MarketDocument
from services.catalog_opt_in.offer_document import FORMAT, Offer
from services.kernel.data.arrays import among
from services.values.money import json_number


def market_in(currency: str) -> rules.Market:
    """Returns a market whose amounts keep every digit."""
    return rules.Market(currency, lambda minor: orjson.Fragment(json_number(minor, currency)))


def render(
    offer: Offer, *, own: Mapping[str, int], currency: str, lists: Sequence[ListPrice] = ()
) -> bytes:
    """Renders a product in a currency, at a tenant's own prices where it has them."""
    content = rules.content(offer, own=own, market=market_in(currency), lists=lists)
    return orjson.dumps(content)[:-1]


def of_listing(
    offer: Offer, *, own: Mapping[str, int], currency: str, lists: Sequence[ListPrice]
) -> bytes | None:
    """Renders what a listing has to store: nothing where it shows the same as its market.

    An offer of an older format may come from an instance of the version before, which writes no
    documents of markets: those that are there may be of an offer before it.
    """
    if own or lists or offer["format"] < FORMAT:
        return render(offer, own=own, currency=currency, lists=lists)
    return None


async def publish_markets(session: AsyncSession, offers: Sequence[Offer]) -> None:
    """Stores a document for each currency that an offer has prices in; none if unpublished."""
    ids = [offer["id"] for offer in offers]
    await session.execute(delete(MarketDocument).where(among(MarketDocument.product_id, ids)))
    rows = [
        {
            "product_id": offer["id"],
            "currency": currency,
            "document": render(offer, own={}, currency=currency),
        }
        for offer in offers
        if offer["status"] == "PUBLISHED"
        for currency in sorted(_currencies(offer))
    ]
    if rows:
        await session.execute(insert(MarketDocument), rows)


def _currencies(offer: Offer) -> set[str]:
    return {currency for variant in offer["variants"] for currency in variant["prices"]}
