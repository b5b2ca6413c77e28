"""Changes carts: each in one transaction, priced by what the catalogue says at that moment."""

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import TypeVar

from souk.commerce.v1 import store_cart_service_pb2 as pb

from services.commerce.caller import current_customer
from services.commerce.carts import queries
from services.commerce.carts.content import CartContent
from services.commerce.carts.open_cart import OpenCart, OtherCurrency
from services.commerce.catalogue import Catalogue, Offers
from services.commerce.customers.groups import group_ids_of
from services.commerce.models import Cart
from services.commerce.payments import sessions
from services.commerce.promotions.finding import promotions_of
from services.commerce.setup.setup import Setups
from services.commerce.stock.queries import available
from services.kernel.call.errors import Aborted, FailedPrecondition, NotFound, conflict
from services.kernel.data import acts, requests
from services.kernel.data.database import Database
from services.kernel.data.requests import Repeatable

CART = "tenants/{tenant}/carts/{cart}"

MOST_TRIES = 3
T = TypeVar("T")
Act = Callable[[OpenCart], None]
"""Changes the content of a cart, or refuses to."""


class CartChanges:
    def __init__(self, db: Database, catalogue: Catalogue, setups: Setups) -> None:
        self._db = db
        self._catalogue = catalogue
        self._setups = setups

    async def change(
        self,
        cart_id: str,
        act: Act,
        *,
        variants: Collection[str] = (),
        request: Repeatable | None = None,
    ) -> pb.CartAnswer:
        """Changes a cart and prices it anew; `variants` are those that `act` may add.

        Raises:
            NotFound: CART_NOT_FOUND.
            FailedPrecondition: CART_COMPLETED.
            Aborted: CART_IN_PAYMENT.
        """

        async def changed(offers: Offers) -> pb.CartAnswer:
            async with self._db.act() as transaction:
                if request and (
                    answer := await requests.stored_answer(transaction, request, pb.CartAnswer)
                ):
                    return answer
                cart = await self.opened(transaction, cart_id, offers)
                refuse_fixed(cart.row)
                paid_by = cart.content.called_sessions
                act(cart)
                answer = await store_priced(transaction, cart, paid_by)
                return await requests.remember(transaction, request, answer) if request else answer

        return await self.with_offers(cart_id, changed, besides=variants)

    async def viewed(self, cart_id: str) -> OpenCart:
        """Reads a cart as it was last priced, to tell something of it; it is not stored."""
        async with self._db.act() as transaction:
            row = await existing(transaction, cart_id)
            setup = await self._setups.current(transaction)
        return OpenCart(row, content_of(row), setup, {}, {}, (), datetime.now(UTC))

    async def opened(self, transaction: acts.Act, cart_id: str, offers: Offers) -> OpenCart:
        """Locks a cart that the caller may use, and reads what a change of it needs."""
        row = await existing(transaction, cart_id, lock=True)
        return await self.of_row(transaction, row, offers)

    async def of_row(self, transaction: acts.Act, row: Cart, offers: Offers) -> OpenCart:
        """Reads what a change of a cart needs whose row is locked."""
        setup, now = await self._setups.current(transaction), datetime.now(UTC)
        stock = await available(transaction, counted(offers), now)
        group_ids = await group_ids_of(transaction, row.customer_id)
        return OpenCart(row, content_of(row), setup, offers, stock, group_ids, now)

    async def with_offers(
        self,
        cart_id: str,
        work: Callable[[Offers], Awaitable[T]],
        *,
        besides: Collection[str] = (),
        claimant: str | None = None,
    ) -> T:
        """Does work at what the catalogue says of what a cart holds, and of these variants.

        Prices for groups are those of the cart's own customer, or else of the one who claims it by
        the work: an address that somebody types proves nothing.

        It is asked between transactions, in the currency that the cart is in. If the work turns out
        to be in another, because it moves the cart or staff have changed the region, it is asked
        again.
        """
        async with self._db.act() as transaction:
            row = await existing(transaction, cart_id)
            groups = await group_ids_of(transaction, row.customer_id or claimant)
        content = content_of(row)
        return await in_its_currency(
            content.currency_code,
            lambda currency_code: self._catalogue.offers(
                {*content.variant_ids, *besides},
                locale=content.locale,
                currency_code=currency_code,
                groups=groups,
            ),
            work,
        )


async def store_priced(
    transaction: acts.Act, cart: OpenCart, paid_by: Collection[str]
) -> pb.CartAnswer:
    """Prices a changed cart anew, and stores it.

    `paid_by` are the sessions at providers from before; those that it has no more are dropped.
    """
    cart.enter_currency()
    cart.put(cart.price(await promotions_of(transaction, cart)))
    await queries.store(transaction, cart.row)
    await sessions.drop(transaction, set(paid_by) - cart.content.called_sessions, cart.now)
    return pb.CartAnswer(document=cart.row.document)


async def in_its_currency(
    currency_code: str,
    ask: Callable[[str], Awaitable[Offers]],
    work: Callable[[Offers], Awaitable[T]],
) -> T:
    """Does work with offers in a currency, and again if it turns out to be in another one.

    Raises:
        Aborted: CONFLICT, it is another each time.
    """
    for _ in range(MOST_TRIES):
        try:
            return await work(await ask(currency_code))
        except OtherCurrency as other:
            currency_code = other.currency_code
    raise conflict()


async def existing(
    transaction: acts.Act, cart_id: str, *, lock: bool = False, to_show: bool = False
) -> Cart:
    """Reads a cart that the caller may use: an anonymous one by its id, else only its customer.

    `lock` and `to_show` are as in queries.cart.

    Raises:
        NotFound: CART_NOT_FOUND, whoever else has such a cart.
    """
    row = await queries.cart(transaction, cart_id, lock=lock, to_show=to_show)
    if row is None or row.customer_id not in (None, current_customer()):
        raise NotFound("CART_NOT_FOUND", f"No such cart: {cart_id[:100]}")
    return row


def refuse_fixed(row: Cart) -> None:
    """Refuses to change a cart that is an order, or about to be one.

    Raises:
        FailedPrecondition: CART_COMPLETED.
        Aborted: CART_IN_PAYMENT.
    """
    if row.complete_time is not None:
        raise FailedPrecondition(
            "CART_COMPLETED", "This cart is already completed. Start another one."
        )
    if row.attempt_id is not None:
        raise Aborted(
            "CART_IN_PAYMENT",
            "This cart is being ordered, and its payment is looked at. Complete it again to learn"
            " how that ended; it can be changed if it was not paid.",
        )


def counted(offers: Offers) -> list[str]:
    """Returns the variants that are sold only as long as there are any."""
    return [variant for variant, offer in offers.items() if offer.is_counted]


def content_of(row: Cart) -> CartContent:
    return CartContent.model_validate(row.content)
