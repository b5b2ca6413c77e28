"""Admin sessions, and the credentials that start them."""

from typing import Annotated

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_service_pb2 import LoginRequest
from souk.tenant_registry.v1.session_service_pb2 import RefreshSessionRequest, Session

from gateway.documents.scalars import CreatedAt, Id, Time
from gateway.medusa.shapes import Body, Document, From


class Credentials(Body[LoginRequest]):
    email: str = Field(
        max_length=254, description="Case-insensitive.", examples=["admin@example.com"]
    )
    password: str = Field(max_length=1024, description="At most 1,024 bytes.")
    totp: str | None = Field(
        default=None,
        max_length=32,
        description="A second-factor code or recovery code, if the second factor is on.",
    )


class Refresh(Body[RefreshSessionRequest]):
    refresh_token: str | None = Field(default=None, max_length=100)


class TokenAnswer(BaseModel):
    token: str = Field(description="A JWT for `Authorization: Bearer …`, valid for an hour.")
    refresh_token: str | None = Field(
        default=None, description="For `POST /auth/token/refresh`; can be used once."
    )
    expires_in: int = Field(description="The number of seconds until `token` expires.")


class SessionDocument(Document[Session]):
    id: Id
    method: str = Field(examples=["password"])
    address: str | None
    current: bool = Field(description="Whether this is the session of the request.")
    created_at: CreatedAt
    used_at: Annotated[Time, From("use_time")]
    ends_at: Annotated[Time, From("end_time")]
