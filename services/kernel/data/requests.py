"""Repeatable requests: the answer is stored with the act, and returned on a repeat."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import CursorResult, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call import recorded_events, sensitivity
from services.kernel.call.errors import InvalidArgument, ServiceError
from services.kernel.call.scope import current_method, current_scope
from services.kernel.data.database import Database
from services.kernel.data.tables import RequestRecord
from services.kernel.process.logs import logger

RETENTION = timedelta(hours=24)
_REMOVE_EVERY = timedelta(hours=1)
_MAX_REMOVED = 1000
_log = logger()

M = TypeVar("M", bound=Message)


class Repeatable(Protocol):
    """A request message with a `request_id`."""

    request_id: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...  # noqa: N802


async def stored_answer(session: AsyncSession, request: Repeatable, kind: type[M]) -> M | None:
    """Returns the stored answer to a repeated request, or None if the request is new.

    The names of the events that the first one left are returned beside it, as they were then.
    Concurrent repeats are serialised, so that the second finds the first one's answer.

    Raises:
        InvalidArgument: REQUEST_ID_INVALID if it is not a UUID, REQUEST_ID_REUSED if it was used
            for another request.
    """
    if not request.request_id:
        return None
    key = _key(session, request)
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": "/".join(key)}
    )
    record = await session.scalar(
        select(RequestRecord).where(
            # Compared here, too: the platform's door adds no tenant to a statement.
            RequestRecord.tenant_id == key[0],
            RequestRecord.actor == key[1],
            RequestRecord.request_id == key[2],
            RequestRecord.create_time > datetime.now(UTC) - RETENTION,
        )
    )
    if record is None:
        return None
    if record.digest != _digest(request):
        raise InvalidArgument(
            "REQUEST_ID_REUSED",
            "This request id was already used for a different request. Use a new one.",
            request_id=key[2],
        )
    recorded_events.collect(recorded_events.decode(record.events or ""))
    return kind.FromString(record.response)


async def remember(session: AsyncSession, request: Repeatable, answer: M) -> M:
    """Stores the answer in the transaction of the act, for repeats, and returns it.

    Call it last: the act's events are stored, too.
    """
    if not request.request_id:
        return answer
    events = [leaf.event_name for leaf in session.info.get("leaves", ())]
    session.info["remembered"] = events
    tenant, actor, request_id = _key(session, request)
    values = {
        "digest": _digest(request),
        "response": sensitivity.without_secrets(answer).SerializeToString(),
        "events": recorded_events.encode(events),
        "create_time": datetime.now(UTC),
    }
    statement = insert(RequestRecord).values(
        tenant_id=tenant, actor=actor, request_id=request_id, **values
    )
    await session.execute(
        # One that has expired, and so was not found, may still be there for an hour.
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "actor", "request_id"], set_=values
        )
    )
    return answer


async def remove_expired(database: Database) -> None:
    """Removes expired answers, now and every hour."""
    while True:
        try:
            while await _remove_batch(database) == _MAX_REMOVED:
                pass
        except ServiceError as error:
            # Nobody finds what has expired, so that it may well stay for another hour.
            _log.warning("requests_not_forgotten", reason=error.reason)
        await asyncio.sleep(_REMOVE_EVERY.total_seconds())


async def _remove_batch(database: Database) -> int:
    """Removes a batch: removing all at once could exceed the statement timeout."""
    key = tuple_(RequestRecord.tenant_id, RequestRecord.actor, RequestRecord.request_id)
    expired = RequestRecord.create_time < datetime.now(UTC) - RETENTION
    batch = select(*key.clauses).where(expired).limit(_MAX_REMOVED)
    async with database.housekeeping() as session:
        removed = await session.execute(delete(RequestRecord).where(key.in_(batch)))
    return removed.rowcount if isinstance(removed, CursorResult) else 0


def _key(session: AsyncSession, request: Repeatable) -> tuple[str, str, str]:
    try:
        request_id = str(UUID(request.request_id))
    except ValueError:
        raise InvalidArgument("REQUEST_ID_INVALID", "request_id must be a UUID.") from None
    return session.info["home"], current_scope().actor, request_id


def _digest(request: Repeatable) -> bytes:
    # With the method: the same id in two methods is a mistake, not a repeat.
    body = request.SerializeToString(deterministic=True)
    return hashlib.sha256(current_method().encode() + b"\0" + body).digest()
