"""Tenants and their domains."""

from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Literal

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pydantic import AfterValidator, BaseModel, Field
from souk.tenant_registry.v1.tenant_pb2 import Domain, Tenant

from gateway.admin.shapes.scalars import (
    Body,
    CountryCode,
    CurrencyCode,
    Document,
    Etag,
    Time,
    given,
    last_id,
    optional,
    time_json,
)

# The contract's Struct nests three messages per level, and protobuf parses at most a hundred.
_MOST_NESTED = 20
# A Struct's numbers are doubles: a 17-digit id would come back changed.
_MOST_EXACT = 2**53


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
    if isinstance(value, int) and abs(value) > _MOST_EXACT:
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


class TenantCreate(Body):
    """A tenant to create; it starts in the state provisioning."""

    id: str = Field(description="Lower-case letters, digits and hyphens. Cannot be changed later.")
    display_name: DisplayName
    country_code: CountryCode
    currency_code: CurrencyCode
    default_locale: Locale
    supported_locales: list[Locale] = Field([], description="Defaults to the default locale.")
    time_zone: TimeZone = optional(description="Defaults to UTC.")
    capabilities: Capabilities = Field([])
    settings: Settings = Field({})
    cors_origins: Origins = Field([])


class TenantUpdate(Body):
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


class PlanChange(Body):
    """The plan to switch a tenant to."""

    plan: Plan = Field(description="The plan, which sets the tenant's rate limits.")


class TenantDocument(BaseModel):
    """A tenant."""

    id: str = Field(examples=["paris"])
    display_name: str
    country_code: str = Field(description="Lower case.", examples=["fr"])
    currency_code: str = Field(description="Lower case.", examples=["eur"])
    default_locale: str
    supported_locales: list[str]
    time_zone: str
    capabilities: list[str]
    settings: dict[str, Any]
    cors_origins: list[str]
    state: Literal["provisioning", "active", "suspended", "archived"]
    plan: Plan
    etag: Etag
    created_at: Time
    updated_at: Time
    deleted_at: Time | None


class DomainCreate(Body):
    """A host to add to a tenant."""

    host: str = Field(
        description="The host in any spelling; it is normalised.", examples=["shop.example.org"]
    )
    primary: bool = Field(False, description="Whether links to the tenant use this host.")


class DomainDocument(BaseModel):
    """A host that belongs to a tenant."""

    id: str = Field(description="The normalised host in lower-case A-labels.")
    tenant_id: str
    display_host: str = Field(description="The same host in human-readable form.")
    primary: bool
    created_at: Time


def tenant_message(body: TenantCreate | TenantUpdate, name: str = "", etag: str = "") -> Tenant:
    """Converts a body to the contract's tenant."""
    values = given(body)
    values.pop("id", None)
    for code in ("country_code", "currency_code"):
        if code in values:
            values[code] = values[code].upper()
    settings = values.pop("settings", None)
    tenant = Tenant(name=name, etag=etag, **values)
    if settings is not None:
        tenant.settings.CopyFrom(_struct(settings))
    return tenant


def _struct(settings: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(settings)
    return struct


def tenant_json(tenant: Tenant) -> Document:
    """Converts a tenant to the admin API's JSON."""
    return {
        "id": last_id(tenant.name),
        "display_name": tenant.display_name,
        "country_code": tenant.country_code.lower(),
        "currency_code": tenant.currency_code.lower(),
        "default_locale": tenant.default_locale,
        "supported_locales": list(tenant.supported_locales),
        "time_zone": tenant.time_zone,
        "capabilities": list(tenant.capabilities),
        "settings": _whole(MessageToDict(tenant.settings)),
        "cors_origins": list(tenant.cors_origins),
        "state": Tenant.State.Name(tenant.state).removeprefix("STATE_").lower(),
        "plan": Tenant.Plan.Name(tenant.plan).removeprefix("PLAN_").lower(),
        "etag": tenant.etag,
        "created_at": time_json(tenant.create_time),
        "updated_at": time_json(tenant.update_time),
        "deleted_at": time_json(tenant.delete_time) if tenant.HasField("delete_time") else None,
    }


def _whole(value: object) -> object:
    """Restores integers: a Struct turns 3 into 3.0."""
    match value:
        case dict():
            return {key: _whole(one) for key, one in value.items()}
        case list():
            return [_whole(one) for one in value]
        case float() if value.is_integer() and abs(value) <= _MOST_EXACT:
            return int(value)
    return value


def domain_json(domain: Domain) -> Document:
    """Converts a domain to the admin API's JSON."""
    _, tenant_id, _, host = domain.name.split("/")
    return {
        "id": host,
        "tenant_id": tenant_id,
        "display_host": domain.display_host,
        "primary": domain.primary,
        "created_at": time_json(domain.create_time),
    }
