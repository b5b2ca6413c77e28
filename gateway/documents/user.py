"""Users: the admins of the platform and its tenants."""

from typing import Annotated

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_service_pb2 import Admin
from souk.tenant_registry.v1.admin_service_pb2 import TenantAdmin

from gateway.documents.scalars import CreatedAt, Id, Time, UpdatedAt
from gateway.medusa.shapes import Body, Document, From, optional
from gateway.medusa.values import last_id


class UserUpdate(Body[Admin]):
    """The fields of an admin to update. null clears a field."""

    email: str = optional()
    first_name: str | None = None
    last_name: str | None = None


class UserCreate(Body[Admin]):
    """An admin to create, without roles; a password reset lets them log in."""

    email: str = Field(description="Case-insensitive; unique on the platform.")
    first_name: str | None = None
    last_name: str | None = None


class UserDocument(Document[Admin]):
    """An admin."""

    id: Id
    email: str
    first_name: str | None
    last_name: str | None
    created_at: CreatedAt
    updated_at: UpdatedAt
    deactivated_at: Annotated[Time | None, From("deactivate_time")] = Field(
        description="When the admin was deactivated; else null."
    )


class UserAnswer(BaseModel):
    user: UserDocument


class TenantUserDocument(Document[TenantAdmin]):
    """An admin as a tenant sees them."""

    id: Annotated[str, From("admin.name", last_id)]
    email: Annotated[str, From("admin.email")]
    first_name: Annotated[str | None, From("admin.first_name")]
    last_name: Annotated[str | None, From("admin.last_name")]
    created_at: Annotated[Time, From("admin.create_time")]
    updated_at: Annotated[Time, From("admin.update_time")]
    deactivated_at: Annotated[Time | None, From("admin.deactivate_time")] = Field(
        description="When the admin was deactivated; else null."
    )
    roles: Annotated[list[str], From(read=last_id)] = Field(
        description="The ids of the admin's roles at this tenant."
    )
