"""Statements about attempts to order, and about what the sweeper looks after."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Attempt, ProviderSession
from services.kernel.data.acts import Act
from services.kernel.data.arrays import among

CLAIMED, FINISHED, GIVEN_BACK = "claimed", "finished", "given_back"

T = TypeVar("T", Attempt, ProviderSession)


async def attempt(act: Act, attempt_id: str) -> Attempt | None:
    """Reads an attempt of the tenant as it is now; whoever locks its cart's row may end it."""
    rows = await act.rows(Attempt, "attempt_id = $2", attempt_id)
    return rows[0] if rows else None


async def end(act: Act, row: Attempt, state: str) -> None:
    """Ends an attempt; its draft of an order has served."""
    row.state, row.order_document = state, b""
    await act.update(row, "state", "order_document")


async def take_due(
    session: AsyncSession,
    kind: type[T],
    state: str,
    *,
    provider_ids: Collection[str],
    now: datetime,
    again: datetime,
    most: int,
) -> Sequence[T]:
    """Takes what is due of all tenants' rows in a state; others find it due `again`."""
    key = tuple_(*kind.__table__.primary_key)
    due = (
        select(*key.clauses)
        .where(kind.state == state, kind.due_time <= now, among(kind.provider_id, provider_ids))
        .order_by(kind.due_time)
        .limit(most)
        .with_for_update()
    )
    taken = update(kind).where(key.in_(due)).values(due_time=again).returning(kind)
    return (await session.scalars(taken.execution_options(synchronize_session=False))).all()
