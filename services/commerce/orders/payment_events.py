"""PaymentEventService: what payment providers tell of their own accord."""

from dataclasses import replace
from datetime import UTC, datetime

from souk.commerce.v1 import payment_event_service_pb2 as pb
from souk.commerce.v1.payment_event_service_pb2_grpc import PaymentEventServiceServicer

from services.commerce.carts import queries as carts
from services.commerce.orders.completion import Completion
from services.commerce.payments import events, sessions
from services.commerce.payments.providers import Providers
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.call.scope import bound, current_method, current_scope
from services.kernel.data.database import Database

_ORDERED, _WAITS, _IGNORED, _KNOWN = "ordered", "waits", "ignored", "known"


class PaymentEventServicer(PaymentEventServiceServicer):
    def __init__(self, db: Database, providers: Providers, completion: Completion) -> None:
        self._db = db
        self._providers = providers
        self._completion = completion

    async def ReceivePaymentEvent(
        self, request: pb.ReceivePaymentEventRequest, _context: object
    ) -> pb.ReceivePaymentEventResponse:
        current_scope().require_parent(request.parent)
        provider = self._providers.called(request.provider_id)
        if provider is None:
            raise NotFound(
                "PAYMENT_PROVIDER_NOT_FOUND",
                f"No payment provider {request.provider_id} is set up here.",
            )
        event = provider.event(request.body, request.signature)
        outcome = await self._handled(request.provider_id, event)
        return pb.ReceivePaymentEventResponse(outcome=outcome)

    async def _handled(self, provider_id: str, event: events.PaymentEvent) -> str:
        """Handles an event once; one that fails is not noted, so that it is sent again."""
        if not event.is_paid or event.tenant != current_scope().tenant:
            return _IGNORED
        async with self._db.act() as act:
            payment = await sessions.of_payment(act, provider_id, event.payment_id)
            if payment is None or payment.session_id != event.session_id:
                return _IGNORED
            if await events.is_noted(act, provider_id, event.id):
                return _KNOWN
            cart = await carts.cart(act, payment.cart_id)
        outcome = _WAITS
        if cart is not None and payment.state == sessions.OPEN:
            outcome = await self._complete(payment.cart_id, cart.customer_id)
        async with self._db.act() as act:
            await events.note(act, provider_id, event, datetime.now(UTC))
        return outcome

    async def _complete(self, cart_id: str, customer_id: str | None) -> str:
        """Completes a cart in the name of whoever pays for it."""
        actor = f"customers/{customer_id}" if customer_id else "shoppers/-"
        with bound(replace(current_scope(), actor=actor), current_method()):
            try:
                answer = await self._completion.complete(cart_id)
            except FailedPrecondition:
                return _WAITS  # for what the cart still lacks, which only its shopper can say
        return _ORDERED if answer.order else _WAITS
