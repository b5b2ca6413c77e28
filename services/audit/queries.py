"""All statements on events; those on trees are in trees.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, delete, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.models import Entry, Event, EventPayload, Node
from services.kernel.call.errors import NotFound
from services.kernel.data.pages import Page

Row = dict[str, Any]
Key = tuple[str, str]
"""A tenant id and an event id."""


_EVENT_COLUMNS = {
    **dict.fromkeys(("tenant_id", "event_id", "service", "method", "resource", "actor"), "text"),
    "occur_time": "timestamptz",
    "outcome": "text",
    "record_time": "timestamptz",
    "envelope": "bytea",
    "signature": "bytea",
}
_NAMES = ", ".join(_EVENT_COLUMNS)
_COLUMNS = {**_EVENT_COLUMNS, "salt": "bytea", "payload": "bytea"}
_INSERT_NEW = text(f"""
WITH incoming AS (
  SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _COLUMNS.items())})
  AS incoming ({", ".join(_COLUMNS)})
), added AS (
  INSERT INTO event ({_NAMES}) SELECT {_NAMES} FROM incoming ON CONFLICT DO NOTHING
  RETURNING tenant_id, event_id
), payloads AS (
  INSERT INTO event_payload (tenant_id, event_id, salt, payload)
  SELECT tenant_id, event_id, salt, payload FROM incoming JOIN added USING (tenant_id, event_id)
)
INSERT INTO pending (tenant_id, event_id) SELECT tenant_id, event_id FROM added RETURNING event_id
""")  # noqa: S608


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
class StoredEvent:
    """A stored event; `payload` is None if it was erased."""

    event: Event
    payload: EventPayload | None

    @property
    def bytes(self) -> int:
        return len(self.event.envelope) + len(self.payload.payload if self.payload else b"")


async def insert_new(session: AsyncSession, events: Sequence[Incoming]) -> int:
    """Records the events with new ids, queued for the sequencer; returns their number.

    Rows are inserted in the order of their keys, so that callers with the same events queue up
    instead of deadlocking.
    """
    by_key = {event.key: event for event in sorted(events, key=lambda event: event.key)}
    values: dict[str, list[object]] = {
        name: [event.event[name] for event in by_key.values()] for name in _EVENT_COLUMNS
    }
    values["salt"] = [event.salt for event in by_key.values()]
    values["payload"] = [event.payload for event in by_key.values()]
    return len((await session.execute(_INSERT_NEW, values)).all())


async def stored_envelopes(session: AsyncSession, keys: set[Key]) -> dict[Key, bytes]:
    """Returns the envelopes of the events with these keys."""
    key = tuple_(Event.tenant_id, Event.event_id)
    rows = await session.execute(
        select(Event.tenant_id, Event.event_id, Event.envelope).where(key.in_(keys))
    )
    return {(row.tenant_id, row.event_id): row.envelope for row in rows}


@dataclass(frozen=True)
class EventFilter:
    """Which events to list: required column values, and a time span."""

    texts: Mapping[str, str]
    since: datetime | None = None
    until: datetime | None = None


async def list_newest(
    session: AsyncSession, page: Page, criteria: EventFilter
) -> list[StoredEvent]:
    """Lists the tenant's events; empty values in `criteria` are ignored."""
    column = Event.__table__.c
    conditions = [column[name] == text for name, text in criteria.texts.items() if text]
    if criteria.since is not None:
        conditions.append(Event.occur_time >= criteria.since)
    if criteria.until is not None:
        conditions.append(Event.occur_time < criteria.until)
    # The cast: it selects two entities, which Select[Any] does not express.
    matching = cast("Select[Any]", _events_with_payloads().where(*conditions))
    statement = page.of(matching, column["occur_time"], column["event_id"])
    return [StoredEvent(*row) for row in await session.execute(statement)]


async def event(session: AsyncSession, name: str, event_id: str) -> StoredEvent:
    """Reads an event of the session's tenant; `name` is what its caller calls it.

    Raises:
        NotFound: EVENT_NOT_FOUND.
    """
    rows = await session.execute(_events_with_payloads().where(Event.event_id == event_id))
    row = rows.one_or_none()
    if row is None:
        raise NotFound("EVENT_NOT_FOUND", f"No such event: {name}.", event=name)
    return StoredEvent(*row)


async def erase(session: AsyncSession, event_id: str) -> None:
    await session.execute(delete(EventPayload).where(EventPayload.event_id == event_id))


async def list_by_index(
    session: AsyncSession, start: int, end: int, limit: int
) -> list[tuple[int, bytes, StoredEvent]]:
    """Lists the tenant's events by place, from `start` up to but excluding `end`, with leaves.

    An event whose leaf is missing has an empty one.
    """
    leaf = and_(Node.tenant_id == Entry.tenant_id, Node.level == 0, Node.idx == Entry.idx)
    statement = (
        select(Entry.idx, Node.hash, Event, EventPayload)
        .join(Event, and_(Event.tenant_id == Entry.tenant_id, Event.event_id == Entry.event_id))
        .outerjoin(EventPayload, _payload_join())
        .outerjoin(Node, leaf)
        .where(Entry.idx >= start, Entry.idx < end)
        .order_by(Entry.idx)
        .limit(limit)
    )
    return [
        (row.idx, row.hash or b"", StoredEvent(row.Event, row.EventPayload))
        for row in await session.execute(statement)
    ]


def _events_with_payloads() -> Select[Event, EventPayload]:
    return select(Event, EventPayload).outerjoin(EventPayload, _payload_join())


def _payload_join() -> ColumnElement[bool]:
    return and_(EventPayload.tenant_id == Event.tenant_id, EventPayload.event_id == Event.event_id)
