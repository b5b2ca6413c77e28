"""Where a tenant charges taxes and at which rates, in Medusa's shape."""

from decimal import Decimal
from typing import Annotated, Literal

import orjson
from pydantic import BeforeValidator, Field, WithJsonSchema
from souk.commerce.v1.tax_rate_service_pb2 import TaxRate, TaxRateRule
from souk.commerce.v1.tax_region_service_pb2 import TaxRegion

from gateway.documents.scalars import (
    CountryCode,
    CreatedAt,
    Etag,
    Id,
    LowerCode,
    Metadata,
    NeverDeleted,
    UpdatedAt,
    exact,
)
from gateway.medusa.shapes import Body, Document, From, NotInMessage, optional

_RATE = "In per cent, with at most four decimal places; null counts as 0."

# Exact both ways: 19.6 is written and read digit for digit.
Rate = Annotated[
    Decimal,
    BeforeValidator(exact),
    From("percent", read=orjson.Fragment, write=str),
    Field(description=_RATE),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100, "examples": [19.6]}),
]
RateJson = Annotated[
    float, From("percent", read=orjson.Fragment), Field(description=_RATE, examples=[19.6])
]
Name = Annotated[str, From("display_name"), Field(examples=["TVA"])]
Code = Annotated[str, From("tax_code"), Field(examples=["vat-20"])]
Reference = Literal["product", "product_type", "shipping_option"]


class TaxRateRuleDocument(Document[TaxRateRule]):
    """One thing that a rate is for."""

    reference: Reference
    reference_id: str


class TaxRateDocument(Document[TaxRate]):
    """What is due of a price: for what its rules name or, by default, for all else."""

    id: Id
    tax_region_id: str
    name: Name
    code: Code
    rate: RateJson | None
    is_default: bool
    is_combinable: bool = Field(
        description="Whether the country's rate is added to it; else a province's stands alone."
    )
    rules: list[TaxRateRuleDocument]
    metadata: Metadata | None
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class TaxRegionDocument(Document[TaxRegion]):
    """A country, or a province of one, in which taxes are charged."""

    id: Id
    country_code: LowerCode = Field(examples=["fr"])
    province_code: Annotated[str | None, From(read=str.lower)] = Field(
        description="ISO 3166-2, lower case; null for a country.", examples=["ca-on"]
    )
    parent_id: str | None = Field(description="The country's tax region; null for a country.")
    provider_id: str | None = Field(description="tp_system; null for a province.")
    tax_rates: list[TaxRateDocument]
    metadata: Metadata | None
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class TaxRateRuleBody(Body[TaxRateRule]):
    """One thing that a rate is for."""

    reference: Reference
    reference_id: str


class DefaultTaxRate(Body[TaxRate]):
    """The rate for all that has none of its own."""

    name: Name
    code: Code
    rate: Rate | None = None
    is_combinable: bool = optional(
        description="Of a province: whether the country's is added to it."
    )
    metadata: Metadata | None = None


class TaxRateUpdate(Body[TaxRate]):
    """The fields of a rate to update."""

    name: Name = optional()
    code: Code = optional()
    rate: Rate | None = None
    is_default: bool = optional(description="One rate of a tax region is.")
    is_combinable: bool = optional(
        description="Of a province: whether the country's is added to it."
    )
    rules: list[TaxRateRuleBody] = optional(description="What it is for; they replace the old.")
    metadata: Metadata | None = None


class TaxRateCreate(TaxRateUpdate):
    """A rate to create."""

    name: Name
    code: Code
    tax_region_id: str


class TaxRegionUpdate(Body[TaxRegion]):
    """The fields of a tax region to update."""

    province_code: Annotated[str | None, From(write=str.upper)] = Field(
        None, description="It cannot be changed."
    )
    provider_id: str | None = Field(None, description="tp_system; none for a province.")
    metadata: Metadata | None = None


class TaxRegionCreate(TaxRegionUpdate):
    """A tax region to create."""

    country_code: CountryCode
    province_code: Annotated[str | None, From(write=str.upper)] = Field(
        None, description="ISO 3166-2, or what follows the country in it.", examples=["ca-on"]
    )
    parent_id: str | None = Field(None, description="Of a province: its country's tax region.")
    default_tax_rate: Annotated[DefaultTaxRate | None, NotInMessage()] = None
