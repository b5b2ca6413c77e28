"""API keys: secret ones for machines, publishable ones for storefronts."""

from typing import Literal

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.api_key_service_pb2 import ApiKey, CreateApiKeyResponse

from gateway.admin.shapes.scalars import Body, Document, Moment, Time, last_id, time_json


class ApiKeyCreate(Body):
    """An API key to create."""

    title: str = Field(description="A name for people, 1 to 100 characters.")
    type: Literal["secret", "publishable"]
    permissions: list[str] = Field(
        [],
        max_length=200,
        description="What a secret key may do at its tenant; no more than its creator may. "
        "Publishable keys have none.",
        examples=[["listing:read", "listing:write"]],
    )
    expires_at: Moment | None = Field(
        None, description="RFC 3339, at most ten years from now. Defaults to never."
    )


class ApiKeyDocument(BaseModel):
    """An API key; only the first characters of its token are stored."""

    id: str
    type: Literal["secret", "publishable"]
    title: str
    redacted: str = Field(
        description="The first characters of the token.", examples=["souk_live_x7Qa***"]
    )
    permissions: list[str]
    created_by: str = Field(description="The resource name of the creator.")
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None = Field(description="Accurate to the minute; secret keys only.")
    revoked_by: str | None
    revoked_at: Time | None


class NewApiKeyDocument(ApiKeyDocument):
    """A newly created API key."""

    token: str | None = Field(
        description="The key itself, shown only once; null when an Idempotency-Key is repeated."
    )


def api_key_message(body: ApiKeyCreate) -> ApiKey:
    key = ApiKey(
        title=body.title,
        kind=ApiKey.Kind.Value(f"KIND_{body.type.upper()}"),
        permissions=body.permissions,
    )
    if body.expires_at is not None:
        key.expire_time.FromDatetime(body.expires_at)
    return key


def api_key_json(key: ApiKey) -> Document:
    """Converts a key to JSON, with Medusa's names where they exist."""
    return {
        "id": last_id(key.name),
        "type": ApiKey.Kind.Name(key.kind).removeprefix("KIND_").lower(),
        "title": key.title,
        "redacted": f"{key.prefix}***",
        "permissions": list(key.permissions),
        "created_by": key.creator,
        "created_at": time_json(key.create_time),
        "expires_at": time_json(key.expire_time) if key.HasField("expire_time") else None,
        "last_used_at": time_json(key.last_use_time) if key.HasField("last_use_time") else None,
        "revoked_by": key.revoker or None,
        "revoked_at": time_json(key.revoke_time) if key.HasField("revoke_time") else None,
    }


def new_api_key_json(made: CreateApiKeyResponse) -> Document:
    return {**api_key_json(made.api_key), "token": made.secret or None}
