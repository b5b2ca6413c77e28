"""Every statement of this service."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.models import Event
from services.kernel.pages import Page

Row = dict[str, Any]
"""A row of the event table, by column."""


async def add_unknown(session: AsyncSession, rows: Sequence[Row]) -> int:
    """Inserts those rows whose id is new, and tells how many they were.

    The rows go in the order of their keys, so that two callers with the same events queue up
    behind each other instead of locking each other out.
    """
    ordered = sorted(rows, key=lambda row: (row["tenant_id"], row["event_id"]))
    statement = insert(Event).on_conflict_do_nothing().returning(Event.event_id)
    return len((await session.execute(statement, ordered)).all())


async def stored(session: AsyncSession, rows: Sequence[Row]) -> dict[tuple[str, str], Event]:
    """Finds the events that have the ids of these rows."""
    keys = {(row["tenant_id"], row["event_id"]) for row in rows}
    key = tuple_(Event.tenant_id, Event.event_id)
    events = await session.scalars(select(Event).where(key.in_(keys)))
    return {(event.tenant_id, event.event_id): event for event in events}


async def newest(session: AsyncSession, page: Page, asked: Mapping[str, str]) -> Sequence[Event]:
    """Lists the tenant's events; `asked` are columns that must have a value, if it is not empty."""
    column = Event.__table__.c
    wanted = select(Event).where(*(column[name] == text for name, text in asked.items() if text))
    rows = await session.scalars(page.of(wanted, column["occur_time"], column["event_id"]))
    return rows.all()


async def event(session: AsyncSession, event_id: str) -> Event | None:
    found: Event | None = await session.scalar(select(Event).where(Event.event_id == event_id))
    return found
