"""The roles that admins hold."""

from typing import Annotated

from pydantic import Field
from souk.tenant_registry.v1.assignment_service_pb2 import Assignment

from gateway.documents.role import EffectDocument
from gateway.documents.scalars import CreatedAt, Id, Moment, Time, ValidateOnly, reference
from gateway.medusa.shapes import Body, Document, From, NotInMessage, optional
from gateway.medusa.values import tenant_of

UserId = reference("admin", to="admins")
RoleId = reference("role", to="roles")


class AssignmentCreate(Body[Assignment]):
    """A role to assign to an admin."""

    user_id: Annotated[str, UserId] = Field(
        description="The admin who receives the role; not the caller."
    )
    role: Annotated[str, RoleId] = Field(
        description="The role's id; the caller must hold it here.",
        examples=["OrderOps"],
    )
    reason: str = Field(description="Why it is given; not empty.")
    from_: Annotated[Moment, From("from_time")] = optional(
        alias="from", description="Defaults to now."
    )
    until: Annotated[Moment | None, From("until_time")] = Field(
        None, description="Defaults to no end."
    )
    validate_only: ValidateOnly = False


class AssignmentDocument(Document[Assignment]):
    """A role that an admin holds, held or will hold."""

    id: Id
    user_id: Annotated[str, UserId]
    role: Annotated[str, RoleId]
    tenant_id: Annotated[str | None, From("name", tenant_of)] = Field(
        description="null when the role applies everywhere."
    )
    from_: Annotated[Time, From("from_time")] = Field(alias="from")
    until: Annotated[Time | None, From("until_time")]
    reason: str
    granted_by: str = Field(description="The resource name of the admin who assigned it.")
    created_at: CreatedAt
    revoked_at: Annotated[Time | None, From("revoke_time")]
    revoked_by: str | None
    revoke_reason: str | None = Field(description="null when no reason was given.")
    effects: Annotated[list[EffectDocument] | None, NotInMessage()] = Field(
        description="What the assignment changed, or would change; null in reads."
    )
