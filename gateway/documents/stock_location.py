"""Where a tenant keeps its goods, as Medusa's stock locations."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from souk.commerce.v1.stock_location_service_pb2 import StockLocation, StockLocationAddress

from gateway.documents.scalars import CountryCode, Etag, Id, LowerCode, Metadata, NeverDeleted, Time
from gateway.documents.shipping_zones import FulfillmentSetDocument
from gateway.medusa.shapes import Body, Document, From, NotInMessage, optional


class StockLocationAddressDocument(Document[StockLocationAddress]):
    """Where goods are sent from."""

    address_1: str
    address_2: str | None
    company: str | None
    city: str | None
    country_code: LowerCode = Field(examples=["fr"])
    province: str | None
    postal_code: str | None
    phone: str | None


class ChannelRef(BaseModel):
    id: str = Field(examples=["sc_paris"])
    name: str


class ProviderRef(BaseModel):
    id: str = Field(examples=["manual_manual"])
    is_enabled: bool


class StockLocationDocument(Document[StockLocation]):
    """A place where a tenant keeps its goods."""

    id: Id = Field(examples=["sloc_paris"])
    name: Annotated[str, From("display_name")] = Field(examples=["Main location"])
    address: StockLocationAddressDocument | None
    metadata: Metadata | None
    etag: Etag
    created_at: Annotated[Time | None, From("create_time")] = Field(
        description="null for the location that a tenant has before it sets up any."
    )
    updated_at: Annotated[Time | None, From("update_time")]
    deleted_at: NeverDeleted
    sales_channels: Annotated[list[ChannelRef], NotInMessage()] = Field(
        [], description="The tenant's; only with `fields`."
    )
    fulfillment_providers: Annotated[list[ProviderRef], NotInMessage()] = Field(
        [], description="All that there are; only with `fields`."
    )
    fulfillment_sets: list[FulfillmentSetDocument] = Field(
        [], description="How goods are handed over from there; only with `fields`."
    )


class StockLocationAddressBody(Body[StockLocationAddress]):
    """Where goods are sent from."""

    address_1: str
    country_code: CountryCode
    address_2: str | None = None
    company: str | None = None
    city: str | None = None
    province: str | None = None
    postal_code: str | None = None
    phone: str | None = None


Name = Annotated[str, From("display_name"), Field(description="Not empty.")]


class StockLocationUpdate(Body[StockLocation]):
    """The fields of a stock location to update; an address is replaced as a whole."""

    name: Name = optional()
    address: StockLocationAddressBody | None = None
    metadata: Metadata | None = None


class StockLocationCreate(StockLocationUpdate):
    """A stock location to create."""

    name: Name


class LinksOfLocation(BaseModel):
    """What to link with a location, and what to part from it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    add: list[str] = Field([], max_length=200)
    remove: list[str] = Field([], max_length=200)
