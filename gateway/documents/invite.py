"""Invites by e-mail to a role."""

from typing import Annotated

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.invite_service_pb2 import (
    AcceptInviteRequest,
    AcceptOwnInviteRequest,
    Invite,
    RegisterRequest,
)

from gateway.documents.account import NewPassword
from gateway.documents.scalars import CreatedAt, Id, Time, reference
from gateway.medusa.shapes import Body, Document, From, optional
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
    email: str
    role: Annotated[str, reference("role", to="roles")] = Field(examples=["TenantAdmin"])
    reason: str = Field(description="Why the role is given; not empty.")


class Registration(Body[RegisterRequest]):
    email: str = Field(description="The invited address.")
    password: NewPassword


class RegistrationAnswer(BaseModel):
    token: str = Field(description="For accepting an invite, as Bearer; valid for 15 minutes.")


class InviteAccept(Body[AcceptInviteRequest]):
    token: str | None = Field(
        default=None, description="The token from the e-mail, unless it is in the query."
    )
    password: str | None = Field(
        default=None,
        description="A password for the new account, or the current one of an existing account;"
        " not needed with a Bearer token.",
    )
    email: str = optional(description="The invited address, and no other.")
    first_name: str | None = ""
    last_name: str | None = ""
    totp: str | None = None


class OwnInviteAccept(Body[AcceptOwnInviteRequest]):
    token: str = Field(description="The token from the e-mail to the admin's address.")
