"""The product model: what the contract's message, the rows and the offer have in common."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    image_id: str = ""
    url: str
    metadata: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    value_id: str = ""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    option_id: str = ""
    title: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price in minor units of one currency."""

    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalPrice:
    """A price for some quantities, both included, or under rules; a quantity of 0 is any."""

    price_id: str = ""
    currency: str
    amount_minor: int
    min_quantity: int = 0
    max_quantity: int = 0
    rules: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryItem:
    """What is taken out of stock for one unit of a variant."""

    inventory_item_id: str
    required_quantity: int


class GoodsFields(TypedDict):
    """What customs and carriers ask; lengths in millimetres, 0 and "" mean not known."""

    length: int
    width: int
    height: int
    hs_code: str
    mid_code: str
    origin_country: str
    material: str


class VariantFields(GoodsFields):
    """Fields of a variant that its message, its row and its offer have as they are."""

    title: str
    barcode: str
    ean: str
    upc: str
    weight_grams: int
    manage_inventory: bool
    allow_backorder: bool


class PlainFields(GoodsFields):
    """Fields of a product that its message, its row and its offer have as they are."""

    title: str
    subtitle: str
    description: str
    thumbnail: str
    external_id: str
    discountable: bool
    is_giftcard: bool
    weight: int
    shipping_profile_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """See GoodsFields."""

    length: int = 0
    width: int = 0
    height: int = 0
    hs_code: str = ""
    mid_code: str = ""
    origin_country: str = ""
    material: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Goods):
    """`choices` maps option titles to values; an option may be left open.

    `rank` is the place that a change asks for; stored variants have theirs in the product's order.
    """

    variant_id: str = ""
    title: str = ""
    sku: str = ""
    barcode: str = ""
    ean: str = ""
    upc: str = ""
    weight_grams: int = 0
    manage_inventory: bool = True
    allow_backorder: bool = False
    metadata: Json | None = None
    choices: dict[str, str]
    rank: int | None = None
    prices: tuple[Price, ...] = ()
    conditional_prices: tuple[ConditionalPrice, ...] = ()
    inventory_items: tuple[InventoryItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Goods):
    """A whole product of the master catalogue.

    `tags` and `type` are values or, as requested, names.
    """

    product_id: str
    title: str
    subtitle: str = ""
    description: str = ""
    handle: str
    status: str
    thumbnail: str = ""
    external_id: str = ""
    discountable: bool = True
    is_giftcard: bool = False
    weight: int = 0
    shipping_profile_id: str = ""
    metadata: Json | None = None
    images: tuple[Image, ...] = ()
    options: tuple[Option, ...] = ()
    variants: tuple[Variant, ...] = ()
    collection_id: str | None = None
    category_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    type: str | None = None
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


def plain_fields(source: object) -> PlainFields:
    """Copies the plain fields of a product, or of a message or a row of one."""
    # By name, not one by one: a new field is in all of them at once, and each test of one of them
    # fails where it is missing.
    fields = {name: getattr(source, name) for name in PlainFields.__annotations__}
    return cast("PlainFields", fields)


def variant_fields(source: object) -> VariantFields:
    """Copies the plain fields of a variant, or of a message or a row of one."""
    fields = {name: getattr(source, name) for name in VariantFields.__annotations__}
    return cast("VariantFields", fields)
