"""Makes orders of carts, exactly once: docs/checkout.md draws how."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from souk.commerce.v1 import store_checkout_service_pb2 as pb

from services.commerce.carts import queries as carts
from services.commerce.carts.changes import CartChanges
from services.commerce.carts.content import PaymentSession, digest
from services.commerce.carts.open_cart import OpenCart
from services.commerce.catalogue import Offers
from services.commerce.markets.rules import MANUAL
from services.commerce.models import Attempt
from services.commerce.orders import attempts, queries
from services.commerce.orders.attempts import CLAIMED
from services.commerce.orders.placing import draft, new_order_id, place, refuse_incomplete
from services.commerce.orders.settlement import Settlement
from services.commerce.payments import sessions
from services.commerce.payments.providers import Providers
from services.commerce.pricing.totals import CartTotals
from services.commerce.promotions.applying import kept_uses, uses_of
from services.commerce.promotions.finding import promotions_of
from services.commerce.promotions.using import give_back, take
from services.commerce.stock.reserving import reserve
from services.commerce.stock.rules import INSUFFICIENT, Shortage
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, conflict
from services.kernel.data.acts import Act
from services.kernel.data.database import Database

SWEPT_AFTER = timedelta(seconds=30)
"""When somebody else looks after an attempt: whoever began it has long been answered by then."""
_CLAIMS = 3
_CHANGED = (
    "Prices, promotions or what is sold have changed. Look at the cart again, then complete it."
)
_SHORT = "There is not enough in stock any more. Take fewer of what the cart marks, or remove it."


class Completion:
    def __init__(
        self, db: Database, carts: CartChanges, providers: Providers, settlement: Settlement
    ) -> None:
        self._db = db
        self._carts = carts
        self._providers = providers
        self._settlement = settlement

    async def complete(self, cart_id: str) -> pb.CompleteCartAnswer:
        """Makes an order of a cart, or says why it is none.

        Raises:
            NotFound: CART_NOT_FOUND.
            FailedPrecondition: CART_INCOMPLETE or PROVIDER_GONE.
            Aborted: CONFLICT, others begin and give up all the time.
            Unavailable: PAYMENT_PROVIDER_UNAVAILABLE; the cart stays claimed.
        """
        for _ in range(_CLAIMS):
            claimed = await self._carts.with_offers(
                cart_id, lambda offers: self._claim(cart_id, offers)
            )
            if isinstance(claimed, pb.CompleteCartAnswer):
                return claimed
            if answer := await self._settlement.settle(claimed):
                return answer
        raise conflict()

    async def _claim(self, cart_id: str, offers: Offers) -> Attempt | pb.CompleteCartAnswer:
        """Claims a cart for the provider to be asked; one that needs no asking is ordered here."""
        async with self._db.act() as act:
            cart = await self._carts.opened(act, cart_id, offers)
            if cart.row.order_id is not None:
                order = await queries.document(act, cart.row.order_id)
                return pb.CompleteCartAnswer(order=order or b"")
            if cart.row.attempt_id is not None and (
                attempt := await attempts.attempt(act, cart.row.attempt_id)
            ):
                return attempt
            before, paid_by = cart.content.prices, cart.content.called_sessions
            cart.enter_currency()
            promotions = await promotions_of(act, cart)
            totals = cart.price(promotions)
            has_all = offers.keys() >= set(cart.content.variant_ids)
            if not has_all or before != cart.content.prices:
                return await _changed(act, cart, totals, paid_by)
            refuse_incomplete(cart)
            chosen = self._chosen(cart)
            # What is taken here from what all orders share, settlement.give_back returns.
            uses = uses_of(promotions, cart.content, cart.row.customer_id)
            if not await take(act, uses):
                # Others have used it up since it was read: now it no longer applies.
                totals = cart.price(await promotions_of(act, cart))
                return await _changed(act, cart, totals, paid_by)
            try:
                await reserve(act, cart.demands, cart_id=cart_id)
            except Shortage as short:
                await give_back(act, uses)
                cart = replace(cart, stock=short.available)
                totals = cart.price(await promotions_of(act, cart))
                return await _changed(act, cart, totals, paid_by)
            cart.content.promotion_uses = kept_uses(uses)
            if chosen is None:
                placed = await place(act, cart, totals)
                return pb.CompleteCartAnswer(order=placed.document)
            return await _claimed(act, cart, totals, chosen)

    def _chosen(self, cart: OpenCart) -> PaymentSession | None:
        """Returns the session whose provider is to be asked; None if there is none to ask.

        Raises:
            FailedPrecondition: PROVIDER_GONE or CART_INCOMPLETE.
        """
        if not cart.content.total:
            return None
        [chosen] = cart.content.payment_sessions
        # Since it was chosen, the cart may have moved, or staff changed what its region takes.
        is_taken = chosen.provider_id in cart.market.payment_providers
        if not is_taken or chosen.provider_id not in self._providers.ids:
            raise FailedPrecondition(
                "PROVIDER_GONE",
                "The cart's region is not paid that way any more. Choose another way.",
            )
        if chosen.provider_id == MANUAL:
            return None
        if not chosen.data:
            raise FailedPrecondition(
                "CART_INCOMPLETE",
                "The payment provider has not answered yet. Create the payment session again.",
            )
        return chosen


async def _changed(
    act: Act, cart: OpenCart, totals: CartTotals, paid_by: Collection[str]
) -> pb.CompleteCartAnswer:
    """Shows a cart that has changed since its shopper saw it, and says in what."""
    cart.put(totals)
    await carts.store(act, cart.row)
    await sessions.drop(act, set(paid_by) - cart.content.called_sessions, cart.now)
    is_short = any(INSUFFICIENT in item.reasons for item in cart.content.items)
    return pb.CompleteCartAnswer(
        cart=cart.row.document,
        message=_SHORT if is_short else _CHANGED,
        reason=INSUFFICIENT if is_short else "CART_CHANGED",
    )


async def _claimed(act: Act, cart: OpenCart, totals: CartTotals, chosen: PaymentSession) -> Attempt:
    """Stores who is about to order the cart, for how much; until that is over it is not changed."""
    order_id, row = new_order_id(), cart.row
    attempt = Attempt(
        tenant_id=row.tenant_id,
        attempt_id=names.new_id("attempt"),
        cart_id=row.cart_id,
        state=CLAIMED,
        provider_id=chosen.provider_id,
        session_id=chosen.id,
        external_id=chosen.data["id"],
        amount_minor=cart.content.total,
        currency_code=cart.content.currency_code,
        digest=digest(cart.content),
        order_id=order_id,
        order_document=draft(cart, totals, order_id),
        create_time=cart.now,
        due_time=cart.now + SWEPT_AFTER,
    )
    cart.put(totals)
    row.attempt_id = attempt.attempt_id
    await carts.store(act, row)
    await act.insert(attempt)
    return attempt
