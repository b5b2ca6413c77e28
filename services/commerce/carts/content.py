"""What a cart holds, as its row keeps it: amounts are in minor units of the cart's currency."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.kernel.call import names

Metadata = dict[str, Any]


class _Stored(BaseModel):
    # A field that an instance of the next version has written is kept from this one's eyes.
    model_config = ConfigDict(extra="ignore")


class Address(_Stored):
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    country_code: str = ""
    province: str = ""
    postal_code: str = ""
    phone: str = ""
    metadata: Metadata | None = None


class QuantityPrice(_Stored):
    """A price from one quantity to another; 0 is no limit. `original` is that without sales."""

    price: int
    original: int = 0
    least: int = 0
    most: int = 0

    def holds_for(self, quantity: int) -> bool:
        return self.least <= quantity and (not self.most or quantity <= self.most)


class Quote(_Stored):
    """What the catalogue last said of a variant."""

    product_id: str = ""
    product_title: str = ""
    product_subtitle: str = ""
    product_description: str = ""
    product_handle: str = ""
    product_type_id: str = ""
    product_type: str = ""
    collection_id: str = ""
    category_ids: list[str] = []
    tag_ids: list[str] = []
    thumbnail: str = ""
    variant_title: str = ""
    sku: str = ""
    barcode: str = ""
    options: dict[str, str] = {}
    price: int = 0
    original: int = 0
    quantity_prices: list[QuantityPrice] = []
    manage_inventory: bool = False
    allow_backorder: bool = False
    discountable: bool = True
    is_giftcard: bool = False
    weight_grams: int = 0
    shipping_profile_id: str = ""

    @property
    def requires_shipping(self) -> bool:
        return not self.is_giftcard

    def price_for(self, quantity: int) -> tuple[int, int]:
        """Returns what one costs if that many are bought, and without sales.

        It is the lowest price that holds for the quantity.
        """
        fitting = [(p.price, p.original) for p in self.quantity_prices if p.holds_for(quantity)]
        return min(fitting, default=(self.price, self.original))


class ItemAdjustment(_Stored):
    """What a promotion takes off a line: with its tax, or net and the tax besides."""

    amount: int
    is_tax_inclusive: bool
    promotion_id: str
    code: str


class AppliedPromotion(_Stored):
    """A promotion that takes something off; `value` is in per cent, or in minor units."""

    id: str
    code: str
    is_automatic: bool
    type: str
    value: Decimal
    currency_code: str = ""


class PromotionUse(_Stored):
    """What an order has used up of a promotion or a budget."""

    counted_id: str
    holder: str
    amount: int


class Item(_Stored):
    """A line of a cart. While there are `reasons`, it cannot be bought, and costs nothing."""

    id: str
    variant_id: str
    quantity: int
    unit_price: int = 0
    # What it costs without the sale that it is in; 0 if it is in none.
    compare_at: int = 0
    metadata: Metadata | None = None
    quote: Quote = Quote()
    reasons: list[str] = []
    adjustments: list[ItemAdjustment] = []
    created_at: datetime
    updated_at: datetime

    def forget_price(self) -> None:
        """Forgets what it costs: amounts in another currency mean nothing."""
        self.unit_price = self.compare_at = 0
        self.quote.price, self.quote.original, self.quote.quantity_prices = 0, 0, []


class ShippingMethod(_Stored):
    """How goods of one profile are shipped: an option that the shopper has chosen."""

    id: str
    option_id: str
    profile_id: str
    name: str
    amount: int
    data: Metadata | None = None
    adjustments: list[ItemAdjustment] = []
    created_at: datetime
    updated_at: datetime


class PaymentSession(_Stored):
    id: str
    provider_id: str
    amount: int
    status: str = "pending"
    data: Metadata = {}
    created_at: datetime


class PaymentCollection(_Stored):
    id: str
    amount: int
    currency_code: str = ""
    status: str = "not_paid"
    sessions: list[PaymentSession] = []
    created_at: datetime
    updated_at: datetime


class CartContent(_Stored):
    region_id: str
    currency_code: str
    email: str = ""
    locale: str = ""
    shop_name: str = ""
    shop_locale: str = ""
    items: list[Item] = []
    shipping_methods: list[ShippingMethod] = []
    shipping_address: Address | None = None
    billing_address: Address | None = None
    payment_collection: PaymentCollection | None = None
    promo_codes: list[str] = []
    promotions: list[AppliedPromotion] = []
    promotion_uses: list[PromotionUse] = []
    # Taxes were asked for, in a region that does not compute them by itself.
    is_taxed: bool = False
    total: int = 0
    metadata: Metadata | None = None

    @property
    def variant_ids(self) -> list[str]:
        return list(dict.fromkeys(item.variant_id for item in self.items))

    @property
    def payment_sessions(self) -> list[PaymentSession]:
        """How the cart is paid: one session, or none yet."""
        return self.payment_collection.sessions if self.payment_collection else []

    @property
    def called_sessions(self) -> set[str]:
        """The ids of sessions for which a provider keeps a payment."""
        return {session.id for session in self.payment_sessions if session.data}

    @property
    def prices(self) -> tuple[object, ...]:
        """What a shopper agrees to: what each line costs, or why it is not sold, and the total."""
        lines = [
            (item.unit_price, item.reasons, [each.amount for each in item.adjustments])
            for item in self.items
        ]
        methods = [
            (method.id, method.name, method.amount, [each.amount for each in method.adjustments])
            for method in self.shipping_methods
        ]
        return self.currency_code, self.total, lines, methods

    def item(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)


def new_collection(content: CartContent, now: datetime) -> PaymentCollection:
    """Makes what is to be paid for a cart."""
    return PaymentCollection(
        id=names.new_unguessable_id("pay_col"),
        amount=content.total,
        currency_code=content.currency_code,
        created_at=now,
        updated_at=now,
    )


def digest(content: CartContent) -> str:
    """Makes a digest of what is bought, and for how much."""
    bought = [(item.variant_id, item.quantity, item.unit_price) for item in content.items]
    return hashlib.sha256(repr((content.currency_code, content.total, bought)).encode()).hexdigest()


def new_item(variant_id: str, quantity: int, metadata: Metadata | None, now: datetime) -> Item:
    return Item(
        id=names.new_id("cali"),
        variant_id=variant_id,
        quantity=quantity,
        metadata=metadata or None,
        created_at=now,
        updated_at=now,
    )
