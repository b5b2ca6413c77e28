"""Repeatable requests: the answer is stored with the act, and returned on a repeat."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import CursorResult, bindparam, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call import recorded_events, sensitivity
from services.kernel.call.errors import InvalidArgument, ServiceError
from services.kernel.call.scope import current_method, current_scope
from services.kernel.data.acts import Act
from services.kernel.data.database import Database
from services.kernel.data.tables import RequestRecord
from services.kernel.process.logs import logger

RETENTION = timedelta(hours=24)
_REMOVE_EVERY = timedelta(hours=1)
_MAX_REMOVED = 1000
_log = logger()

# Built once, and compared here, too: the platform's door adds no tenant to a statement.
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_KEY = ("tenant_id", "actor", "request_id")
_FIND = select(RequestRecord.digest, RequestRecord.events, RequestRecord.response).where(
    *(RequestRecord.__table__.c[name] == bindparam(name) for name in _KEY),
    RequestRecord.create_time > bindparam("since"),
)
_ANSWER = ("digest", "response", "events", "create_time")
_INSERT = insert(RequestRecord)
_STORE = _INSERT.on_conflict_do_update(
    # One that has expired, and so was not found, may still be there for an hour.
    index_elements=_KEY,
    set_={name: _INSERT.excluded[name] for name in _ANSWER},
)

Transaction = AsyncSession | Act
M = TypeVar("M", bound=Message)


class Repeatable(Protocol):
    """A request message with a `request_id`."""

    request_id: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...  # noqa: N802


async def stored_answer(session: Transaction, request: Repeatable, kind: type[M]) -> M | None:
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
    await session.execute(_TAKE_TURN, {"key": "/".join(key)})
    values = {**dict(zip(_KEY, key, strict=True)), "since": datetime.now(UTC) - RETENTION}
    found = [tuple(row) for row in await session.execute(_FIND, values)]
    if not found:
        return None
    digest, events, response = found[0]
    if digest != _digest(request):
        raise InvalidArgument(
            "REQUEST_ID_REUSED",
            "This request id was already used for a different request. Use a new one.",
            request_id=key[2],
        )
    recorded_events.collect(recorded_events.decode(events or ""))
    return kind.FromString(response)


async def remember(session: Transaction, request: Repeatable, answer: M) -> M:
    """Stores the answer in the transaction of the act, for repeats, and returns it.

    Call it last: the act's events are stored, too.
    """
    if not request.request_id:
        return answer
    events = [leaf.event_name for leaf in session.info.get("leaves", ())]
    session.info["remembered"] = events
    values = {
        **dict(zip(_KEY, _key(session, request), strict=True)),
        "digest": _digest(request),
        "response": sensitivity.without_secrets(answer).SerializeToString(),
        "events": recorded_events.encode(events),
        "create_time": datetime.now(UTC),
    }
    await session.execute(_STORE, values)
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


def _key(session: Transaction, request: Repeatable) -> tuple[str, str, str]:
    try:
        request_id = str(UUID(request.request_id))
    except ValueError:
        raise InvalidArgument("REQUEST_ID_INVALID", "request_id must be a UUID.") from None
    return session.info["home"], current_scope().actor, request_id


def _digest(request: Repeatable) -> bytes:
    # With the method: the same id in two methods is a mistake, not a repeat.
    body = request.SerializeToString(deterministic=True)
    return hashlib.sha256(current_method().encode() + b"\0" + body).digest()
