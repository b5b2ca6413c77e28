"""Changes carts: each in one transaction, priced by what the catalogue says at that moment."""

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta

from souk.commerce.v1 import store_cart_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.carts import queries
from services.commerce.carts.content import CartContent
from services.commerce.carts.refresh import refresh
from services.commerce.catalogue import Catalogue, Offers
from services.commerce.models import Cart
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import requests
from services.kernel.data.database import Database
from services.kernel.data.requests import Repeatable

LIFETIME = timedelta(days=30)
"""How long a cart is kept after its last change."""
CART = "tenants/{tenant}/carts/{cart}"
_CUSTOMERS = "customers/"

Act = Callable[[AsyncSession, Cart, CartContent, Offers], Awaitable[None]]
"""Changes the content of a cart, whose row is locked, or refuses to."""


class CartChanges:
    def __init__(self, db: Database, catalogue: Catalogue) -> None:
        self._db = db
        self._catalogue = catalogue

    async def change(
        self,
        cart_id: str,
        act: Act,
        *,
        variants: Collection[str] = (),
        request: Repeatable | None = None,
    ) -> pb.CartAnswer:
        """Changes a cart and prices it anew; `variants` are those that `act` may add.

        The catalogue is asked before the transaction begins, for what the cart holds then. What
        another request adds meanwhile was priced by that one, a moment ago.

        Raises:
            NotFound: CART_NOT_FOUND.
            FailedPrecondition: CART_COMPLETED.
        """
        async with self._db.tenant() as session:
            content = content_of(await existing(session, cart_id))
        offers = await self._catalogue.offers(
            {*content.variant_ids, *variants}, locale=content.locale
        )
        async with self._db.tenant() as session:
            if request and (
                answer := await requests.stored_answer(session, request, pb.CartAnswer)
            ):
                return answer
            row = await existing(session, cart_id, lock=True)
            if row.complete_time is not None:
                raise FailedPrecondition(
                    "CART_COMPLETED", "This cart is already completed. Start another one."
                )
            content, now = content_of(row), datetime.now(UTC)
            await act(session, row, content, offers)
            row.expire_time = now + LIFETIME
            await refresh(session, row, content, offers, now)
            answer = pb.CartAnswer(document=row.document)
            return await requests.remember(session, request, answer) if request else answer


async def existing(session: AsyncSession, cart_id: str, *, lock: bool = False) -> Cart:
    """Reads a cart that the caller may use: an anonymous one by its id, else only its customer.

    Raises:
        NotFound: CART_NOT_FOUND, whoever else has such a cart.
    """
    row = await queries.cart(session, cart_id, lock=lock)
    if row is None or row.customer_id not in (None, current_customer()):
        raise NotFound("CART_NOT_FOUND", f"No such cart: {cart_id[:100]}")
    return row


def content_of(row: Cart) -> CartContent:
    return CartContent.model_validate(row.content)


def current_customer() -> str | None:
    """Returns the id of the customer who calls; None for an anonymous shopper."""
    actor = current_scope().actor
    return actor.removeprefix(_CUSTOMERS) if actor.startswith(_CUSTOMERS) else None
