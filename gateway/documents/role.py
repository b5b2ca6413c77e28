"""Roles, and what a change of somebody's roles does."""

from typing import Annotated

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.assignment_service_pb2 import Effect
from souk.tenant_registry.v1.role_service_pb2 import Policy, Role

from gateway.documents.scalars import Etag, Id, Time, ValidateOnly
from gateway.medusa.shapes import Body, Document, From, NotInMessage, optional
from gateway.medusa.values import last_id, tenant_of


class EffectDocument(Document[Effect]):
    """A change of an admin's permissions at one place."""

    user_id: Annotated[str, From("admin", last_id)]
    tenant_id: Annotated[str | None, From("place", last_id)] = Field(
        description="null: the platform; -: every tenant where the admin has no role of its own."
    )
    gained: list[str]
    lost: list[str]


class EndedDocument(BaseModel):
    """The result of revoking a role or deactivating an admin."""

    id: str
    object: str = Field(examples=["assignment"])
    deleted: bool = Field(description="false for validate_only.")
    effects: list[EffectDocument]


class PolicyDocument(Document[Policy]):
    """The permissions that a role grants at one reach."""

    id: str
    reach: Annotated[str, From(read=str.lower)] = Field(description="platform or tenant.")
    permissions: list[str] = Field(description="`*` stands for every noun or verb.")
    description: str


class RoleDocument(Document[Role]):
    """A role: built in, or a tenant's own."""

    id: Id
    tenant_id: Annotated[str | None, From("name", tenant_of)] = Field(
        description="null for a built-in role."
    )
    display_name: str
    description: str
    policies: list[PolicyDocument]
    etag: Etag | None
    created_at: Annotated[Time | None, From("create_time")]
    updated_at: Annotated[Time | None, From("update_time")]
    effects: Annotated[list[EffectDocument] | None, NotInMessage()] = Field(
        description="What the update changed, or would change, for up to 50 holders; null in reads."
    )


class RoleCreate(Body[Role]):
    """A role to create for one tenant."""

    display_name: str = Field(description="A name for people; not empty.")
    description: str = ""
    permissions: list[str] = Field(
        description="At most those of a TenantAdmin; the caller must hold them without an end.",
    )


class RoleUpdate(Body[Role]):
    """The fields of a tenant's role to update."""

    display_name: str = optional()
    description: str | None = None
    permissions: list[str] = optional()
    validate_only: ValidateOnly = False
