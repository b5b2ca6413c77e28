"""Events of payment providers: each is handled once."""

from dataclasses import dataclass
from datetime import datetime

from services.commerce.models import ProviderEvent
from services.kernel.data.acts import Act

_NOTE = """
INSERT INTO provider_event (tenant_id, provider_id, event_id, kind, external_id, handle_time)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """What a provider has signed; of the payment it says only which one, and for whom it was."""

    id: str
    kind: str
    payment_id: str
    tenant: str
    session_id: str
    is_paid: bool
    """Whether somebody has paid, so that a cart may be completed."""


async def is_noted(act: Act, provider_id: str, event_id: str) -> bool:
    where = "provider_id = $2 AND event_id = $3"
    return bool(await act.rows(ProviderEvent, where, provider_id, event_id))


async def note(act: Act, provider_id: str, event: PaymentEvent, now: datetime) -> None:
    """Stores that an event was handled; it does not matter by how many at once."""
    values = provider_id, event.id, event.kind, event.payment_id, now
    await act.write(ProviderEvent, _NOTE, *values)
