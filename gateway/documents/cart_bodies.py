"""What shoppers' clients send of carts, in Medusa's shape."""

from typing import Annotated, Any

from google.protobuf.field_mask_pb2 import FieldMask
from pydantic import Field
from souk.commerce.v1 import cart_pb2 as pb
from souk.commerce.v1.store_cart_service_pb2 import (
    AddCartPromotionsRequest,
    RemoveCartPromotionsRequest,
    UpdateCartItemRequest,
)
from souk.commerce.v1.store_checkout_service_pb2 import (
    CreatePaymentCollectionRequest,
    CreatePaymentSessionRequest,
)
from souk.commerce.v1.store_shipping_service_pb2 import (
    CalculateShippingOptionRequest,
    ChooseShippingOptionRequest,
)

from gateway.documents.scalars import CountryCode, Metadata
from gateway.medusa.filters import Locale
from gateway.medusa.shapes import Body, From, NotInMessage, optional
from services.kernel.call.errors import invalid

VariantId = Annotated[str, Field(examples=["variant_01J0000000000000000000000"])]
Quantity = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, description="A whole number.")]


def _tag(locale: str) -> str:
    if problem := Locale().problem(locale):
        raise invalid("FIELD_INVALID", {"": problem})
    return locale


class AddressBody(Body[pb.Address]):
    """Where the order goes, or who pays. What is left out stays; null clears a field."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    city: str | None = None
    country_code: CountryCode | None = None
    province: str | None = None
    postal_code: str | None = None
    phone: str | None = None
    metadata: Metadata | None = None

    def to_message(self, **more: object) -> pb.Address:
        return super().to_message(update_mask=FieldMask(paths=self.to_mask().paths), **more)


class CartItemBody(Body[pb.CartItem]):
    """A variant to put into the cart."""

    variant_id: VariantId
    quantity: Quantity
    metadata: Metadata | None = None


class CartItemUpdate(Body[UpdateCartItemRequest]):
    """The fields of a line to update."""

    quantity: Quantity = optional(description="A whole number; 0 removes the line.")
    metadata: Metadata | None = None


class CartUpdate(Body[pb.Cart]):
    """The fields of a cart to update. null clears a field."""

    region_id: str = optional()
    email: str | None = None
    shipping_address: AddressBody | None = None
    billing_address: AddressBody | None = None
    sales_channel_id: Annotated[str | None, NotInMessage()] = Field(
        None, description="That of this shop, which is the only one."
    )
    promo_codes: list[str] = optional(
        description="Codes of promotions; they replace those that the cart has."
    )
    locale: Annotated[str | None, From(write=_tag)] = Field(
        None, description="A BCP 47 tag, for example fr or fr-TN.", examples=["fr"]
    )
    metadata: Metadata | None = None


class CartCreate(CartUpdate):
    """A cart to start."""

    items: Annotated[list[CartItemBody] | None, NotInMessage()] = None
    currency_code: Annotated[str | None, NotInMessage()] = Field(
        None, description="That of the region."
    )


class PromotionsToAdd(Body[AddCartPromotionsRequest]):
    """Codes of promotions to add. Case, width and surrounding space do not count."""

    promo_codes: list[str] = Field(examples=[["SUMMER20"]])


class PromotionsToRemove(Body[RemoveCartPromotionsRequest]):
    """Codes of promotions to remove."""

    promo_codes: list[str] = Field(examples=[["SUMMER20"]])


class ShippingCalculation(Body[CalculateShippingOptionRequest]):
    """For which cart."""

    cart_id: Annotated[str, NotInMessage("name")]
    data: Annotated[Metadata | None, NotInMessage()] = Field(
        None, description="For the provider; the manual one needs nothing."
    )


class ShippingMethodBody(Body[ChooseShippingOptionRequest]):
    """How to ship."""

    option_id: str = Field(examples=["so_01J0000000000000000000000"])
    data: Metadata | None = Field(None, description="For the provider; it stays with the cart.")


class PaymentCollectionCreate(Body[CreatePaymentCollectionRequest]):
    """Which cart is to be paid for."""

    cart_id: Annotated[str, NotInMessage("name")]


class PaymentSessionCreate(Body[CreatePaymentSessionRequest]):
    """How to pay."""

    provider_id: str = Field(examples=["pp_system_default"])
    data: Annotated[dict[str, Any] | None, NotInMessage()] = Field(
        None, description="For the provider; none of those that there are needs anything."
    )
