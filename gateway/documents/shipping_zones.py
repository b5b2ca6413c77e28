"""Where a tenant ships to, in Medusa's shape: profiles of goods, and sets of zones."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field
from souk.commerce.v1 import fulfillment_set_service_pb2 as set_pb
from souk.commerce.v1 import shipping_profile_service_pb2 as profile_pb

from gateway.documents.scalars import (
    CountryCode,
    CreatedAt,
    Etag,
    Id,
    LowerCode,
    Metadata,
    NeverDeleted,
    UpdatedAt,
)
from gateway.medusa.shapes import Body, Document, From, optional

Name = Annotated[str, From("display_name"), Field(description="Not empty; none has it twice.")]
AreaType = Literal["country", "province", "city", "zip"]


class ProfileDocument(Document[profile_pb.ShippingProfile]):
    """Goods that are shipped by the same options."""

    id: Id = Field(examples=["sp_01J0000000000000000000000"])
    name: Annotated[str, From("display_name")]
    type: str = Field(description="By which products name it in each shop.", examples=["default"])
    metadata: Metadata | None
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class ProfileUpdate(Body[profile_pb.ShippingProfile]):
    """The fields of a shipping profile to update."""

    name: Name = optional()
    type: str = optional()
    metadata: Metadata | None = None


class ProfileCreate(ProfileUpdate):
    """A shipping profile to create."""

    name: Name
    type: str


class GeoZoneDocument(Document[set_pb.GeoZone]):
    """A country, or as much of it as is given."""

    id: str
    type: AreaType
    country_code: LowerCode
    province_code: Annotated[str | None, From("province")]
    city: str | None
    postal_expression: Annotated[str | None, From("postal_code")]


class GeoZoneBody(Body[set_pb.GeoZone]):
    """A country, or as much of it as is given; what is finer needs what is coarser."""

    id: str = optional(description="One of the zone's own keeps it.")
    type: AreaType = optional(description="By default the finest that is given.")
    country_code: CountryCode
    province_code: Annotated[str | None, From("province")] = Field(
        None, description="As addresses write it."
    )
    city: str | None = None
    postal_expression: Annotated[str | None, From("postal_code")] = Field(
        None, description="One postal code, which must be the address's."
    )


class ServiceZoneDocument(Document[set_pb.ServiceZone]):
    """Areas that are shipped to by the same options."""

    id: Id = Field(examples=["serzo_01J0000000000000000000000"])
    name: Annotated[str, From("display_name")]
    geo_zones: list[GeoZoneDocument]
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class ServiceZoneUpdate(Body[set_pb.ServiceZone]):
    """The fields of a service zone to update; its areas are replaced."""

    name: Name = optional()
    geo_zones: list[GeoZoneBody] = optional()


class ServiceZoneCreate(ServiceZoneUpdate):
    """A service zone to add to a fulfillment set."""

    name: Name


class LocationRef(BaseModel):
    id: str = Field(examples=["sloc_paris"])


def _location(id_: str) -> dict[str, str] | None:
    return {"id": id_} if id_ else None


class FulfillmentSetDocument(Document[set_pb.FulfillmentSet]):
    """A way of handing goods over, with the zones that it serves."""

    id: Id = Field(examples=["fuset_01J0000000000000000000000"])
    name: Annotated[str, From("display_name")]
    type: str = Field(examples=["shipping"])
    location: Annotated[LocationRef | None, From("stock_location_id", _location)] = Field(
        description="From where goods are handed over; null if that may be anywhere."
    )
    service_zones: list[ServiceZoneDocument]
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class FulfillmentSetCreate(Body[set_pb.FulfillmentSet]):
    """A fulfillment set to create."""

    name: Name
    type: str = Field(description="shipping or pickup.", examples=["shipping"])
