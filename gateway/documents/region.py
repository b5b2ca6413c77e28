"""Where a tenant sells, as Medusa's regions."""

from typing import Annotated

from pydantic import Field
from souk.commerce.v1.region_service_pb2 import Region

from gateway.documents.scalars import (
    CountryCode,
    CurrencyCode,
    Etag,
    Id,
    LowerCode,
    Metadata,
    NeverDeleted,
    Time,
)
from gateway.medusa.shapes import WHOLE, Body, Document, From, optional
from gateway.medusa.values import last_id
from services.values.cart_documents import MarketCountry
from services.values.countries import country_of_region
from services.values.market_documents import PaymentProvider

PREFIX = "reg_"


def region_id(tenant: str) -> str:
    """Returns the id of the region that a tenant has by its settings, from its id or name."""
    return f"{PREFIX}{last_id(tenant)}"


def _countries(region: Region) -> list[dict[str, str]]:
    return [country_of_region(code, last_id(region.name)) for code in region.countries]


def _provider(id_: str) -> dict[str, object]:
    return {"id": id_, "is_enabled": True}


class RegionDocument(Document[Region]):
    """Countries that a tenant sells to in one currency."""

    id: Id = Field(examples=["reg_paris"])
    name: Annotated[str, From("display_name")] = Field(examples=["France"])
    currency_code: LowerCode = Field(examples=["eur"])
    automatic_taxes: bool
    is_tax_inclusive: Annotated[bool, From("includes_tax")]
    countries: Annotated[list[MarketCountry], From(WHOLE, _countries)]
    payment_providers: Annotated[list[PaymentProvider], From(read=_provider)]
    metadata: Metadata | None
    etag: Etag
    created_at: Annotated[Time | None, From("create_time")] = Field(
        description="null for the region that a tenant has by its settings."
    )
    updated_at: Annotated[Time | None, From("update_time")]
    deleted_at: NeverDeleted


Name = Annotated[str, From("display_name"), Field(description="Not empty.")]


class RegionUpdate(Body[Region]):
    """The fields of a region to update."""

    name: Name = optional()
    currency_code: CurrencyCode = optional()
    countries: list[CountryCode] = optional(
        description="ISO 3166-1 alpha-2, case-insensitive; none is in two regions."
    )
    automatic_taxes: bool = optional(description="By default true.")
    is_tax_inclusive: Annotated[bool, From("includes_tax")] = optional()
    payment_providers: list[str] = optional(
        description="Of pp_system_default and, where it is set up, pp_stripe_stripe; or none."
    )
    metadata: Metadata | None = None


class RegionCreate(RegionUpdate):
    """A region to create."""

    name: Name
    currency_code: CurrencyCode
