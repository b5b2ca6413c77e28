"""API keys: secret ones for machines, publishable ones for storefronts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from souk.tenant_registry.v1.api_key_service_pb2 import ApiKey

from gateway.documents.scalars import CreatedAt, Id, Moment, Time, UpdatedAt
from gateway.medusa.shapes import Body, Document, From, NotInMessage
from gateway.medusa.values import last_id

Kind = Annotated[Literal["secret", "publishable"], From("kind")]


class ApiKeyCreate(Body[ApiKey]):
    """An API key to create."""

    title: str = Field(description="A name for people; not empty.")
    type: Kind
    permissions: list[str] = Field(
        [],
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

    token: Annotated[str | None, NotInMessage()] = Field(
        description="The key itself, shown only once; null when an Idempotency-Key is repeated."
    )


class ApiKeyUpdate(Body[ApiKey]):
    """The fields of an API key to update."""

    title: str = Field(description="A name for people; not empty.")


class ChannelsOfKey(BaseModel):
    """Sales channels to bind a key to, and others to part it from."""

    model_config = ConfigDict(extra="forbid", strict=True)

    add: list[str] = Field([], max_length=200)
    remove: list[str] = Field([], max_length=200)


class ChannelOfKey(BaseModel):
    id: str = Field(examples=["sc_paris"])
    name: str


class PlaceApiKeyDocument(Document[ApiKey]):
    """An API key in Medusa's shape; only the first characters of its token are stored."""

    id: Id
    title: str
    type: Kind
    token: Annotated[str, From("prefix", "{}***".format)] = Field(
        description="The key itself in the answer to its creation, afterwards `redacted`."
    )
    redacted: Annotated[str, From("prefix", "{}***".format)] = Field(
        description="The first characters of the token.", examples=["souk_live_x7Qa***"]
    )
    permissions: list[str]
    created_by: Annotated[str, From("creator", last_id)] = Field(description="The creator's id.")
    created_at: CreatedAt
    updated_at: UpdatedAt
    expires_at: Annotated[Time | None, From("expire_time")]
    last_used_at: Annotated[Time | None, From("last_use_time")] = Field(
        description="Accurate to the minute; secret keys only."
    )
    revoked_by: Annotated[str | None, From("revoker", last_id)]
    revoked_at: Annotated[Time | None, From("revoke_time")]
    sales_channels: Annotated[list[ChannelOfKey], NotInMessage()] = Field(
        description="The tenant of a publishable key; none for a secret key."
    )
