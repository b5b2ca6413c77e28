"""Payments at providers: who they are for, and which nobody wants any more."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import ProviderSession
from services.kernel.data.arrays import among

OPEN, DROPPED, OVER = "open", "dropped", "over"


async def remember(
    session: AsyncSession,
    *,
    session_id: str,
    cart_id: str,
    provider_id: str,
    external_id: str,
    now: datetime,
) -> None:
    """Stores whose a provider's payment is; one that is stored already stays as it is."""
    await session.execute(
        insert(ProviderSession)
        .values(
            tenant_id=session.info["tenant"],
            session_id=session_id,
            cart_id=cart_id,
            provider_id=provider_id,
            external_id=external_id,
            state=OPEN,
            create_time=now,
            due_time=now,
        )
        .on_conflict_do_nothing()
    )


async def drop(session: AsyncSession, session_ids: Collection[str], now: datetime) -> None:
    """Says that nobody wants these payments any more: the sweeper gives them back."""
    if session_ids:
        await session.execute(
            update(ProviderSession)
            .where(among(ProviderSession.session_id, session_ids), ProviderSession.state == OPEN)
            .values(state=DROPPED, due_time=now)
        )


async def end(session: AsyncSession, session_id: str) -> None:
    """Says that nothing more is to be done about a payment."""
    await session.execute(
        update(ProviderSession).where(ProviderSession.session_id == session_id).values(state=OVER)
    )


async def of_payment(
    session: AsyncSession, provider_id: str, external_id: str
) -> ProviderSession | None:
    """Finds whose a provider's payment is, in this tenant."""
    row: ProviderSession | None = await session.scalar(
        select(ProviderSession).where(
            ProviderSession.provider_id == provider_id, ProviderSession.external_id == external_id
        )
    )
    return row
