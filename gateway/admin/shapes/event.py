"""What was done: audit events."""

from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field
from souk.audit.v1.audit_service_pb2 import Change, Event

from gateway.admin.shapes.scalars import Document, Time, time_json


class ChangeDocument(BaseModel):
    field: str = Field(description="The field's path in the resource.")
    before: Any = Field(description="null when it was not set.")
    after: Any = Field(description="null when it is not set any more.")


class EventDocument(BaseModel):
    """One act as it is answered."""

    id: str
    tenant_id: str
    service: str = Field(examples=["catalog-opt-in"])
    method: str = Field(examples=["souk.catalog_opt_in.v1.ListingService/CreateListing"])
    resource: str = Field(examples=["tenants/paris/listings/prod_01J"])
    actor: str = Field(examples=["admins/user_01J"])
    request_id: str
    occurred_at: Time
    outcome: Literal["done", "denied"]
    changes: list[ChangeDocument]


def event_json(event: Event) -> Document:
    """Writes an event as the admin API answers it."""
    _, tenant_id, _, event_id = event.name.split("/")
    return {
        "id": event_id,
        "tenant_id": tenant_id,
        "service": event.service,
        "method": event.method,
        "resource": event.resource,
        "actor": event.actor,
        "request_id": event.request_id,
        "occurred_at": time_json(event.occur_time),
        "outcome": Event.Outcome.Name(event.outcome).removeprefix("OUTCOME_").lower(),
        "changes": [_change_json(change) for change in event.changes],
    }


def _change_json(change: Change) -> Document:
    return {
        "field": change.field,
        "before": orjson.loads(change.before) if change.before else None,
        "after": orjson.loads(change.after) if change.after else None,
    }
