"""The JSON in `offer`: what listings need of a product, stored by the head office's writes."""

from typing import TypedDict, cast

import orjson

from services.catalog_opt_in.products.model import Json, PlainFields, VariantFields

FORMAT = 4
"""The format of what is stored ready to be read: offers, documents of listings, folded text.

Raise it with every change of these, and say in the migration that `rerender` is due.
"""


class Picture(TypedDict):
    id: str
    url: str
    metadata: Json | None


class Term(TypedDict):
    """A tag, a product type, or one value of an option."""

    id: str
    value: str


class TaxonomyRef(TypedDict):
    """A collection or a category; `above` lists the ids of its ancestors."""

    id: str
    title: str
    handle: str
    above: list[str]


class OfferedOption(TypedDict):
    id: str
    title: str
    values: list[Term]


class OfferedConditionalPrice(TypedDict):
    """See products.model.ConditionalPrice."""

    currency: str
    amount_minor: int
    min_quantity: int
    max_quantity: int
    rules: dict[str, str]


class OfferedInventoryItem(TypedDict):
    """See products.model.InventoryItem."""

    inventory_item_id: str
    required_quantity: int


class OfferedVariant(VariantFields):
    """`choices` maps option ids to value ids, `prices` maps currencies to minor units."""

    id: str
    sku: str | None
    metadata: Json | None
    choices: dict[str, str]
    prices: dict[str, int]
    conditional_prices: list[OfferedConditionalPrice]
    inventory_items: list[OfferedInventoryItem]


class Offer(PlainFields):
    """A product with everything it refers to, at one version.

    `format` is the FORMAT in which it was stored; 0 is from before formats were counted.
    """

    format: int
    id: str
    handle: str
    status: str
    images: list[Picture]
    collection: TaxonomyRef | None
    type: Term | None
    tags: list[Term]
    categories: list[TaxonomyRef]
    options: list[OfferedOption]
    variants: list[OfferedVariant]
    metadata: Json | None
    created_at: str


_GOODS: Json = {
    **dict.fromkeys(("length", "width", "height"), 0),
    **dict.fromkeys(("hs_code", "mid_code", "origin_country", "material"), ""),
    "metadata": None,
}
_OF_PRODUCT: Json = {
    **_GOODS,
    "format": 0,
    "external_id": "",
    "discountable": True,
    "is_giftcard": False,
    "weight": 0,
    "shipping_profile_id": "",
}
_OF_VARIANT: Json = {
    **_GOODS,
    "ean": "",
    "upc": "",
    "manage_inventory": True,
    "allow_backorder": False,
    "conditional_prices": [],
    "inventory_items": [],
}


def parse(text: str) -> Offer:
    """Reads a stored offer. A key that later formats added needs a default above."""
    stored: Json = orjson.loads(text)
    offer = _OF_PRODUCT | stored
    offer["variants"] = [_OF_VARIANT | variant for variant in stored["variants"]]
    offer["images"] = [{"metadata": None, **image} for image in stored["images"]]
    return cast("Offer", offer)
