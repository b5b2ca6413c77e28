"""Tenants."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from souk.tenant_registry.v1.tenant_pb2 import Tenant
from souk.tenant_registry.v1.tenant_registry_service_pb2 import ChangeTenantPlanRequest

from gateway.documents.scalars import (
    CountryCode,
    CreatedAt,
    CurrencyCode,
    Etag,
    Id,
    LowerCode,
    Time,
    UpdatedAt,
)
from gateway.medusa.json_objects import storable
from gateway.medusa.shapes import Body, Document, From, NotInMessage, optional
from services.kernel.process.tenant_ids import RULE

Settings = Annotated[
    dict[str, Any],
    AfterValidator(storable),
    Field(description="Custom settings for the tenant's storefront; at most 16 KiB of JSON."),
]
DisplayName = Annotated[str, Field(description="A name for people; not empty.")]
Locale = Annotated[
    str, Field(description="A BCP 47 tag, for example fr or fr-TN.", examples=["fr"])
]
TimeZone = Annotated[str, Field(description="An IANA time zone.", examples=["Africa/Tunis"])]
Origins = Annotated[
    list[str],
    Field(
        description="Web origins, besides the tenant's own hosts, whose pages may call the API.",
        examples=[["http://localhost:3000"]],
    ),
]
Plan = Literal["trial", "standard", "large", "unlimited"]
Capabilities = Annotated[
    list[str], Field(description="The features that the tenant may use, as lower-case words.")
]


class TenantCreate(Body[Tenant]):
    """A tenant to create; it starts in the state provisioning."""

    id: Annotated[str, NotInMessage("tenant_id")] = Field(
        description=f"It {RULE}. It cannot be changed later."
    )
    display_name: DisplayName
    country_code: CountryCode
    currency_code: CurrencyCode
    default_locale: Locale
    supported_locales: list[Locale] = Field([], description="Defaults to the default locale.")
    time_zone: TimeZone = optional(description="Defaults to UTC.")
    capabilities: Capabilities = Field([])
    settings: Settings = Field({})
    cors_origins: Origins = Field([])
    description: str = Field("")


class TenantUpdate(Body[Tenant]):
    """The fields of a tenant to update. null clears a field."""

    display_name: DisplayName = optional()
    country_code: CountryCode = optional()
    currency_code: CurrencyCode = optional(
        description="Cannot be changed; sending another currency is an error."
    )
    default_locale: Locale = optional()
    supported_locales: list[Locale] = optional()
    time_zone: TimeZone = optional()
    capabilities: Capabilities | None = None
    settings: Settings | None = None
    cors_origins: Origins | None = None
    description: str | None = None


class PlanChange(Body[ChangeTenantPlanRequest]):
    """The plan to switch a tenant to."""

    plan: Plan = Field(description="The plan, which sets the tenant's rate limits.")


class TenantDocument(Document[Tenant]):
    """A tenant."""

    id: Id = Field(examples=["paris"])
    display_name: str
    country_code: LowerCode = Field(examples=["fr"])
    currency_code: LowerCode = Field(examples=["eur"])
    default_locale: str
    supported_locales: list[str]
    time_zone: str
    capabilities: list[str]
    settings: dict[str, Any]
    cors_origins: list[str]
    description: str | None
    state: Literal["provisioning", "active", "suspended", "archived"]
    plan: Plan
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: Annotated[Time | None, From("delete_time")]
