"""The audit events of a tenant."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, ConfigDict, Field
from souk.audit.v1.audit_service_pb2 import Event, GetEventRequest, ListEventsRequest

from gateway.admin.asking import Resource, WritesAskNothing
from gateway.admin.shapes.access import Moment
from gateway.admin.shapes.event import EventDocument, event_json
from gateway.clients import ClientsOf
from gateway.identity.scopes import TenantScope
from gateway.medusa import query, responses

EVENTS = Resource("audit_event", "audit_events", EventDocument, query.Query(limit=None))

_OUTCOMES = {
    "": Event.OUTCOME_UNSPECIFIED,
    "done": Event.OUTCOME_DONE,
    "denied": Event.OUTCOME_DENIED,
}

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


class EventsQuery(BaseModel):
    """The query of a list of events; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200, description="The maximum number of events to return.")
    page_token: str = Field(
        "",
        description="The next_page_token of the previous page; keep all other parameters the same.",
    )
    actor: str = Field("", description="Only events by this actor.", examples=["admins/user_01J"])
    method: str = Field("", description="Only events of this method.")
    resource: str = Field("", description="Only events on this resource.")
    outcome: Literal["", "done", "denied"] = Field("", description="Only events with this outcome.")
    since: Moment | None = Field(None, description="Only events at or after this time.")
    until: Moment | None = Field(None, description="Only events before this time.")


@router.get(
    "",
    summary="List audit events",
    responses=responses.documented(EventsAnswer, "A page of events, newest first."),
)
async def list_audit_events(
    scope: TenantScope, clients: ClientsOf, asked: Annotated[EventsQuery, Query()]
) -> Response:
    """Lists a tenant's audit events, newest first; use `next_page_token` for the next page."""
    found = await clients.audit.ListEvents(
        ListEventsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=asked.limit,
            page_token=asked.page_token,
            actor=asked.actor,
            method=asked.method,
            resource=asked.resource,
            outcome=_OUTCOMES[asked.outcome],
            start_time=_timestamp(asked.since),
            end_time=_timestamp(asked.until),
        )
    )
    return responses.answer(
        {
            "audit_events": [event_json(event) for event in found.events],
            "limit": asked.limit,
            "next_page_token": found.next_page_token or None,
        }
    )


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
    openapi_extra=Resource.documented_one,
)
async def get_audit_event(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Returns one event."""
    event = await clients.audit.GetEvent(
        GetEventRequest(name=f"tenants/{scope.tenant}/events/{event_id}")
    )
    return EVENTS.one(request, event_json(event))
