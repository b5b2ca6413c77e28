"""The audit events of a tenant."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, Field
from souk.audit.v1.audit_service_pb2 import Event, GetEventRequest, ListEventsRequest

from gateway.admin.asking import READS_ONE, Resource, WritesAskNothing
from gateway.admin.shapes.event import EventDocument, event_json
from gateway.clients import ClientsOf
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.filters import Choice, One, Time
from gateway.medusa.query import Query

_OUTCOMES = {
    "": Event.OUTCOME_UNSPECIFIED,
    "done": Event.OUTCOME_DONE,
    "denied": Event.OUTCOME_DENIED,
}

EVENTS = Resource(
    "audit_event",
    "audit_events",
    EventDocument,
    Query(
        filters={
            "actor": One(longest=400),
            "method": One(),
            "resource": One(longest=1000),
            "outcome": Choice(("done", "denied")),
            "since": Time(),
            "until": Time(),
        },
        by_token=True,
    ),
)

router = APIRouter(
    prefix="/admin/tenants/{tenant_id}/audit-events",
    tags=["Audit"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[WritesAskNothing],
)


class EventAnswer(BaseModel):
    audit_event: EventDocument


class EventsAnswer(BaseModel):
    audit_events: list[EventDocument]
    limit: int
    next_page_token: str | None = Field(description="null on the last page.")


@router.get(
    "",
    summary="List audit events",
    responses=responses.documented(EventsAnswer, "A page of events, newest first."),
    openapi_extra=EVENTS.documented_list,
)
async def list_audit_events(request: Request, scope: TenantScope, clients: ClientsOf) -> Response:
    """Lists a tenant's audit events, newest first; use `next_page_token` for the next page."""
    asked = EVENTS.asked(request)
    found = await clients.audit.ListEvents(
        ListEventsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=asked.limit,
            page_token=asked.one("page_token"),
            actor=asked.one("actor"),
            method=asked.one("method"),
            resource=asked.one("resource"),
            outcome=_OUTCOMES[asked.one("outcome")],
            start_time=_timestamp(asked.time("since")),
            end_time=_timestamp(asked.time("until")),
        )
    )
    documents = [event_json(event) for event in found.events]
    return EVENTS.page_by_token(asked, documents, next_page_token=found.next_page_token)


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    made = Timestamp()
    made.FromDatetime(moment)
    return made


@router.get(
    "/{event_id}",
    summary="Get an audit event",
    responses=responses.documented(EventAnswer, "The event."),
    **READS_ONE,
)
async def get_audit_event(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Returns one event."""
    event = await clients.audit.GetEvent(
        GetEventRequest(name=f"tenants/{scope.tenant}/events/{event_id}")
    )
    return EVENTS.one(request, event_json(event))
