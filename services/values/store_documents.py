"""What shoppers read of a catalogue, as JSON in Medusa's shape.

The service that writes the documents and the gateway that describes them share these types, so
that they cannot differ.
"""

from typing import Annotated

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

# Whatever writes every digit of a JSON number.
Amount = Annotated[object, WithJsonSchema({"type": "number"})]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class ListedPrice(TypedDict):
    """Price lists are not supported: both are null."""

    price_list_id: str | None
    price_list_type: str | None


class CalculatedPrice(TypedDict):
    calculated_amount: Annotated[Amount, Field(description="In major units: 10.5 is €10.50.")]
    is_calculated_price_price_list: bool
    is_calculated_price_tax_inclusive: bool
    original_amount: Annotated[Amount, Field(description="Before price lists, in major units.")]
    currency_code: Annotated[str, Field(description="ISO 4217, lower case.", examples=["eur"])]
    calculated_price: ListedPrice
    original_price: ListedPrice


class Image(TypedDict):
    id: str
    url: str
    rank: int


class VariantOption(TypedDict):
    id: str
    option_id: str
    value: str


class Variant(TypedDict):
    id: str
    product_id: str
    title: str
    sku: str | None
    barcode: str | None
    weight: Annotated[int | None, Field(description="In grams.")]
    variant_rank: int
    images: list[Image]
    options: list[VariantOption]
    manage_inventory: bool
    allow_backorder: bool
    inventory_quantity: int | None
    calculated_price: CalculatedPrice
    metadata: dict[str, str] | None


class OptionValue(TypedDict):
    id: str
    value: str


class Option(TypedDict):
    id: str
    title: str
    values: list[OptionValue]


class Tag(TypedDict):
    id: str
    value: str


class CollectionRef(TypedDict):
    id: str
    title: str
    handle: str


class StoreCategoryRef(TypedDict):
    id: str
    name: str
    handle: str


class StoreProduct(TypedDict):
    """A product as this shop sells it, with its own prices in its own currency."""

    id: Annotated[str, Field(examples=["prod_01J0000000000000000000000"])]
    title: str
    subtitle: str | None
    description: str | None
    handle: str
    status: str
    is_giftcard: bool
    discountable: bool
    thumbnail: str | None
    images: list[Image]
    collection_id: str | None
    collection: CollectionRef | None
    type_id: str | None
    type: Tag | None
    tags: list[Tag]
    categories: list[StoreCategoryRef]
    options: list[Option]
    variants: list[Variant]
    weight: int | None
    length: int | None
    height: int | None
    width: int | None
    material: str | None
    origin_country: str | None
    hs_code: str | None
    mid_code: str | None
    external_id: str | None
    metadata: dict[str, str] | None
    created_at: Time
    updated_at: Time


class StoreCollection(TypedDict):
    """A collection with at least one product of this shop."""

    id: str
    title: str
    handle: str
    metadata: dict[str, str] | None
    created_at: Time
    updated_at: Time


class CategoryNode(TypedDict):
    id: str
    name: str
    handle: str
    description: str
    rank: Annotated[int, Field(description="The position among its siblings, from 0.")]
    parent_category_id: str | None
    metadata: dict[str, str] | None
    created_at: Time
    updated_at: Time


class CategoryAbove(CategoryNode):
    parent_category: Annotated[
        "CategoryAbove | None", Field(description="The next parent up, and so on.")
    ]


class StoreCategory(CategoryNode):
    """A category that has a product of this shop in it or in a subcategory."""

    parent_category: CategoryAbove | None
    category_children: list[CategoryNode]
