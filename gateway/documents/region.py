"""A tenant's market as Medusa's region."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from gateway.documents.scalars import CreatedAt, LowerCode, Time, UpdatedAt
from gateway.medusa.shapes import WHOLE, Document, From
from gateway.medusa.values import last_id
from services.values.countries import name_of

PREFIX = "reg_"


def region_id(tenant: str) -> str:
    """Returns the id of a tenant's region, from the tenant's id or name."""
    return f"{PREFIX}{last_id(tenant)}"


class RegionCountry(BaseModel):
    iso_2: str = Field(description="ISO 3166-1 alpha-2, lower case.", examples=["fr"])
    name: str
    display_name: str
    region_id: str


def _countries(tenant: Tenant) -> list[dict[str, str]]:
    name = name_of(tenant.country_code)
    return [
        {
            "iso_2": tenant.country_code.lower(),
            "name": name.upper(),
            "display_name": name,
            "region_id": region_id(tenant.name),
        }
    ]


class RegionDocument(Document[Tenant]):
    """The country and the currency in which a tenant sells; each tenant has exactly one region."""

    id: Annotated[str, From("name", region_id)] = Field(examples=["reg_paris"])
    name: Annotated[str, From("country_code", name_of)] = Field(examples=["France"])
    currency_code: LowerCode = Field(examples=["eur"])
    automatic_taxes: Annotated[bool, From(WHOLE, lambda _: False)]
    countries: Annotated[list[RegionCountry], From(WHOLE, _countries)]
    payment_providers: Annotated[list[Any], From(WHOLE, lambda _: [])] = Field(
        description="Empty: there are no payments yet."
    )
    metadata: Annotated[dict[str, Any] | None, From(WHOLE, lambda _: None)]
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: Annotated[Time | None, From("delete_time")]
