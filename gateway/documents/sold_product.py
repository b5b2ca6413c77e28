"""Products together with the sales channels in which they are sold."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.documents.product import ProductDocument
from gateway.documents.product_bodies import ProductCreate, ProductUpdate
from gateway.documents.sales_channel import SalesChannelDocument
from gateway.medusa.shapes import NotInMessage, optional


class ChannelRef(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(examples=["sc_hq"])


Channels = Annotated[list[ChannelRef], NotInMessage()]
_CHANNELS = optional(
    description="All channels in which it is to be sold, of those that you may see: the tenants are"
    " opted in and out. Without it, nothing changes; a new product is sold by the head office.",
)


class SoldProductUpdate(ProductUpdate):
    """The fields of a product to update. null clears a field; a list replaces the old one."""

    sales_channels: Channels = _CHANNELS


class SoldProductCreate(ProductCreate):
    """A product to create; its status defaults to draft."""

    sales_channels: Channels = _CHANNELS


class SoldProductDocument(ProductDocument):
    """A product of the master catalogue."""

    sales_channels: Annotated[list[SalesChannelDocument], NotInMessage()] = Field(
        [], description="Where it is sold, of the tenants that you may see; only with `fields`."
    )
