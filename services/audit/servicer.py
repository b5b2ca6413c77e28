"""The audit service: takes events in, and shows a tenant its own."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from souk.audit.v1 import audit_service_pb2 as pb
from souk.audit.v1 import audit_service_pb2_grpc as rpc

from services.audit import queries, rules
from services.audit.models import Event
from services.kernel import names, pages
from services.kernel.db import Database
from services.kernel.errors import AlreadyExists, InvalidArgument, NotFound
from services.kernel.scope import current_scope
from services.kernel.server import Runtime, Servicer

_NAME = "tenants/{tenant}/events/{event}"
_TEXTS = tuple(rules.LONGEST)
_TOLD = (*_TEXTS, "occur_time", "outcome", "changes")
_NEWEST = {"occur_time": datetime, "event_id": str}


class AuditServicer(rpc.AuditServiceServicer):
    """Events in and out; there is no method to change or remove one, and PostgreSQL lets nobody."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def RecordEvents(
        self, request: pb.RecordEventsRequest, context: object
    ) -> pb.RecordEventsResponse:
        if not 1 <= len(request.events) <= rules.MOST_EVENTS:
            text = f"must be 1 to {rules.MOST_EVENTS}"
            raise InvalidArgument("EVENTS_COUNT_INVALID", f"events {text}", {"events": text})
        now = datetime.now(UTC)
        rows = [_row(event, at=index, now=now) for index, event in enumerate(request.events)]
        async with self._db.housekeeping() as session:
            added = await queries.add_unknown(session, rows)
            if added < len(rows):
                _require_same(rows, await queries.stored(session, rows))
        return pb.RecordEventsResponse(recorded_count=added)

    async def ListEvents(
        self, request: pb.ListEventsRequest, context: object
    ) -> pb.ListEventsResponse:
        current_scope().require_parent(request.parent)
        names.parse(request.parent, "tenants/{tenant}")
        page = pages.read(request, key=_NEWEST, descending=True)
        asked = {name: getattr(request, name) for name in ("actor", "method", "resource")}
        async with self._db.tenant() as session:
            rows = await queries.newest(session, page, asked)
        fit = min(page.size, rules.fitting([event.changes for event in rows]))
        shown, token = replace(page, size=fit).cut(rows[: fit + 1], key=_key)
        return pb.ListEventsResponse(events=map(_event, shown), next_page_token=token)

    async def GetEvent(self, request: pb.GetEventRequest, context: object) -> pb.Event:
        current_scope().require(request.name)
        _, event_id = names.parse(request.name, _NAME)
        async with self._db.tenant() as session:
            found = await queries.event(session, event_id)
        if found is None:
            raise NotFound("EVENT_NOT_FOUND", f"no event {request.name}", event=request.name)
        return _event(found)


def _key(event: Event) -> tuple[datetime, str]:
    return event.occur_time, event.event_id


def build(runtime: Runtime) -> Sequence[Servicer]:
    return [(rpc.add_AuditServiceServicer_to_server, AuditServicer(runtime.db))]


def _row(event: pb.Event, *, at: int, now: datetime) -> queries.Row:
    """Turns an event into its row.

    Raises:
        InvalidArgument: NAME_INVALID or EVENT_INVALID, with the event's place in the request.
    """
    tenant_id, event_id = names.parse(event.name, _NAME)
    texts = {field: getattr(event, field) for field in _TEXTS}
    occurred = _moment(event.occur_time) if event.HasField("occur_time") else None
    outcome = event.outcome in (pb.Event.OUTCOME_DONE, pb.Event.OUTCOME_DENIED)
    faults = rules.faults(
        texts,
        teller=current_scope().actor,
        is_dated=occurred is not None,
        has_outcome=outcome,
        changes=[c.before + c.after + c.field for c in event.changes],
    )
    if faults:
        reasons = "; ".join(faults)
        raise InvalidArgument("EVENT_INVALID", reasons, {f"events[{at}]": reasons})
    return texts | {
        "tenant_id": tenant_id,
        "event_id": event_id,
        "occur_time": occurred,
        "outcome": pb.Event.Outcome.Name(event.outcome).removeprefix("OUTCOME_"),
        "changes": _changes(event),
        "record_time": now,
    }


def _moment(timestamp: Timestamp) -> datetime | None:
    try:
        return timestamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _changes(event: pb.Event) -> str:
    listed = [{"field": c.field, "before": c.before, "after": c.after} for c in event.changes]
    return json.dumps(listed, ensure_ascii=False)


def _require_same(rows: Sequence[queries.Row], known: dict[tuple[str, str], Event]) -> None:
    """Refuses an event whose id is taken by another content, in the table or in the request.

    Raises:
        AlreadyExists: EVENT_CONFLICT.
    """
    for row in rows:
        event = known[row["tenant_id"], row["event_id"]]
        if any(row[field] != getattr(event, field) for field in _TOLD):
            name = f"tenants/{event.tenant_id}/events/{event.event_id}"
            raise AlreadyExists("EVENT_CONFLICT", f"{name} has another content", event=name)


def _event(event: Event) -> pb.Event:
    told: dict[str, Any] = {field: getattr(event, field) for field in _TEXTS}
    occurred = Timestamp()
    occurred.FromDatetime(event.occur_time)
    return pb.Event(
        name=f"tenants/{event.tenant_id}/events/{event.event_id}",
        occur_time=occurred,
        outcome=pb.Event.Outcome.Value(f"OUTCOME_{event.outcome}"),
        changes=[pb.Change(**change) for change in json.loads(event.changes)],
        **told,
    )
