"""An order as its shopper reads it, as JSON in Medusa's shape."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from services.values.cart_documents import (
    AppliedPromotion,
    CartAddress,
    CartTotals,
    CurrencyCode,
    LineItem,
    MarketRegion,
    Metadata,
    PaymentCollectionDocument,
    ShippingMethodDocument,
)
from services.values.store_documents import Amount, Time


class OrderItemDocument(LineItem):
    order_id: str


class OrderShippingMethod(ShippingMethodDocument):
    order_id: str


class PaymentDocument(TypedDict):
    id: str
    provider_id: str
    amount: Amount
    currency_code: CurrencyCode
    captured_amount: Amount
    refunded_amount: Amount
    data: dict[str, Any]
    created_at: Time


class OrderPaymentCollection(PaymentCollectionDocument):
    payments: list[PaymentDocument]


class StoreOrder(CartTotals):
    """An order: what was bought, as it was then."""

    id: Annotated[str, Field(examples=["order_4Q2YHPG6W2JVJ5MVBWXN3XQT3A"])]
    display_id: Annotated[int, Field(description="1, 2, 3 … in each shop.")]
    status: Annotated[str, Field(examples=["pending"])]
    payment_status: Annotated[str, Field(examples=["authorized"])]
    fulfillment_status: Annotated[str, Field(examples=["not_fulfilled"])]
    region_id: str
    region: MarketRegion
    currency_code: CurrencyCode
    customer_id: str | None
    sales_channel_id: str
    email: str
    locale: str | None
    items: list[OrderItemDocument]
    shipping_methods: list[OrderShippingMethod]
    shipping_address: CartAddress | None
    billing_address: CartAddress | None
    promotions: list[AppliedPromotion]
    payment_collections: list[OrderPaymentCollection]
    metadata: Metadata
    created_at: Time
    updated_at: Time
