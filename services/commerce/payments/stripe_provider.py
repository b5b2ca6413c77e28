"""Stripe, through its own library: payments are authorised by the shopper and captured later."""

import asyncio
import json
from collections.abc import Awaitable
from typing import TypeVar

import stripe

from services.commerce.payments.amounts import stripe_amount
from services.commerce.payments.events import PaymentEvent
from services.commerce.payments.provider_payments import Charge, PaymentState, ProviderPayment
from services.commerce.payments.stripe_settings import StripeSettings
from services.kernel.call.errors import FailedPrecondition, InvalidArgument, Unavailable
from services.kernel.process.logs import logger
from services.values.money import CURRENCIES

STRIPE = "pp_stripe_stripe"
DEADLINE_SECONDS = 3.0
"""How long Stripe may take to answer, retries included; a shopper waits for five seconds."""

_STATES = {
    "requires_payment_method": PaymentState.UNPAID,
    "requires_confirmation": PaymentState.UNPAID,
    "requires_action": PaymentState.NEEDS_ACTION,
    "processing": PaymentState.PROCESSING,
    "requires_capture": PaymentState.AUTHORIZED,
    "succeeded": PaymentState.CAPTURED,
    "canceled": PaymentState.CANCELED,
}
_PAID = frozenset({"payment_intent.amount_capturable_updated", "payment_intent.succeeded"})
_TOLERANCE_SECONDS = 300
"""How old a signature may be; Stripe makes a new one each time that it sends an event."""
_log = logger()
T = TypeVar("T")


class StripeProvider:
    """A client of one Stripe account."""

    def __init__(self, settings: StripeSettings) -> None:
        client = stripe.StripeClient(
            settings.secret_key,
            http_client=stripe.HTTPXClient(timeout=DEADLINE_SECONDS),
            base_addresses={"api": settings.api_base},
            max_network_retries=2,
        )
        self._webhook_secrets = settings.webhook_secrets
        self._intents, self._refunds = client.v1.payment_intents, client.v1.refunds

    async def open(self, charge: Charge) -> ProviderPayment:
        """Asks for a payment; for the same session it is the same, however often it is asked for.

        Raises:
            FailedPrecondition: AMOUNT_NOT_CHARGEABLE or PAYMENT_PROVIDER_REFUSED.
            Unavailable: PAYMENT_PROVIDER_UNAVAILABLE.
        """
        amount = _amount(charge)
        if amount is None:
            raise FailedPrecondition(
                "AMOUNT_NOT_CHARGEABLE",
                "This payment provider cannot charge this amount to the last digit. Choose"
                " another way to pay.",
            )
        try:
            intent = await _answer(
                self._intents.create_async(
                    {
                        "amount": amount,
                        "currency": charge.currency_code.lower(),
                        "capture_method": "manual",
                        "metadata": {
                            "tenant": charge.tenant,
                            "cart_id": charge.cart_id,
                            "session_id": charge.session_id,
                            "amount_minor": str(charge.amount_minor),
                        },
                    },
                    {"idempotency_key": charge.session_id},
                )
            )
        except stripe.InvalidRequestError as error:
            raise FailedPrecondition(
                "PAYMENT_PROVIDER_REFUSED",
                f"The payment provider does not take this payment: {error.user_message}",
            ) from None
        return _payment(intent)

    async def payment(self, payment_id: str) -> ProviderPayment:
        """Asks for a payment as it is now.

        Raises:
            Unavailable: PAYMENT_PROVIDER_UNAVAILABLE; also if there is no such payment, since
                money may be waiting at an account whose key has been replaced by another's.
        """
        try:
            return _payment(await _answer(self._intents.retrieve_async(payment_id)))
        except stripe.InvalidRequestError as error:
            raise _unavailable(error) from None

    async def give_back(self, payment_id: str) -> bool:
        """Lets go what was authorised, and returns what was paid; once, however often it is asked.

        Returns whether that is done; else Stripe is still at work on the payment.

        Raises:
            Unavailable: PAYMENT_PROVIDER_UNAVAILABLE.
        """
        try:
            payment = _payment(await _answer(self._intents.cancel_async(payment_id)))
        except stripe.InvalidRequestError:  # it has ended already, one way or the other
            payment = await self.payment(payment_id)
        if payment.state is PaymentState.CAPTURED:
            try:
                await _answer(
                    self._refunds.create_async(
                        {"payment_intent": payment_id},
                        {"idempotency_key": f"{payment_id}-given-back"},
                    )
                )
            except stripe.InvalidRequestError as error:
                # By hand, or in an answer that was lost longer ago than Stripe knows keys.
                if error.code != "charge_already_refunded":
                    raise _unavailable(error) from None
            return True
        return payment.state is PaymentState.CANCELED

    def event(self, body: bytes, signature: str) -> PaymentEvent:
        """Reads an event that Stripe has signed, each byte of it.

        Raises:
            InvalidArgument: SIGNATURE_INVALID or EVENT_INVALID.
        """
        if not any(_has_signed(secret, body, signature) for secret in self._webhook_secrets):
            raise InvalidArgument(
                "SIGNATURE_INVALID",
                "The body is not signed with a secret of this endpoint, or was signed too long"
                " ago. Send it as it was signed, with its Stripe-Signature.",
            )
        try:
            event = json.loads(body)
            kind, about = str(event["type"]), event["data"]["object"]
            named = about.get("metadata") or {}
            return PaymentEvent(
                id=str(event["id"]),
                kind=kind,
                payment_id=str(about.get("id")),
                tenant=str(named.get("tenant")),
                session_id=str(named.get("session_id")),
                is_paid=kind in _PAID,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InvalidArgument("EVENT_INVALID", "The body is no event of Stripe's.") from None


def _has_signed(secret: str, body: bytes, signature: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, _TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


async def _answer(call: Awaitable[T]) -> T:
    """Waits for an answer; whatever is not about the request itself is an outage."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await call
    except stripe.InvalidRequestError:
        raise
    except (stripe.StripeError, TimeoutError) as error:
        raise _unavailable(error) from None


def _unavailable(error: Exception) -> Unavailable:
    # Not its text: that may quote the key.
    _log.error("stripe_failed", kind=type(error).__name__, code=getattr(error, "code", None))
    return Unavailable(
        "PAYMENT_PROVIDER_UNAVAILABLE",
        "The payment provider does not respond. Try again in a moment: nothing is paid twice.",
    )


def _payment(intent: stripe.PaymentIntent) -> ProviderPayment:
    state = _STATES.get(intent.status, PaymentState.PROCESSING)
    failure = intent.last_payment_error
    return ProviderPayment(
        id=intent.id,
        state=state,
        client_secret=intent.client_secret or "",
        charge=_charge(intent, state),
        problem=(failure and failure.message) or "",
    )


def _charge(intent: stripe.PaymentIntent, state: PaymentState) -> Charge | None:
    """Reads what a payment is for; None if its amount is not what its names say."""
    named = intent.metadata
    try:
        charge = Charge(
            named["tenant"],
            named["cart_id"],
            named["session_id"],
            int(named["amount_minor"]),
            intent.currency.upper(),
        )
    except (KeyError, ValueError):
        return None
    amounts = {intent.amount}
    if state is PaymentState.AUTHORIZED:
        amounts.add(intent.amount_capturable)
    elif state is PaymentState.CAPTURED:
        amounts.add(intent.amount_received)
    return charge if amounts == {_amount(charge)} else None


def _amount(charge: Charge) -> int | None:
    digits = CURRENCIES.get(charge.currency_code)
    if digits is None:
        return None
    return stripe_amount(charge.amount_minor, digits, charge.currency_code)
