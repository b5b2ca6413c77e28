"""Admin sessions, and the credentials that start them."""

from typing import Annotated

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_service_pb2 import LoginRequest
from souk.tenant_registry.v1.session_service_pb2 import RefreshSessionRequest, Session

from gateway.documents.scalars import CreatedAt, Id, Time
from gateway.medusa.shapes import Body, Document, From
from services.kernel.call.limits import most_characters

# A service counts what it would store: UTF-8 with accents composed.
PASSWORD_BYTES = f"At most {most_characters(LoginRequest, 'password'):,} bytes."


class Credentials(Body[LoginRequest]):
    email: str = Field(description="Case-insensitive.", examples=["admin@example.com"])
    password: str = Field(description=PASSWORD_BYTES)
    totp: str | None = Field(
        default=None,
        description="A second-factor code or recovery code, if the second factor is on.",
    )


class Refresh(Body[RefreshSessionRequest]):
    refresh_token: str | None = None


class TokenAnswer(BaseModel):
    token: str = Field(description="A JWT for `Authorization: Bearer …`, valid for an hour.")
    refresh_token: str | None = Field(
        default=None, description="For `POST /auth/token/refresh`; can be used once."
    )
    expires_in: int = Field(description="The number of seconds until `token` expires.")


class CookieUser(BaseModel):
    """Who the cookie stands for, in Medusa's words for it."""

    actor_id: str = Field(description="The id of the user or customer; empty before there is one.")
    actor_type: str = Field(description="`user` or `customer`.", examples=["user"])
    auth_identity_id: str = Field(description="A customer's identity; of a user, their id again.")
    app_metadata: dict[str, str] = Field(examples=[{"user_id": "user_01J"}])


class CookieSessionAnswer(BaseModel):
    user: CookieUser

    @classmethod
    def of(cls, user_id: str) -> dict[str, object]:
        user = CookieUser(
            actor_id=user_id,
            actor_type="user",
            auth_identity_id=user_id,
            app_metadata={"user_id": user_id},
        )
        return cls(user=user).model_dump()

    @classmethod
    def of_customer(cls, identity_id: str, customer_id: str) -> dict[str, object]:
        user = CookieUser(
            actor_id=customer_id,
            actor_type="customer",
            auth_identity_id=identity_id,
            app_metadata={"customer_id": customer_id} if customer_id else {},
        )
        return cls(user=user).model_dump()


class SessionDocument(Document[Session]):
    id: Id
    method: str = Field(examples=["password"])
    address: str | None
    current: bool = Field(description="Whether this is the session of the request.")
    created_at: CreatedAt
    used_at: Annotated[Time, From("use_time")]
    ends_at: Annotated[Time, From("end_time")]
