"""What a listing needs of a product: the JSON that the head office's writes leave in `offer`."""

from typing import TypedDict


class Picture(TypedDict):
    id: str
    url: str


class Term(TypedDict):
    """A tag, a product type, or one value of an option."""

    id: str
    value: str


class Shelf(TypedDict):
    """A collection or a category; `above` are the ids of the categories that it lies under."""

    id: str
    title: str
    handle: str
    above: list[str]


class OfferedOption(TypedDict):
    id: str
    title: str
    values: list[Term]


class OfferedVariant(TypedDict):
    """`choices` goes from option id to value id, `prices` from currency to minor units."""

    id: str
    title: str
    sku: str | None
    barcode: str
    weight_grams: int
    choices: dict[str, str]
    prices: dict[str, int]


class Offer(TypedDict):
    """A product with all that it refers to, as of one version of it."""

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
