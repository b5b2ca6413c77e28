"""The audit events of a tenant."""

from fastapi import Request, Response
from pydantic import BaseModel, Field
from souk.audit.v1.audit_service_pb2 import Event, GetEventRequest, ListEventsRequest

from gateway.clients import ClientsOf
from gateway.documents.event import EventDocument
from gateway.identity.scopes import TenantScope
from gateway.medusa import responses
from gateway.medusa.filters import Choice, One, Time
from gateway.medusa.query import Query
from gateway.medusa.resource import NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import timestamp
from services.kernel.call.limits import most_characters

_OUTCOMES = {
    "": Event.OUTCOME_UNSPECIFIED,
    "done": Event.OUTCOME_DONE,
    "denied": Event.OUTCOME_DENIED,
}


def _text(field: str) -> One:
    return One(most_characters(ListEventsRequest, field))


EVENTS = Resource(
    "audit_event",
    "audit_events",
    EventDocument,
    Query(
        filters={
            "actor": _text("actor"),
            "method": _text("method"),
            "resource": _text("resource"),
            "outcome": Choice(("done", "denied")),
            "since": Time(),
            "until": Time(),
        },
        by_token=True,
    ),
)

router = Router(
    prefix="/admin/tenants/{tenant_id}/audit-events",
    tags=["Audit"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
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
    query = EVENTS.list_query(request)
    since, until = query.time("since"), query.time("until")
    found = await clients.audit.ListEvents(
        ListEventsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            page_token=query.one("page_token"),
            actor=query.one("actor"),
            method=query.one("method"),
            resource=query.one("resource"),
            outcome=_OUTCOMES[query.one("outcome")],
            start_time=timestamp(since) if since else None,
            end_time=timestamp(until) if until else None,
        )
    )
    return EVENTS.page_by_token(query, found.events, next_page_token=found.next_page_token)


@router.get(
    "/{event_id}",
    summary="Get an audit event",
    responses=responses.documented(EventAnswer, "The event."),
    openapi_extra=EVENTS.documented_one,
)
async def get_audit_event(
    request: Request, scope: TenantScope, clients: ClientsOf, event_id: str
) -> Response:
    """Returns one event."""
    query = EVENTS.one_query(request)
    event = await clients.audit.GetEvent(
        GetEventRequest(name=f"tenants/{scope.tenant}/events/{event_id}")
    )
    return EVENTS.one(query, event)
