"""Users, and the tenant context of a request."""

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_service_pb2 import Admin

from gateway.admin.shapes.scalars import (
    Body,
    Document,
    Time,
    last_id,
    moment_json,
    optional,
    time_json,
)
from gateway.tenancy import KnownTenant


class UserDocument(BaseModel):
    """An admin."""

    id: str
    email: str
    first_name: str | None
    last_name: str | None
    created_at: Time
    updated_at: Time
    deactivated_at: Time | None = Field(description="When the admin was deactivated; else null.")


class UserCreate(Body):
    """An admin to create, without roles; a password reset lets them log in."""

    email: str = Field(description="Case-insensitive; unique on the platform.")
    first_name: str | None = Field(None, description="At most 100 characters.")
    last_name: str | None = Field(None, description="At most 100 characters.")


class UserUpdate(Body):
    """The fields of an admin to update. null clears a field."""

    email: str = optional()
    first_name: str | None = None
    last_name: str | None = None


class TenantUserDocument(UserDocument):
    """An admin as a tenant sees them."""

    roles: list[str] = Field(description="The ids of the admin's roles at this tenant.")


class KnownTenantDocument(BaseModel):
    """A tenant as the gateway knows it."""

    id: str
    display_name: str
    country_code: str = Field(description="Lower case.")
    currency_code: str = Field(description="Lower case.")
    default_locale: str
    supported_locales: list[str]
    time_zone: str
    capabilities: list[str]
    state: str
    hosts: list[str] = Field(description="The tenant's normalised hosts, primary first.")


class ContextDocument(BaseModel):
    """The tenant of this request, how it was determined, and the caller's permissions there."""

    tenant: KnownTenantDocument
    source: str = Field(
        description="host, prefix, header, publishable_key or fallback.", examples=["host"]
    )
    user: UserDocument | None = Field(description="null for an API key.")
    permissions: list[str] = Field(examples=[["listing:read", "listing:write"]])
    roles: list[str] = Field(examples=[["TenantAdmin"]])


def user_json(admin: Admin) -> Document:
    """Converts an admin to Medusa's user."""
    return {
        "id": last_id(admin.name),
        "email": admin.email,
        "first_name": admin.first_name or None,
        "last_name": admin.last_name or None,
        "created_at": time_json(admin.create_time),
        "updated_at": time_json(admin.update_time),
        "deactivated_at": moment_json(admin, "deactivate_time"),
    }


def known_tenant_json(tenant: KnownTenant) -> Document:
    """Converts the gateway's view of a tenant to JSON."""
    return {
        "id": tenant.id,
        "display_name": tenant.display_name,
        "country_code": tenant.country_code.lower(),
        "currency_code": tenant.currency_code.lower(),
        "default_locale": tenant.default_locale,
        "supported_locales": list(tenant.supported_locales),
        "time_zone": tenant.time_zone,
        "capabilities": list(tenant.capabilities),
        "state": tenant.state,
        "hosts": list(tenant.hosts),
    }
