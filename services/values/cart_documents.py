"""A cart as its shopper reads it, as JSON in Medusa's shape.

The service that writes the documents and the gateway that describes them share these types, so
that they cannot differ.
"""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from services.values.store_documents import Amount, Time

Metadata = Annotated[dict[str, Any] | None, Field(description="The client's own keys.")]
CurrencyCode = Annotated[str, Field(description="ISO 4217, lower case.", examples=["eur"])]
CountryCode = Annotated[
    str | None, Field(description="ISO 3166-1 alpha-2, lower case.", examples=["fr"])
]


class LineTotals(TypedDict):
    """What a line or a shipping method costs, in major units."""

    subtotal: Annotated[Amount, Field(description="Net, before discounts.")]
    tax_total: Amount
    total: Amount
    discount_subtotal: Annotated[Amount, Field(description="Net.")]
    discount_tax_total: Amount
    discount_total: Annotated[Amount, Field(description="With tax.")]
    original_subtotal: Amount
    original_tax_total: Amount
    original_total: Amount


class CartTotals(LineTotals):
    """What the cart costs: items and shipping together, and each by itself."""

    item_subtotal: Amount
    item_tax_total: Amount
    item_total: Amount
    item_discount_total: Amount
    original_item_subtotal: Amount
    original_item_tax_total: Amount
    original_item_total: Amount
    shipping_subtotal: Amount
    shipping_tax_total: Amount
    shipping_total: Amount
    shipping_discount_total: Amount
    original_shipping_subtotal: Amount
    original_shipping_tax_total: Amount
    original_shipping_total: Amount
    credit_line_total: Amount
    gift_card_total: Amount
    gift_card_tax_total: Amount


class TaxLine(TypedDict):
    id: str
    code: str
    rate: Annotated[Amount, Field(description="In per cent.")]
    name: str
    description: Annotated[str, Field(description="The name, too.")]
    provider_id: str
    tax_rate_id: str
    total: Annotated[Amount, Field(description="After discounts.")]
    subtotal: Annotated[Amount, Field(description="Before discounts.")]


class Adjustment(TypedDict):
    id: str
    amount: Amount
    code: str | None
    promotion_id: str | None
    is_tax_inclusive: bool


class CartAddress(TypedDict):
    first_name: str | None
    last_name: str | None
    company: str | None
    address_1: str | None
    address_2: str | None
    city: str | None
    country_code: CountryCode
    province: str | None
    postal_code: str | None
    phone: str | None
    metadata: Metadata


class ItemProduct(TypedDict):
    """The product of a line, as it was when the line was last priced."""

    id: str
    title: str
    subtitle: str | None
    description: str | None
    handle: str
    thumbnail: str | None
    collection_id: str | None
    type_id: str | None


class ItemVariant(TypedDict):
    """The variant of a line, as it was when the line was last priced."""

    id: str
    product_id: str
    title: str
    sku: str | None
    barcode: str | None
    manage_inventory: bool
    allow_backorder: bool
    product: ItemProduct


class LineItem(LineTotals):
    id: str
    title: Annotated[str, Field(description="The product's title.")]
    subtitle: Annotated[str, Field(description="The variant's title.")]
    thumbnail: str | None
    quantity: int
    unit_price: Amount
    compare_at_unit_price: Amount | None
    is_tax_inclusive: bool
    is_discountable: bool
    is_giftcard: bool
    is_custom_price: bool
    requires_shipping: bool
    variant_id: str
    variant_title: str
    variant_sku: str | None
    variant_barcode: str | None
    variant_option_values: dict[str, str]
    product_id: str
    product_title: str
    product_subtitle: str | None
    product_description: str | None
    product_handle: str
    product_collection: str | None
    product_type: str | None
    product_type_id: str | None
    unavailable_reasons: Annotated[
        list[str],
        Field(description="Why it cannot be bought; empty if it can. Such a line costs nothing."),
    ]
    tax_lines: list[TaxLine]
    adjustments: list[Adjustment]
    metadata: Metadata
    created_at: Time
    updated_at: Time
    variant: ItemVariant
    product: ItemProduct


class CartItem(LineItem):
    cart_id: str


class ShippingMethodDocument(LineTotals):
    id: str
    name: str
    description: str | None
    amount: Amount
    is_tax_inclusive: bool
    shipping_option_id: str
    data: dict[str, Any] | None
    tax_lines: list[TaxLine]
    adjustments: list[Adjustment]
    metadata: Metadata
    created_at: Time
    updated_at: Time


class CartShippingMethod(ShippingMethodDocument):
    cart_id: str


class MarketCountry(TypedDict):
    iso_2: Annotated[str, Field(description="ISO 3166-1 alpha-2, lower case.", examples=["fr"])]
    name: str
    display_name: str
    region_id: str


class MarketRegion(TypedDict):
    id: Annotated[str, Field(examples=["reg_paris"])]
    name: str
    currency_code: CurrencyCode
    automatic_taxes: bool
    countries: list[MarketCountry]


class ApplicationMethod(TypedDict):
    type: str
    value: Amount
    currency_code: str | None


class AppliedPromotion(TypedDict):
    id: str
    code: str
    is_automatic: bool
    application_method: ApplicationMethod


class PaymentSessionDocument(TypedDict):
    id: str
    provider_id: str
    amount: Amount
    currency_code: CurrencyCode
    status: str
    data: Annotated[dict[str, Any], Field(description="What the provider gives to its client.")]


class PaymentCollectionDocument(TypedDict):
    id: str
    amount: Amount
    currency_code: CurrencyCode
    status: str
    payment_sessions: list[PaymentSessionDocument]


class StoreCart(CartTotals):
    """A cart, with all that it costs."""

    id: Annotated[str, Field(examples=["cart_4Q2YHPG6W2JVJ5MVBWXN3XQT3A"])]
    region_id: str
    region: MarketRegion
    currency_code: CurrencyCode
    customer_id: str | None
    sales_channel_id: str
    email: str | None
    locale: str | None
    items: list[CartItem]
    shipping_methods: list[CartShippingMethod]
    shipping_address: CartAddress | None
    billing_address: CartAddress | None
    promotions: list[AppliedPromotion]
    payment_collection: PaymentCollectionDocument | None
    metadata: Metadata
    completed_at: Time | None
    created_at: Time
    updated_at: Time
