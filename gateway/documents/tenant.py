"""Tenants."""

from decimal import Decimal
from math import isfinite
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
from gateway.medusa.shapes import Beside, Body, Document, From, optional
from gateway.medusa.values import MOST_EXACT

# The contract's Struct nests three messages per level, and protobuf parses at most a hundred.
_MOST_NESTED = 20


def _storable(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(value, 1) for key, value in settings.items()}


def _plain(value: object, depth: int) -> object:
    """Converts a JSON value for a Struct; refuses a value that the Struct would change."""
    if depth > _MOST_NESTED:
        raise ValueError(f"must not be nested more than {_MOST_NESTED} levels deep")
    match value:
        case dict():
            return {_text(key): _plain(one, depth + 1) for key, one in value.items()}
        case list():
            return [_plain(one, depth + 1) for one in value]
        case str():
            return _text(value)
        case bool() | None:
            return value
        case int() | float() | Decimal():
            return _number(value)
    raise ValueError("must be valid JSON")


def _text(value: str) -> str:
    value.encode()  # an unpaired surrogate, which JSON allows, raises ValueError here
    return value


def _number(value: int | float | Decimal) -> float:
    if isinstance(value, int) and abs(value) > MOST_EXACT:
        raise ValueError("must not contain an integer too large to be stored exactly")
    near = float(value)
    if not isfinite(near):
        raise ValueError("must not contain a number too large to be stored")
    if isinstance(value, Decimal) and Decimal(repr(near)) != value:
        raise ValueError("must not contain a number with too many digits to be stored exactly")
    return near


Settings = Annotated[
    dict[str, Any],
    AfterValidator(_storable),
    Field(description="Custom settings for the tenant's storefront; at most 16 KiB of JSON."),
]
DisplayName = Annotated[str, Field(description="A name for people, 1 to 100 characters.")]
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

    id: Annotated[str, Beside("tenant_id")] = Field(
        description="Lower-case letters, digits and hyphens. Cannot be changed later."
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
    state: Literal["provisioning", "active", "suspended", "archived"]
    plan: Plan
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: Annotated[Time | None, From("delete_time")]
