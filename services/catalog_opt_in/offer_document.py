"""The JSON in `offer`: what listings need of a product, stored by the head office's writes."""

from typing import TypedDict

import orjson

FORMAT = 1
"""The format of what is stored ready to be read: offers, documents of listings, folded text.

Raise it with every change of these, and say in the migration that `rerender` is due.
"""


class Picture(TypedDict):
    id: str
    url: str


class Term(TypedDict):
    """A tag, a product type, or one value of an option."""

    id: str
    value: str


class Shelf(TypedDict):
    """A collection or a category; `above` lists the ids of its ancestors."""

    id: str
    title: str
    handle: str
    above: list[str]


class OfferedOption(TypedDict):
    id: str
    title: str
    values: list[Term]


class OfferedVariant(TypedDict):
    """`choices` maps option ids to value ids, `prices` maps currencies to minor units."""

    id: str
    title: str
    sku: str | None
    barcode: str
    weight_grams: int
    choices: dict[str, str]
    prices: dict[str, int]


class Offer(TypedDict):
    """A product with everything it refers to, at one version.

    `format` is the FORMAT in which it was stored; 0 is from before formats were counted.
    """

    format: int
    id: str
    title: str
    subtitle: str
    description: str
    handle: str
    status: str
    thumbnail: str
    images: list[Picture]
    collection: Shelf | None
    type: Term | None
    tags: list[Term]
    categories: list[Shelf]
    options: list[OfferedOption]
    variants: list[OfferedVariant]
    created_at: str


def parse(text: str) -> Offer:
    """Reads a stored offer. A key that later formats added needs a default here."""
    offer: Offer = orjson.loads(text)
    offer.setdefault("format", 0)
    return offer
