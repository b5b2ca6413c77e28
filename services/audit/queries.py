"""All statements on events; those on trees are in trees.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, delete, insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.models import Entry, Event, EventPayload, Node, Pending
from services.kernel.data.pages import Page

Row = dict[str, Any]
Key = tuple[str, str]
"""A tenant id and an event id."""


@dataclass(frozen=True)
class Incoming:
    """An event to record: its row, and the payload kept beside it."""

    event: Row
    salt: bytes
    payload: bytes

    @property
    def key(self) -> Key:
        return self.event["tenant_id"], self.event["event_id"]


@dataclass(frozen=True)
class Kept:
    """A stored event; `payload` is None if it was erased."""

    event: Event
    payload: EventPayload | None

    @property
    def bytes(self) -> int:
        return len(self.event.envelope) + len(self.payload.payload if self.payload else b"")


async def add_unknown(session: AsyncSession, events: Sequence[Incoming]) -> int:
    """Records the events with new ids, queued for the sequencer; returns their number.

    Rows are inserted in the order of their keys, so that callers with the same events queue up
    instead of deadlocking.
    """
    by_key = {event.key: event for event in sorted(events, key=lambda one: one.key)}
    statement = upsert(Event).on_conflict_do_nothing().returning(Event.tenant_id, Event.event_id)
    rows = [event.event for event in by_key.values()]
    added = [by_key[key[0], key[1]] for key in (await session.execute(statement, rows)).all()]
    if added:
        keys = [{"tenant_id": e.key[0], "event_id": e.key[1]} for e in added]
        payloads = [
            key | {"salt": e.salt, "payload": e.payload} for key, e in zip(keys, added, strict=True)
        ]
        await session.execute(insert(EventPayload), payloads)
        await session.execute(insert(Pending), keys)
    return len(added)


async def stored(session: AsyncSession, keys: set[Key]) -> dict[Key, bytes]:
    """Returns the envelopes of the events with these keys."""
    key = tuple_(Event.tenant_id, Event.event_id)
    rows = await session.execute(
        select(Event.tenant_id, Event.event_id, Event.envelope).where(key.in_(keys))
    )
    return {(row.tenant_id, row.event_id): row.envelope for row in rows}


@dataclass(frozen=True)
class Wanted:
    """Which events to list: required column values, and a time span."""

    texts: Mapping[str, str]
    since: datetime | None = None
    until: datetime | None = None


async def newest(session: AsyncSession, page: Page, wanted: Wanted) -> list[Kept]:
    """Lists the tenant's events; empty values in `wanted` are ignored."""
    column = Event.__table__.c
    conditions = [column[name] == text for name, text in wanted.texts.items() if text]
    if wanted.since is not None:
        conditions.append(Event.occur_time >= wanted.since)
    if wanted.until is not None:
        conditions.append(Event.occur_time < wanted.until)
    asked = cast("Select[Any]", _kept().where(*conditions))  # it has two columns, unlike Any
    statement = page.of(asked, column["occur_time"], column["event_id"])
    return [Kept(*row) for row in await session.execute(statement)]


async def event(session: AsyncSession, event_id: str) -> Kept | None:
    row = (await session.execute(_kept().where(Event.event_id == event_id))).one_or_none()
    return Kept(*row) if row else None


async def erase(session: AsyncSession, event_id: str) -> None:
    await session.execute(delete(EventPayload).where(EventPayload.event_id == event_id))


async def listed(
    session: AsyncSession, start: int, end: int, limit: int
) -> list[tuple[int, bytes, Kept]]:
    """Lists the tenant's events by place, from `start` up to but excluding `end`, with leaves.

    An event whose leaf is missing has an empty one.
    """
    leaf = and_(Node.tenant_id == Entry.tenant_id, Node.level == 0, Node.idx == Entry.idx)
    statement = (
        select(Entry.idx, Node.hash, Event, EventPayload)
        .join(Event, and_(Event.tenant_id == Entry.tenant_id, Event.event_id == Entry.event_id))
        .outerjoin(EventPayload, _is_of_the_event())
        .outerjoin(Node, leaf)
        .where(Entry.idx >= start, Entry.idx < end)
        .order_by(Entry.idx)
        .limit(limit)
    )
    return [
        (row.idx, row.hash or b"", Kept(row.Event, row.EventPayload))
        for row in await session.execute(statement)
    ]


def _kept() -> Select[Event, EventPayload]:
    return select(Event, EventPayload).outerjoin(EventPayload, _is_of_the_event())


def _is_of_the_event() -> ColumnElement[bool]:
    return and_(EventPayload.tenant_id == Event.tenant_id, EventPayload.event_id == Event.event_id)
