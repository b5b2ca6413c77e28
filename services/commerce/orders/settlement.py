"""Brings an attempt to order to its end: asks the provider, then finishes or gives back.

Whoever holds an attempt may do so, and several at once: the request that claimed the cart, a repeat
of it, a webhook, the sweeper. Each step locks the cart's row and looks what is left to do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from souk.commerce.v1 import store_checkout_service_pb2 as pb

from services.commerce.carts import queries as carts
from services.commerce.carts.changes import content_of
from services.commerce.carts.content import CartContent, digest
from services.commerce.carts.document import cart_with_payment
from services.commerce.models import Attempt, Cart
from services.commerce.orders import attempts, queries
from services.commerce.orders.attempts import CLAIMED, FINISHED, GIVEN_BACK
from services.commerce.orders.placing import place_drafted
from services.commerce.payments import sessions
from services.commerce.payments.provider_payments import Charge, PaymentState, ProviderPayment
from services.commerce.payments.providers import Providers
from services.commerce.promotions import using
from services.commerce.promotions.applying import taken_uses
from services.commerce.stock.reserving import release
from services.kernel.call.errors import Unavailable
from services.kernel.data.acts import Act
from services.kernel.data.database import Database


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cart is no order, for its shopper."""

    reason: str
    message: str
    status: str = "pending"
    """What becomes of the payment session; empty if it is of no more use."""


_MORE = Problem(
    "PAYMENT_REQUIRES_MORE",
    "The payment needs another step: go on with it, then complete the cart again.",
    "requires_more",
)
_PROCESSING = Problem(
    "PAYMENT_REQUIRES_MORE",
    "The payment is still being processed. Complete the cart again in a moment.",
)
_CANCELED = Problem(
    "PAYMENT_CANCELED", "The payment was canceled. Choose again how to pay.", status=""
)
_OTHER_AMOUNT = Problem(
    "PAYMENT_MISMATCH",
    "The payment is not for what this cart costs, and is given back. Choose again how to pay.",
    status="",
)


class Settlement:
    def __init__(self, db: Database, providers: Providers) -> None:
        self._db = db
        self._providers = providers

    async def settle(self, attempt: Attempt) -> pb.CompleteCartAnswer | None:
        """Brings an attempt to its end; None if somebody else has given it back in the meantime.

        Raises:
            Unavailable: PAYMENT_PROVIDER_UNAVAILABLE; the cart stays claimed.
        """
        provider = self._providers.called(attempt.provider_id)
        if provider is None:
            raise Unavailable(
                "PAYMENT_PROVIDER_UNAVAILABLE",
                f"{attempt.provider_id} is not set up any more, and may have been paid. Try later.",
            )
        payment = await provider.payment(attempt.external_id)
        problem = _problem(attempt, payment)
        async with self._db.act() as act:
            row = await carts.cart(act, attempt.cart_id, lock=True, whole=True)
            current = await attempts.attempt(act, attempt.attempt_id)
            if row is None or current is None:
                return None
            if current.state == CLAIMED:
                content = content_of(row)
                if digest(content) != current.digest:
                    problem = _OTHER_AMOUNT
                if problem is _PROCESSING:
                    return _not_ordered(row, problem)
                if problem is not None:
                    await give_back(act, row, content, current, problem)
                    return _not_ordered(row, problem)
                await _finish(act, row, content, current, payment)
            order = row.order_id and await queries.document(act, row.order_id)
            return pb.CompleteCartAnswer(order=order) if order else None


def _problem(attempt: Attempt, payment: ProviderPayment) -> Problem | None:
    """Says why a payment makes no order; None if it is paid, and is what was to be paid."""
    claimed = Charge(
        attempt.tenant_id,
        attempt.cart_id,
        attempt.session_id,
        attempt.amount_minor,
        attempt.currency_code,
    )
    if payment.state is PaymentState.CANCELED:
        return _CANCELED
    if payment.charge != claimed:
        return _OTHER_AMOUNT
    if payment.is_paid:
        return None
    if payment.state is PaymentState.NEEDS_ACTION:
        return _MORE
    if payment.state is PaymentState.PROCESSING:
        return _PROCESSING
    why = payment.problem or "Pay, then complete the cart again."
    status = "error" if payment.problem else "pending"
    return Problem("PAYMENT_NOT_AUTHORIZED", f"The payment was not made. {why}", status)


async def _finish(
    act: Act,
    row: Cart,
    content: CartContent,
    attempt: Attempt,
    payment: ProviderPayment,
) -> None:
    await sessions.end(act, attempt.session_id)
    captured = payment.state is PaymentState.CAPTURED
    await place_drafted(act, row, content, attempt, captured=captured)
    await attempts.end(act, attempt, FINISHED)


async def give_back(
    act: Act, row: Cart, content: CartContent, attempt: Attempt, problem: Problem
) -> None:
    """Ends an attempt without an order: what the claim has taken returns, the cart is free."""
    await using.give_back(act, taken_uses(content))
    content.promotion_uses = []
    await release(act, cart_id=row.cart_id)
    now = datetime.now(UTC)
    await attempts.end(act, attempt, GIVEN_BACK)
    row.attempt_id, row.update_time = None, now
    collection = content.payment_collection
    if collection is not None:
        if problem.status:
            for chosen in collection.sessions:
                chosen.status = problem.status
        else:
            collection.sessions, collection.status = [], "not_paid"
            await sessions.drop(act, [attempt.session_id], now)
    row.content = content.model_dump(mode="json")
    row.document = cart_with_payment(row, content)
    await carts.store(act, row)


def _not_ordered(row: Cart, problem: Problem) -> pb.CompleteCartAnswer:
    return pb.CompleteCartAnswer(cart=row.document, message=problem.message, reason=problem.reason)
