"""Invites by e-mail to a role."""

from typing import Annotated

from pydantic import Field
from souk.tenant_registry.v1.invite_service_pb2 import (
    AcceptInviteRequest,
    AcceptOwnInviteRequest,
    Invite,
)

from gateway.documents.scalars import CreatedAt, Id, Time, reference
from gateway.medusa.shapes import Body, Document, From
from gateway.medusa.values import last_id


class InviteDocument(Document[Invite]):
    id: Id
    email: str
    role: Annotated[str, reference("role", to="roles")] = Field(examples=["TenantAdmin"])
    reason: str
    invited_by: Annotated[str, From(read=last_id)] = Field(
        description="The id of the admin who sent the invite."
    )
    created_at: CreatedAt
    expires_at: Annotated[Time, From("end_time")]


class InviteCreate(Body[Invite]):
    email: str = Field(max_length=254)
    role: Annotated[str, reference("role", to="roles")] = Field(
        max_length=100, examples=["TenantAdmin"]
    )
    reason: str = Field(max_length=500)


class InviteAccept(Body[AcceptInviteRequest]):
    token: str = Field(max_length=100, description="The token from the e-mail.")
    password: str = Field(
        max_length=1024,
        description="A password for the new account, or the current one of an existing account.",
    )
    first_name: str = Field(default="", max_length=100)
    last_name: str = Field(default="", max_length=100)
    totp: str | None = Field(default=None, max_length=32)


class OwnInviteAccept(Body[AcceptOwnInviteRequest]):
    token: str = Field(
        max_length=100, description="The token from the e-mail to the admin's address."
    )
