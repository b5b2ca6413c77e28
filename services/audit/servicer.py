"""AuditService: records events, and shows a tenant its own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from souk.audit.v1 import audit_service_pb2 as pb
from souk.audit.v1 import audit_service_pb2_grpc as rpc
from souk.audit.v1 import proof_service_pb2_grpc as proof_rpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit import queries, rules, trees
from services.audit.messages import NAME, event_message, parse_incoming
from services.audit.proofs.servicer import ProofServicer
from services.audit.wakers import Wakers
from services.kernel.call import names, times
from services.kernel.call.errors import (
    AlreadyExists,
    FailedPrecondition,
    invalid,
)
from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.evidence.event_signatures import EventKeys
from services.kernel.process.secret_files import Secret
from services.kernel.serving.server import Runtime, Servicer

_NEWEST = {"occur_time": datetime, "event_id": str}


class AuditServicer(rpc.AuditServiceServicer):
    """Events in and out; no method changes or removes one, and PostgreSQL forbids it."""

    def __init__(self, db: Database, keys: Secret[EventKeys], wakers: Wakers) -> None:
        self._db = db
        self._keys = keys
        self._wakers = wakers

    async def RecordEvents(
        self, request: pb.RecordEventsRequest, context: object
    ) -> pb.RecordEventsResponse:
        if not 1 <= len(request.events) <= rules.MOST_EVENTS:
            text = f"must have 1 to {rules.MOST_EVENTS} entries"
            raise invalid("EVENTS_COUNT_INVALID", {"events": text})
        now = datetime.now(UTC)
        events = [
            parse_incoming(event, index=index, keys=self._keys)
            for index, event in enumerate(request.events)
        ]
        for event in events:
            event.event["record_time"] = now
        async with self._db.housekeeping() as session:
            added = await queries.insert_new(session, events)
            if added < len(events):
                keys = {event.key for event in events}
                _require_same(events, await queries.stored_envelopes(session, keys))
        if added:
            self._wakers.recorded.set()
        return pb.RecordEventsResponse(recorded_count=added)

    async def ListEvents(
        self, request: pb.ListEventsRequest, context: object
    ) -> pb.ListEventsResponse:
        current_scope().require_parent(request.parent)
        names.parse(request.parent, "tenants/{tenant}")
        page = pages.read(request, key=_NEWEST, descending=True)
        criteria = _event_filter(request)
        async with self._db.tenant() as session:
            found = await queries.list_newest(session, page, criteria)
        page_length = min(page.size, rules.fitting([event.bytes for event in found]))
        page_rows, token = replace(page, size=page_length).cut(
            found[: page_length + 1], key=_page_key
        )
        events = [event_message(stored, self._keys) for stored in page_rows]
        return pb.ListEventsResponse(events=events, next_page_token=token)

    async def EraseEventPayload(
        self, request: pb.EraseEventPayloadRequest, context: object
    ) -> pb.Event:
        current_scope().require(request.name)
        _, event_id = names.parse(request.name, NAME)
        async with self._db.tenant() as session:
            found = await queries.event(session, request.name, event_id)
            if found.payload is not None:
                await _require_place(session, event_id)
                await queries.erase(session, event_id)
                audit.record(session, resource=request.name)
        return event_message(queries.StoredEvent(found.event, None), self._keys)

    async def GetEvent(self, request: pb.GetEventRequest, context: object) -> pb.Event:
        current_scope().require(request.name)
        _, event_id = names.parse(request.name, NAME)
        async with self._db.tenant() as session:
            found = await queries.event(session, request.name, event_id)
        return event_message(found, self._keys)


def build(runtime: Runtime, *, wakers: Wakers) -> Sequence[Servicer]:
    keys = runtime.settings.secret_file("services.pub", EventKeys.read)
    return [
        (rpc.add_AuditServiceServicer_to_server, AuditServicer(runtime.db, keys, wakers)),
        (proof_rpc.add_ProofServiceServicer_to_server, ProofServicer(runtime.db, keys)),
    ]


def _page_key(stored: queries.StoredEvent) -> tuple[datetime, str]:
    return stored.event.occur_time, stored.event.event_id


def _event_filter(request: pb.ListEventsRequest) -> queries.EventFilter:
    texts = {name: getattr(request, name) for name in ("actor", "method", "resource")}
    if request.outcome:
        texts["outcome"] = pb.Event.Outcome.Name(request.outcome).removeprefix("OUTCOME_")
    return queries.EventFilter(
        texts,
        since=times.read(request, "start_time"),
        until=times.read(request, "end_time"),
    )


async def _require_place(session: AsyncSession, event_id: str) -> None:
    """Refuses to erase an event without a place, so that the erasure's own place is later.

    Raises:
        FailedPrecondition: EVENT_NOT_SEQUENCED.
    """
    if await trees.place(session, event_id) is None:
        raise FailedPrecondition(
            "EVENT_NOT_SEQUENCED", "The event has no place in the log yet. Retry in a moment."
        )


def _require_same(
    events: Sequence[queries.Incoming], stored_envelopes: dict[queries.Key, bytes]
) -> None:
    """Refuses an event whose id belongs to another one, in the table or in the request.

    Raises:
        AlreadyExists: EVENT_CONFLICT.
    """
    for event in events:
        if event.event["envelope"] != stored_envelopes[event.key]:
            name = "tenants/{}/events/{}".format(*event.key)
            raise AlreadyExists(
                "EVENT_CONFLICT", f"{name} already exists with different content.", event=name
            )
