"""Brings a cart up to date: what its lines cost now, and what all of it comes to."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.carts.content import CartContent
from services.commerce.carts.document import cart_document
from services.commerce.carts.priced import Priced, priced
from services.commerce.catalogue import Offers
from services.commerce.markets import queries as markets
from services.commerce.markets.rules import Market, find
from services.commerce.models import Cart
from services.kernel.call.errors import FailedPrecondition, NotFound


async def refresh(
    session: AsyncSession, row: Cart, content: CartContent, offers: Offers, now: datetime
) -> tuple[Market, Priced]:
    """Prices the cart anew and stores it with its document, in the transaction of the change."""
    market = await market_of(session, content)
    put_offers(content, offers)
    result = priced(content, market)
    content.total = result.totals.total
    _adjust_payment(content, now)
    row.content = content.model_dump(mode="json")
    row.update_time = now
    collection = content.payment_collection
    row.payment_collection_id = collection.id if collection else None
    row.document = cart_document(
        cart_id=row.cart_id,
        tenant=session.info["tenant"],
        customer_id=row.customer_id,
        content=content,
        market=market,
        priced=result,
        created_at=row.create_time,
        updated_at=now,
        completed_at=row.complete_time,
    )
    return market, result


def _adjust_payment(content: CartContent, now: datetime) -> None:
    """Ends what was agreed with a provider for another amount than is due now."""
    collection = content.payment_collection
    if collection is not None and collection.amount != content.total:
        collection.amount, collection.sessions = content.total, []
        collection.status, collection.updated_at = "not_paid", now


def put_offers(content: CartContent, offers: Offers) -> None:
    """Puts what the catalogue says now into the lines; of what it no longer sells, the last."""
    for item in content.items:
        offer = offers.get(item.variant_id)
        if offer is None:
            continue
        item.reasons = list(offer.reasons)
        if not offer.reasons:
            item.quote = offer.quote
            item.unit_price = offer.quote.price_for(item.quantity)


async def market_of(session: AsyncSession, content: CartContent) -> Market:
    """Returns the region of a cart.

    Raises:
        FailedPrecondition: REGION_DELETED.
    """
    found = find(await markets.markets(session), content.region_id)
    if found is None:
        raise FailedPrecondition(
            "REGION_DELETED",
            "The cart's region is no longer there. Set another region_id.",
        )
    return found


async def chosen_market(session: AsyncSession, region_id: str) -> Market:
    """Returns the region that a client names, or the tenant's first for none.

    Raises:
        NotFound: REGION_NOT_FOUND.
    """
    found = find(await markets.markets(session), region_id)
    if found is None:
        raise NotFound("REGION_NOT_FOUND", f"No such region: {region_id[:100]}")
    return found
