"""Which payment providers there are: the manual one, which is not called, and those that are."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from services.commerce.markets.rules import MANUAL
from services.commerce.payments.stripe_settings import stripe_settings

if TYPE_CHECKING:
    from services.commerce.payments.stripe_provider import StripeProvider


class Providers:
    """The providers of this installation."""

    def __init__(self, called: "Mapping[str, StripeProvider]") -> None:
        self._called = called

    @property
    def ids(self) -> tuple[str, ...]:
        return (MANUAL, *self._called)

    @property
    def called_ids(self) -> tuple[str, ...]:
        return tuple(self._called)

    def called(self, provider_id: str) -> "StripeProvider | None":
        """Returns the provider to call; None for the manual one, and for one that is not there."""
        return self._called.get(provider_id)


def configured_providers(secrets: Path) -> Providers:
    """Makes the providers that the operator has set up."""
    settings = stripe_settings(secrets)
    if settings is None:
        return Providers({})
    # Only now: its import takes as long as all others of this service.
    from services.commerce.payments.stripe_provider import STRIPE, StripeProvider

    return Providers({STRIPE: StripeProvider(settings)})
