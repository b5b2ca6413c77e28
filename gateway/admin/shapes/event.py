"""Audit events."""

from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field
from souk.audit.v1.audit_service_pb2 import Change, Event

from gateway.admin.shapes.scalars import Document, Time, time_json


class ChangeDocument(BaseModel):
    field: str = Field(
        description="The path in the resource; of a long field, only the parts that changed.",
        examples=["display_name", "variants[3].prices"],
    )
    before: Any = Field(description="null when it was not set; a cut one is text.")
    after: Any = Field(description="null when it is no longer set; a cut one is text.")
    personal: bool = Field(description="Whether it holds personal data.")
    before_sha256: str | None = Field(
        description="The SHA-256 of the whole `before` as JSON, if it was too long and is cut."
    )
    after_sha256: str | None = Field(
        description="The SHA-256 of the whole `after` as JSON, if it was too long and is cut."
    )


class EventDocument(BaseModel):
    """One entry of the audit log."""

    id: str
    tenant_id: str
    service: str = Field(examples=["catalog-opt-in"])
    method: str = Field(examples=["souk.catalog_opt_in.v1.ListingService/CreateListing"])
    resource: str = Field(examples=["tenants/paris/listings/prod_01J"])
    actor: str = Field(examples=["admins/user_01J"])
    session: str = Field(description="The id of the actor's session, if any.")
    permission: str = Field(examples=["listing:write"])
    request_id: str
    occurred_at: Time
    outcome: Literal["done", "denied"]
    reason: str = Field(description="The error code, if the request was denied.")
    times: int = Field(
        description="How often this happened within a second; above 1 for denials only."
    )
    address: str = Field(description="The actor's IP address, if known.")
    user_agent: str = Field(
        description="The client's User-Agent, up to 256 characters; it is not verified."
    )
    changes: list[ChangeDocument]
    is_erased: bool = Field(description="Whether address, user_agent and changes were erased.")


def event_json(event: Event) -> Document:
    """Converts an event to the admin API's JSON."""
    _, tenant_id, _, event_id = event.name.split("/")
    return {
        "id": event_id,
        "tenant_id": tenant_id,
        "service": event.service,
        "method": event.method,
        "resource": event.resource,
        "actor": event.actor,
        "session": event.session,
        "permission": event.permission,
        "request_id": event.request_id,
        "occurred_at": time_json(event.occur_time),
        "outcome": Event.Outcome.Name(event.outcome).removeprefix("OUTCOME_").lower(),
        "reason": event.reason,
        "times": event.times,
        "address": event.address,
        "user_agent": event.user_agent,
        "changes": [_change_json(change) for change in event.changes],
        "is_erased": event.is_erased,
    }


def _change_json(change: Change) -> Document:
    return {
        "field": change.field,
        "before": _value(change.before, change.before_sha256),
        "after": _value(change.after, change.after_sha256),
        "personal": change.personal,
        "before_sha256": change.before_sha256 or None,
        "after_sha256": change.after_sha256 or None,
    }


def _value(text: str, sha256: str) -> object:
    """Parses one side of a change; one that is cut stays text, with its ellipses."""
    if not text:
        return None
    # Events of earlier versions have no hash of what they cut.
    return text if sha256 or text.endswith("…") else orjson.loads(text)
