"""Temporary access to tenants, and explanations of permissions."""

from typing import Annotated

from pydantic import Field
from souk.tenant_registry.v1.access_grant_service_pb2 import AccessGrant
from souk.tenant_registry.v1.access_service_pb2 import Explanation

from gateway.documents.scalars import CreatedAt, Id, Time, reference
from gateway.documents.user import UserDocument
from gateway.medusa.shapes import Body, Document, From, NotInMessage
from gateway.medusa.values import last_id, tenant_of


class AccessGrantCreate(Body[AccessGrant]):
    """A request for temporary access to a tenant."""

    reason: str = Field(description="Not empty; the tenant can read it.")
    minutes: Annotated[int, NotInMessage("ttl")] = Field(description="1 to 15.")


class AccessGrantDocument(Document[AccessGrant]):
    """Temporary access of an admin to a tenant."""

    id: Id
    tenant_id: Annotated[str, From("name", tenant_of)]
    user_id: Annotated[str, reference("admin", to="admins")]
    reason: str
    created_at: CreatedAt
    expires_at: Annotated[Time, From("expire_time")]
    ended_at: Annotated[Time | None, From("end_time")] = Field(
        description="When it was ended early; else null."
    )
    ended_by: str | None = Field(description="The resource name of the admin who ended it early.")


class ReasonDocument(Document[Explanation.Reason]):
    """What one role or access grant contributes to the verdict."""

    id: Annotated[str, From("source", last_id)] = Field(
        description="The id of the assignment or access grant."
    )
    tenant_id: Annotated[str | None, From("source", tenant_of)]
    role: Annotated[str | None, reference("role", to="roles")]
    verdict: str = Field(examples=["COUNTS", "EXPIRED"])


class ExplanationDocument(Document[Explanation]):
    """Whether an admin has the permission, and why."""

    user: Annotated[UserDocument, From("admin")]
    allowed: bool
    reasons: list[ReasonDocument]
