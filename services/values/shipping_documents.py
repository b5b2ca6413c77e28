"""A shipping option as the shopper of a cart reads it, as JSON in Medusa's shape."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from services.values.cart_documents import CurrencyCode
from services.values.store_documents import Amount


class ShippingRuleDocument(TypedDict):
    attribute: str
    operator: str
    value: str | list[str]


class ShippingOptionRule(ShippingRuleDocument):
    id: str


class ShippingOptionPrice(TypedDict):
    id: str
    currency_code: CurrencyCode
    amount: Amount
    price_rules: list[ShippingRuleDocument]


class CalculatedShippingPrice(TypedDict):
    calculated_amount: Amount
    original_amount: Amount
    currency_code: CurrencyCode
    is_calculated_price_tax_inclusive: bool


class ShippingLocationAddress(TypedDict):
    company: str | None
    address_1: str
    address_2: str | None
    city: str | None
    country_code: Annotated[str, Field(description="ISO 3166-1 alpha-2, lower case.")]
    province: str | None
    postal_code: str | None
    phone: str | None


class ShippingLocation(TypedDict):
    """Where goods are sent from, or picked up."""

    id: str
    name: str
    address: ShippingLocationAddress | None


class ShippingFulfillmentSet(TypedDict):
    id: str
    type: Annotated[str, Field(description="shipping or pickup.")]
    location: ShippingLocation | None


class ShippingServiceZone(TypedDict):
    id: str
    name: str
    fulfillment_set_id: str
    fulfillment_set: ShippingFulfillmentSet


class ShippingOptionKind(TypedDict):
    label: str
    description: str
    code: str


class ShippingProvider(TypedDict):
    id: Annotated[str, Field(examples=["manual_manual"])]
    is_enabled: bool


class StoreShippingOption(TypedDict):
    """A way of shipping a cart."""

    id: Annotated[str, Field(examples=["so_01J0000000000000000000000"])]
    name: str
    price_type: Annotated[str, Field(description="flat or calculated.")]
    service_zone_id: str
    service_zone: ShippingServiceZone
    shipping_profile_id: str
    provider_id: str
    provider: ShippingProvider
    type: ShippingOptionKind | None
    data: Annotated[dict[str, Any] | None, Field(description="For the provider.")]
    rules: list[ShippingOptionRule]
    prices: list[ShippingOptionPrice]
    amount: Annotated[
        Amount | None,
        Field(description="What it costs for the cart; null until a calculated price is asked."),
    ]
    is_tax_inclusive: bool
    calculated_price: CalculatedShippingPrice | None
    insufficient_inventory: Annotated[
        bool,
        Field(description="Whether some of the cart is not in stock from where this ships."),
    ]
