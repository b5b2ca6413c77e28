"""Audit events."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import Field
from souk.audit.v1.audit_service_pb2 import Change, Event

from gateway.documents.scalars import Id, Time
from gateway.medusa.shapes import WHOLE, Document, From
from gateway.medusa.values import tenant_of


def _before(change: Change) -> object:
    return _value(change.before, change.before_sha256)


def _after(change: Change) -> object:
    return _value(change.after, change.after_sha256)


def _value(text: str, sha256: str) -> object:
    """Parses one side of a change; one that is cut stays text, with its ellipses."""
    if not text:
        return None
    # Events of earlier versions have no hash of what they cut.
    return text if sha256 or text.endswith("…") else orjson.loads(text)


class ChangeDocument(Document[Change]):
    field: str = Field(
        description="The path in the resource; of a long field, only the parts that changed.",
        examples=["display_name", "variants[3].prices"],
    )
    before: Annotated[Any, From(WHOLE, _before)] = Field(
        description="null when it was not set; a cut one is text."
    )
    after: Annotated[Any, From(WHOLE, _after)] = Field(
        description="null when it is no longer set; a cut one is text."
    )
    personal: bool = Field(description="Whether it holds personal data.")
    before_sha256: str | None = Field(
        description="The SHA-256 of the whole `before` as JSON, if it was too long and is cut."
    )
    after_sha256: str | None = Field(
        description="The SHA-256 of the whole `after` as JSON, if it was too long and is cut."
    )


class EventDocument(Document[Event]):
    """One entry of the audit log."""

    id: Id
    tenant_id: Annotated[str, From("name", tenant_of)]
    service: str = Field(examples=["catalog-opt-in"])
    method: str = Field(examples=["souk.catalog_opt_in.v1.ListingService/CreateListing"])
    resource: str = Field(examples=["tenants/paris/listings/prod_01J"])
    actor: str = Field(examples=["admins/user_01J"])
    session: str = Field(description="The id of the actor's session, if any.")
    permission: str = Field(examples=["listing:write"])
    request_id: str
    occurred_at: Annotated[Time, From("occur_time")]
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
