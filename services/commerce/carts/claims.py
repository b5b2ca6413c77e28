"""A guest's cart becomes a customer's, and takes over the lines of their cart before."""

from functools import partial

from souk.commerce.v1 import store_cart_service_pb2 as pb

from services.commerce.carts import items, queries
from services.commerce.carts.changes import (
    MOST_TRIES,
    CartChanges,
    content_of,
    existing,
    refuse_fixed,
    store_priced,
)
from services.commerce.catalogue import Offers
from services.commerce.customers.own import own_row
from services.kernel.call.errors import conflict
from services.kernel.data.database import Database


class CartClaims:
    def __init__(self, db: Database, carts: CartChanges) -> None:
        self._db = db
        self._carts = carts

    async def claim(self, cart_id: str) -> pb.CartAnswer:
        """Makes a guest's cart the caller's, with the lines of the cart that they changed last.

        That one goes, unless both together have too many lines. A cart that is the caller's already
        is only priced anew.

        Raises:
            NotFound: CART_NOT_FOUND, as for a cart of another customer.
            FailedPrecondition: CART_COMPLETED.
            Aborted: CART_IN_PAYMENT; or CONFLICT, the other cart changes each time.
            Unauthenticated: UNAUTHENTICATED, the caller is no customer.
        """
        for _ in range(MOST_TRIES):
            async with self._db.act() as act:
                customer = await own_row(act)
                other = await queries.last_open_cart(act, customer.customer_id, besides=cart_id)
            answer = await self._carts.with_offers(
                cart_id,
                partial(self._claim, cart_id),
                besides=content_of(other).variant_ids if other else (),
                claimant=customer.customer_id,
            )
            if answer is not None:
                return answer
        raise conflict()

    async def _claim(self, cart_id: str, offers: Offers) -> pb.CartAnswer | None:
        """Claims a cart; None if offers are missing for what the other one has by now."""
        async with self._db.act() as act:
            # The customer first: of carts that they claim at once, each takes over the one before.
            customer = await own_row(act, lock=True)
            row = await existing(act, cart_id, lock=True)
            refuse_fixed(row)
            is_guests = row.customer_id is None
            other = None
            if is_guests:
                other = await queries.last_open_cart(
                    act, customer.customer_id, besides=cart_id, lock=True
                )
            before = content_of(other) if other else None
            if before and not offers.keys() >= set(before.variant_ids):
                return None
            row.customer_id = customer.customer_id
            cart = await self._carts.of_row(act, row, offers)
            paid_by = cart.content.called_sessions
            if is_guests:
                cart.content.email = customer.email
            if other and before and items.merge(cart.content, before, cart.stock, cart.now):
                paid_by |= before.called_sessions
                await queries.remove(act, other)
            return await store_priced(act, cart, paid_by)
