"""Products of the master catalogue, in Medusa's shape."""

from typing import Annotated, Literal, get_args

from google.type.money_pb2 import Money
from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb

from gateway.documents.scalars import (
    Amount,
    CreatedAt,
    CurrencyCode,
    Etag,
    Handle,
    Id,
    Int32,
    UpdatedAt,
    amount_json,
    reference,
)
from gateway.medusa.shapes import WHOLE, Beside, Body, Document, From, Json, optional

_Status = Literal["draft", "proposed", "published", "rejected"]
STATUSES: tuple[str, ...] = get_args(_Status)
Status = Annotated[
    _Status,
    Field(description="Tenants can opt in to published products only."),
]
Title = Annotated[str, Field(description="1 to 200 characters.")]
Url = Annotated[str, Field(description="An https URL, or a path that starts with /.")]
PartId = Annotated[
    str,
    Field(
        description="On update: an element with an existing id changes only the keys that it has, "
        "one without an id is added, and those that are not listed are removed."
    ),
]
Weight = Annotated[Int32 | None, From("weight_grams"), Field(description="In grams.")]
CollectionId = Annotated[str | None, reference("collection", to="collections")]


def _id_and_title(option: pb.Option) -> Json:
    return {"id": option.id, "title": option.title}


def _prices(variant: pb.Variant) -> list[Json]:
    by_currency = sorted(variant.prices, key=lambda price: price.currency_code)
    return [PriceDocument.to_json(price) for price in by_currency]


def _variants(product: pb.Product) -> list[Json]:
    return [
        VariantDocument.to_json(variant, options=_choices(product, variant))
        for variant in product.variants
    ]


def _choices(product: pb.Product, variant: pb.Variant) -> list[Json]:
    """Names the ids of what a variant chose, which only its product knows."""
    return [
        ChoiceDocument.to_json(option, id=value.id, value=value.value)
        for option in product.options
        if (chosen := variant.options.get(option.title))
        for value in option.values
        if value.value == chosen
    ]


class ImageBody(Body[pb.Image]):
    id: PartId = optional()
    url: Url = optional()


class OptionBody(Body[pb.Option]):
    """A property in which variants differ."""

    id: PartId = optional()
    title: str = optional(
        description="For example Taille; unique within the product.", examples=["Taille"]
    )
    values: Annotated[list[str], From("values.value")] = optional(
        description="The possible values, without duplicates.", examples=[["500 g"]]
    )


class PriceBody(Body[Money]):
    """A price in one currency."""

    amount: Amount
    currency_code: CurrencyCode


class VariantBody(Body[pb.Variant]):
    """A variant to sell: one value for each option."""

    id: PartId = optional()
    title: str = optional(description="Defaults to the option values.")
    sku: str | None = Field(None, description="Unique within the catalogue.")
    barcode: str | None = Field(None, description="EAN or UPC.")
    weight: Weight = None
    options: dict[str, str] = Field({}, description="A map from option title to value.")
    prices: list[PriceBody] = Field([], description="At most one per currency.")


class CategoryRef(Body[str]):
    id: Annotated[str, reference(WHOLE, to="categories"), Field(description="A category's id.")]


class TagBody(Body[str]):
    value: Annotated[str, From(WHOLE)] = Field(
        description="1 to 50 characters.", examples=["vegan"]
    )


class TypeBody(Body[str]):
    value: Annotated[str, From(WHOLE)] = Field(
        description="At most 50 characters.", examples=["Whey"]
    )


class ProductUpdate(Body[pb.Product]):
    """The fields of a product to update. null clears a field; a list replaces the old one."""

    title: Title = optional()
    subtitle: str | None = Field(None, description="At most 200 characters.")
    description: str | None = Field(None, description="At most 20,000 characters.")
    handle: Handle = optional()
    status: Status = optional()
    thumbnail: Url | None = Field(None, description="Defaults to the first image.")
    images: list[ImageBody] | None = None
    options: list[OptionBody] | None = None
    variants: list[VariantBody] | None = None
    collection_id: CollectionId = None
    categories: list[CategoryRef] | None = None
    tags: list[TagBody] | None = None
    type: TypeBody | None = None


class ProductCreate(ProductUpdate):
    """A product to create; its status defaults to draft."""

    title: Title


class ImageDocument(Document[pb.Image]):
    id: str
    url: str


class ValueDocument(Document[pb.OptionValue]):
    id: str
    value: str


class OptionDocument(Document[pb.Option]):
    id: str
    title: str
    values: list[ValueDocument]


class ChoiceDocument(Document[pb.Option]):
    """The value of one option of a variant."""

    id: Annotated[str | None, Beside()] = Field(description="The value's id.")
    value: Annotated[str, Beside()]
    option_id: Annotated[str | None, From("id")]
    option: Annotated[dict[str, str | None], From(WHOLE, _id_and_title)] = Field(
        description="The option's id and title."
    )


class PriceDocument(Document[Money]):
    amount: Annotated[float, From(WHOLE, amount_json), Field(description="In major units.")]
    currency_code: Annotated[str, From(read=str.lower), Field(description="Lower case.")]


class VariantDocument(Document[pb.Variant]):
    id: str
    title: str
    sku: str | None
    barcode: str | None
    weight: Weight
    options: Annotated[list[ChoiceDocument], Beside()]
    prices: Annotated[list[PriceDocument], From(WHOLE, _prices)]


class ProductDocument(Document[pb.Product]):
    """A product of the master catalogue."""

    id: Id
    title: str
    subtitle: str | None
    description: str | None
    handle: str
    status: Status
    thumbnail: str | None
    images: list[ImageDocument]
    options: list[OptionDocument]
    variants: Annotated[list[VariantDocument], From(WHOLE, _variants)]
    collection_id: CollectionId
    categories: list[CategoryRef]
    tags: list[TagBody]
    type: TypeBody | None
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
