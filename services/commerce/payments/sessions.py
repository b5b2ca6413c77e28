"""Payments at providers: who they are for, and which nobody wants any more."""

from collections.abc import Collection
from datetime import datetime

from services.commerce.models import ProviderSession
from services.kernel.data.acts import Act

OPEN, DROPPED, OVER = "open", "dropped", "over"
_REMEMBER = """
INSERT INTO provider_session (tenant_id, session_id, cart_id, provider_id, external_id, state,
  create_time, due_time)
VALUES ($1, $2, $3, $4, $5, 'open', $6, $6) ON CONFLICT DO NOTHING
"""
_DROP = """
UPDATE provider_session SET state = 'dropped', due_time = $3
WHERE tenant_id = $1 AND session_id = ANY($2::text[]) AND state = 'open'
"""
_END = """
UPDATE provider_session SET state = 'over' WHERE tenant_id = $1 AND session_id = $2
"""


async def remember(
    act: Act,
    *,
    session_id: str,
    cart_id: str,
    provider_id: str,
    external_id: str,
    now: datetime,
) -> None:
    """Stores whose a provider's payment is; one that is stored already stays as it is."""
    values = session_id, cart_id, provider_id, external_id, now
    await act.write(ProviderSession, _REMEMBER, *values)


async def drop(act: Act, session_ids: Collection[str], now: datetime) -> None:
    """Says that nobody wants these payments any more: the sweeper gives them back."""
    if session_ids:
        await act.write(ProviderSession, _DROP, list(session_ids), now)


async def end(act: Act, session_id: str) -> None:
    """Says that nothing more is to be done about a payment."""
    await act.write(ProviderSession, _END, session_id)


async def of_payment(act: Act, provider_id: str, external_id: str) -> ProviderSession | None:
    """Finds whose a provider's payment is, in this tenant."""
    where = "provider_id = $2 AND external_id = $3"
    rows = await act.rows(ProviderSession, where, provider_id, external_id)
    return rows[0] if rows else None
