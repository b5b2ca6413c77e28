"""What shoppers read of a catalogue, as JSON in Medusa's shape.

The service that writes the documents and the gateway that describes them share these types, so
that they cannot differ.
"""

from typing import Annotated, Any, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

# Whatever writes every digit of a JSON number.
Amount = Annotated[object, WithJsonSchema({"type": "number"})]
Metadata = Annotated[dict[str, Any] | None, Field(description="The head office's own keys.")]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class ListedPrice(TypedDict):
    """The price list that a price is of; both are null for what costs the same without any."""

    price_list_id: str | None
    price_list_type: Annotated[str | None, Field(description="sale or override.")]


class CalculatedPrice(TypedDict):
    calculated_amount: Annotated[Amount, Field(description="In major units: 10.5 is €10.50.")]
    is_calculated_price_price_list: bool
    is_calculated_price_tax_inclusive: bool
    original_amount: Annotated[Amount, Field(description="Without sales, in major units.")]
    currency_code: Annotated[str, Field(description="ISO 4217, lower case.", examples=["eur"])]
    calculated_price: ListedPrice
    original_price: ListedPrice


class Image(TypedDict):
    id: str
    url: str
    rank: int
    metadata: Metadata


class VariantOption(TypedDict):
    id: str
    option_id: str
    value: str


class Goods(TypedDict):
    """What customs ask."""

    material: str | None
    origin_country: str | None
    hs_code: str | None
    mid_code: str | None


class Variant(Goods):
    id: str
    product_id: str
    title: str
    sku: str | None
    barcode: str | None
    ean: str | None
    upc: str | None
    weight: Annotated[int | None, Field(description="In grams.")]
    length: Annotated[int | None, Field(description="In millimetres.")]
    height: Annotated[int | None, Field(description="In millimetres.")]
    width: Annotated[int | None, Field(description="In millimetres.")]
    variant_rank: int
    images: list[Image]
    options: list[VariantOption]
    manage_inventory: Annotated[bool, Field(description="Whether it is sold only from stock.")]
    allow_backorder: Annotated[bool, Field(description="Whether it is sold also without stock.")]
    inventory_quantity: NotRequired[
        Annotated[
            int | None,
            Field(
                description="How many there are, a second ago at most, if `fields` names it; null"
                " if they are not counted, or nobody can tell now."
            ),
        ]
    ]
    calculated_price: Annotated[
        CalculatedPrice | None,
        Field(description="null if it has none in the currency of the region."),
    ]
    metadata: Metadata


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


class ProductContent(Goods):
    """What a product shows in every shop that sells it at the same prices."""

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
    weight: Annotated[str | None, Field(description="In grams.")]
    length: Annotated[str | None, Field(description="In millimetres.")]
    height: Annotated[str | None, Field(description="In millimetres.")]
    width: Annotated[str | None, Field(description="In millimetres.")]
    external_id: str | None
    metadata: Metadata
    created_at: Time


class StoreProduct(ProductContent):
    """A product as this shop sells it, with its own prices in its own currency."""

    updated_at: Time


class ProductRef(TypedDict):
    """A product where another document mentions it: ask `/store/products` for more."""

    id: str
    title: str
    handle: str
    thumbnail: str | None
    collection_id: str | None
    type_id: str | None
    created_at: Time
    updated_at: Time


class StoreVariant(Variant):
    """A variant that this shop sells, at its own price, with its product."""

    product: ProductRef


class StoreOption(Option):
    """An option of a product of this shop, with the values that can be bought."""

    is_exclusive: Annotated[bool, Field(description="Always true: it is of one product.")]
    created_at: Time
    updated_at: Time


class _Term(TypedDict):
    id: str
    value: str
    metadata: Metadata
    created_at: Time
    updated_at: Time


class StoreTag(_Term):
    """A tag of at least one product of this shop."""


class StoreType(_Term):
    """The type of at least one product of this shop."""


class StoreCollection(TypedDict):
    """A collection with at least one product of this shop."""

    id: str
    title: str
    handle: str
    metadata: dict[str, Any] | None
    created_at: Time
    updated_at: Time
    products: NotRequired[
        Annotated[
            list[ProductRef],
            Field(description="Up to 50 that this shop sells, if `fields` names them."),
        ]
    ]


class CategoryNode(TypedDict):
    id: str
    name: str
    handle: str
    description: str
    rank: Annotated[int, Field(description="The position among its siblings, from 0.")]
    parent_category_id: str | None
    metadata: dict[str, Any] | None
    created_at: Time
    updated_at: Time


class CategoryAbove(CategoryNode):
    parent_category: Annotated[
        "CategoryAbove | None", Field(description="The next parent up, and so on.")
    ]


class CategoryBelow(CategoryNode):
    category_children: Annotated[
        "list[CategoryBelow]", Field(description="The next level down, and so on.")
    ]


class CategoryInTree(CategoryAbove):
    category_children: list[CategoryNode]


class CategoryOverTree(CategoryAbove):
    category_children: list[CategoryBelow]


_OfCategory = Annotated[
    list[ProductRef],
    Field(description="Up to 50 in or below it that this shop sells, if asked for."),
]


class StoreCategory(CategoryInTree):
    """A category that has a product of this shop in it or in a subcategory."""

    products: NotRequired[_OfCategory]


class StoreCategoryTree(CategoryOverTree):
    """Such a category with all that are below it and have products of this shop, too."""

    products: NotRequired[_OfCategory]
