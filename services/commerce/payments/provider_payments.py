"""What a provider says of a payment."""

from dataclasses import dataclass
from enum import StrEnum


class PaymentState(StrEnum):
    UNPAID = "unpaid"
    NEEDS_ACTION = "needs_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid, and for what: the provider keeps the names beside its payment."""

    tenant: str
    cart_id: str
    session_id: str
    amount_minor: int
    currency_code: str


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """A payment as the provider has it now."""

    id: str
    state: PaymentState
    client_secret: str
    """With it, the shopper's browser pays."""
    charge: Charge | None
    """What was or will be paid; None if that is not in our words, and so is none of ours."""
    problem: str = ""
    """Why the last try to pay failed, in words for the shopper."""

    @property
    def is_paid(self) -> bool:
        return self.state in (PaymentState.AUTHORIZED, PaymentState.CAPTURED)
