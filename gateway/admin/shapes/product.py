"""Products of the master catalogue, in Medusa's shape."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from pydantic import BaseModel, Field
from souk.catalog_opt_in.v1 import product_pb2 as pb

from gateway.admin.shapes.scalars import (
    Amount,
    Body,
    CurrencyCode,
    Document,
    Etag,
    Handle,
    Int32,
    Time,
    amount_json,
    given,
    last_id,
    last_id_or_null,
    mask_of,
    money_of,
    name_of,
    optional,
    time_json,
)

_RENAMED: Mapping[str, str] = {"collection_id": "collection", "weight": "weight_grams"}

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


class ImageBody(Body):
    id: PartId = optional()
    url: Url = optional()


class OptionBody(Body):
    """A property in which variants differ."""

    id: PartId = optional()
    title: str = optional(
        description="For example Taille; unique within the product.", examples=["Taille"]
    )
    values: list[str] = optional(
        description="The possible values, without duplicates.", examples=[["500 g"]]
    )


class PriceBody(Body):
    """A price in one currency."""

    amount: Amount
    currency_code: CurrencyCode


class VariantBody(Body):
    """A variant to sell: one value for each option."""

    id: PartId = optional()
    title: str = optional(description="Defaults to the option values.")
    sku: str | None = Field(None, description="Unique within the catalogue.")
    barcode: str | None = Field(None, description="EAN or UPC.")
    weight: Int32 | None = Field(None, description="In grams.")
    options: dict[str, str] = Field({}, description="A map from option title to value.")
    prices: list[PriceBody] = Field([], description="At most one per currency.")


class CategoryRef(Body):
    id: str = Field(description="A category's id.")


class TagBody(Body):
    value: str = Field(description="1 to 50 characters.", examples=["vegan"])


class TypeBody(Body):
    value: str = Field(description="At most 50 characters.", examples=["Whey"])


class ProductUpdate(Body):
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
    collection_id: str | None = None
    categories: list[CategoryRef] | None = None
    tags: list[TagBody] | None = None
    type: TypeBody | None = None


class ProductCreate(ProductUpdate):
    """A product to create; its status defaults to draft."""

    title: Title


class ImageDocument(BaseModel):
    id: str
    url: str


class ValueDocument(BaseModel):
    id: str
    value: str


class OptionDocument(BaseModel):
    id: str
    title: str
    values: list[ValueDocument]


class ChoiceDocument(BaseModel):
    """The value of one option of a variant."""

    id: str | None = Field(description="The value's id.")
    value: str
    option_id: str | None
    option: dict[str, str | None] = Field(description="The option's id and title.")


class PriceDocument(BaseModel):
    amount: float = Field(description="In major units.")
    currency_code: str = Field(description="Lower case.")


class VariantDocument(BaseModel):
    id: str
    title: str
    sku: str | None
    barcode: str | None
    weight: int | None = Field(description="In grams.")
    options: list[ChoiceDocument]
    prices: list[PriceDocument]


class ProductDocument(BaseModel):
    """A product of the master catalogue."""

    id: str
    title: str
    subtitle: str | None
    description: str | None
    handle: str
    status: Status
    thumbnail: str | None
    images: list[ImageDocument]
    options: list[OptionDocument]
    variants: list[VariantDocument]
    collection_id: str | None
    categories: list[CategoryRef]
    tags: list[TagBody]
    type: TypeBody | None
    etag: Etag
    created_at: Time
    updated_at: Time


def product_message(body: ProductUpdate, name: str = "", etag: str = "") -> pb.Product:
    """Converts a body to the contract's product.

    Raises:
        InvalidArgument: a price is invalid; names its place in the body.
    """
    values = given(body)
    plain = ("title", "subtitle", "description", "handle", "thumbnail")
    return pb.Product(
        name=name,
        etag=etag,
        **{key: values[key] for key in plain if key in values},
        status=status_value(body.status),
        images=[_image(image) for image in body.images or []],
        options=[_option(option) for option in body.options or []],
        variants=[_variant(place, one) for place, one in enumerate(body.variants or [])],
        collection=name_of("collections", body.collection_id),
        categories=[name_of("categories", category.id) for category in body.categories or []],
        tags=[tag.value for tag in body.tags or []],
        type=body.type.value if body.type else "",
    )


def product_mask(body: ProductUpdate) -> FieldMask:
    return mask_of(body, _RENAMED)


def status_value(status: str | None) -> "pb.Product.Status.ValueType":
    """Returns the contract's value of a lower-case status; unspecified for none."""
    return pb.Product.Status.Value(f"STATUS_{(status or 'unspecified').upper()}")


