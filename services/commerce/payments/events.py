"""Events of payment providers: each is handled once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import ProviderEvent


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


async def is_noted(session: AsyncSession, provider_id: str, event_id: str) -> bool:
    found = select(ProviderEvent.event_id).where(
        ProviderEvent.provider_id == provider_id, ProviderEvent.event_id == event_id
    )
    return await session.scalar(found) is not None


async def note(session: AsyncSession, provider_id: str, event: PaymentEvent, now: datetime) -> None:
    """Stores that an event was handled; it does not matter by how many at once."""
    await session.execute(
        insert(ProviderEvent)
        .values(
            tenant_id=session.info["tenant"],
            provider_id=provider_id,
            event_id=event.id,
            kind=event.kind,
            external_id=event.payment_id,
            handle_time=now,
        )
        .on_conflict_do_nothing()
    )
