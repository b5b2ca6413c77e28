"""API keys: secret ones for machines, publishable ones for storefronts."""

from typing import Annotated, Literal

from pydantic import Field
from souk.tenant_registry.v1.api_key_service_pb2 import ApiKey

from gateway.documents.scalars import CreatedAt, Id, Moment, Time
from gateway.medusa.shapes import Beside, Body, Document, From

Kind = Annotated[Literal["secret", "publishable"], From("kind")]


class ApiKeyCreate(Body[ApiKey]):
    """An API key to create."""

    title: str = Field(description="A name for people, 1 to 100 characters.")
    type: Kind
    permissions: list[str] = Field(
        [],
        max_length=200,
        description="What a secret key may do at its tenant; no more than its creator may. "
        "Publishable keys have none.",
        examples=[["listing:read", "listing:write"]],
    )
    expires_at: Annotated[Moment | None, From("expire_time")] = Field(
        None, description="RFC 3339, at most ten years from now. Defaults to never."
    )


class ApiKeyDocument(Document[ApiKey]):
    """An API key; only the first characters of its token are stored."""

    id: Id
    type: Kind
    title: str
    redacted: Annotated[str, From("prefix", "{}***".format)] = Field(
        description="The first characters of the token.", examples=["souk_live_x7Qa***"]
    )
    permissions: list[str]
    created_by: Annotated[str, From("creator")] = Field(
        description="The resource name of the creator."
    )
    created_at: CreatedAt
    expires_at: Annotated[Time | None, From("expire_time")]
    last_used_at: Annotated[Time | None, From("last_use_time")] = Field(
        description="Accurate to the minute; secret keys only."
    )
    revoked_by: Annotated[str | None, From("revoker")]
    revoked_at: Annotated[Time | None, From("revoke_time")]


class NewApiKeyDocument(ApiKeyDocument):
    """A newly created API key."""

    token: Annotated[str | None, Beside()] = Field(
        description="The key itself, shown only once; null when an Idempotency-Key is repeated."
    )