def status_json(status: "pb.Product.Status.ValueType") -> str:
    return pb.Product.Status.Name(status).removeprefix("STATUS_").lower()


def _image(image: ImageBody) -> pb.Image:
    return pb.Image(id=image.id or "", url=image.url or "", update_mask=_part_mask(image))


def _option(option: OptionBody) -> pb.Option:
    return pb.Option(
        id=option.id or "",
        title=option.title or "",
        values=[pb.OptionValue(value=value) for value in option.values or []],
        update_mask=_part_mask(option),
    )


def _variant(place: int, variant: VariantBody) -> pb.Variant:
    return pb.Variant(
        id=variant.id or "",
        title=variant.title or "",
        sku=variant.sku or "",
        barcode=variant.barcode or "",
        weight_grams=variant.weight or 0,
        options=variant.options,
        prices=[
            money_of(
                price.amount,
                price.currency_code,
                field=f"variants.{place}.prices.{number}.amount",
            )
            for number, price in enumerate(variant.prices)
        ],
        update_mask=_part_mask(variant),
    )


def _part_mask(part: ImageBody | OptionBody | VariantBody) -> FieldMask | None:
    """Returns which fields of an existing image, option or variant change; None for a new one."""
    return mask_of(part, _RENAMED) if part.id else None


def product_json(product: pb.Product) -> Document:
    """Converts a product to the admin API's JSON."""
    return {
        "id": last_id(product.name),
        "title": product.title,
        "subtitle": product.subtitle or None,
        "description": product.description or None,
        "handle": product.handle,
        "status": status_json(product.status),
        "thumbnail": product.thumbnail or None,
        "images": [{"id": image.id, "url": image.url} for image in product.images],
        "options": [_option_json(option) for option in product.options],
        "variants": [_variant_json(product, variant) for variant in product.variants],
        "collection_id": last_id_or_null(product.collection),
        "categories": [{"id": last_id(category)} for category in product.categories],
        "tags": [{"value": tag} for tag in product.tags],
        "type": {"value": product.type} if product.type else None,
        "etag": product.etag,
        "created_at": time_json(product.create_time),
        "updated_at": time_json(product.update_time),
    }


def _option_json(option: pb.Option) -> Document:
    values = [{"id": value.id, "value": value.value} for value in option.values]
    return {"id": option.id, "title": option.title, "values": values}


def _variant_json(product: pb.Product, variant: pb.Variant) -> Document:
    return {
        "id": variant.id,
        "title": variant.title,
        "sku": variant.sku or None,
        "barcode": variant.barcode or None,
        "weight": variant.weight_grams or None,
        "options": [
            _choice_json(option, variant.options[option.title])
            for option in product.options
            if option.title in variant.options
        ],
        "prices": [price_json(price) for price in sorted(variant.prices, key=_currency)],
    }


def _choice_json(option: pb.Option, chosen: str) -> Document:
    value_id = next((value.id for value in option.values if value.value == chosen), None)
    return {
        "id": value_id,
        "value": chosen,
        "option_id": option.id,
        "option": {"id": option.id, "title": option.title},
    }


def _currency(price: Money) -> str:
    return price.currency_code


def price_json(price: Money) -> Document:
    return {"amount": amount_json(price), "currency_code": price.currency_code.lower()}
