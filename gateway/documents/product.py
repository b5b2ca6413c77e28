"""Products of the master catalogue, in Medusa's shape."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb

from gateway.documents.scalars import CreatedAt, Etag, Id, Time, UpdatedAt, amount_json, reference
from gateway.documents.tag import TagDocument, TypeDocument
from gateway.medusa.shapes import WHOLE, Document, From, Json, NotInMessage
from gateway.medusa.values import last_id, time_json, timestamp
from services.kernel.call import names

_Status = Literal["draft", "proposed", "published", "rejected"]
STATUSES: tuple[str, ...] = get_args(_Status)
Status = Annotated[
    _Status,
    Field(description="Tenants can opt in to published products only."),
]
# Of parts, which have no times of their own: their ids say when they were made, and they last
# changed with their product.
PartTime = Annotated[str, NotInMessage(), Field(json_schema_extra={"format": "date-time"})]
DeletedAt = Annotated[
    Time | None, From("delete_time"), Field(description="null while it is there.")
]
Metadata = Annotated[dict[str, Any] | None, Field(description="The head office's own keys.")]
# Medusa's products have these as texts, its variants as numbers.
Text = Annotated[str | None, From(read=str)]


def _id_and_title(option: pb.Option) -> Json:
    return {"id": option.id, "title": option.title}


def _thumbnail(product: pb.Product) -> str | None:
    return product.thumbnail or next((image.url for image in product.images), None)


def _images(product: pb.Product) -> list[Json]:
    return [
        ImageDocument.to_json(image, rank=rank, **_times(image.id, product))
        for rank, image in enumerate(product.images)
    ]


def _options(product: pb.Product) -> list[Json]:
    return [
        OptionDocument.to_json(option, **beside_option(option, product))
        for option in product.options
    ]


def _variants(product: pb.Product) -> list[Json]:
    return [
        VariantDocument.to_json(variant, **beside_variant(variant, product, rank))
        for rank, variant in enumerate(product.variants)
    ]


def beside_option(option: pb.Option, product: pb.Product) -> Json:
    """Returns the fields of an option's document that only its product knows."""
    values = [
        ValueDocument.to_json(value, option_id=option.id, **_times(value.id, product))
        for value in option.values
    ]
    return {"product_id": last_id(product.name), "values": values, **_times(option.id, product)}


def beside_variant(variant: pb.Variant, product: pb.Product, rank: int) -> Json:
    """Returns the fields of a variant's document that only its product knows."""
    return {
        "product_id": last_id(product.name),
        "variant_rank": rank,
        "options": _choices(product, variant),
        "prices": _prices(product, variant),
        **_times(variant.id, product),
    }


def _choices(product: pb.Product, variant: pb.Variant) -> list[Json]:
    """Names the ids of what a variant chose, which only its product knows."""
    return [
        ChoiceDocument.to_json(option, id=value.id, value=value.value)
        for option in product.options
        if (chosen := variant.options.get(option.title))
        for value in option.values
        if value.value == chosen
    ]


def _prices(product: pb.Product, variant: pb.Variant) -> list[Json]:
    return [
        PriceDocument.to_json(price, variant_id=variant.id, **_times(price.id, product))
        for price in _all_prices(variant)
    ]


def _all_prices(variant: pb.Variant) -> Iterable[pb.ConditionalPrice]:
    """Yields the prices by currency, each with an id, and then those under conditions."""
    ulid = variant.id.rpartition("_")[2]
    for amount in sorted(variant.prices, key=lambda price: price.currency_code):
        yield pb.ConditionalPrice(id=f"price_{amount.currency_code.lower()}_{ulid}", amount=amount)
    yield from variant.conditional_prices


def _times(part_id: str, product: pb.Product) -> Json:
    created = names.created_at(part_id)
    return {
        "created_at": time_json(timestamp(created) if created else product.create_time),
        "updated_at": time_json(product.update_time),
    }


def _shipping_profile(product: pb.Product) -> Json | None:
    return {"id": product.shipping_profile_id} if product.shipping_profile_id else None


class ImageDocument(Document[pb.Image]):
    id: str
    url: str
    rank: Annotated[int, NotInMessage()]
    metadata: Metadata
    created_at: PartTime
    updated_at: PartTime


class ValueDocument(Document[pb.OptionValue]):
    id: str
    value: str
    option_id: Annotated[str, NotInMessage()]
    created_at: PartTime
    updated_at: PartTime


class OptionDocument(Document[pb.Option]):
    id: str
    title: str
    product_id: Annotated[str, NotInMessage()]
    values: Annotated[list[ValueDocument], NotInMessage()]
    created_at: PartTime
    updated_at: PartTime


class ChoiceDocument(Document[pb.Option]):
    """The value of one option of a variant."""

    id: Annotated[str | None, NotInMessage()] = Field(description="The value's id.")
    value: Annotated[str, NotInMessage()]
    option_id: Annotated[str | None, From("id")]
    option: Annotated[dict[str, str | None], From(WHOLE, _id_and_title)] = Field(
        description="The option's id and title."
    )


class PriceDocument(Document[pb.ConditionalPrice]):
    id: str
    variant_id: Annotated[str, NotInMessage()]
    amount: Annotated[float, From("amount", amount_json), Field(description="In major units.")]
    currency_code: Annotated[str, From("amount.currency_code", str.lower)] = Field(
        description="Lower case."
    )
    min_quantity: int | None
    max_quantity: int | None
    rules: dict[str, str]
    created_at: PartTime
    updated_at: PartTime


class InventoryItemDocument(Document[pb.InventoryItem]):
    inventory_item_id: str
    required_quantity: int


class VariantDocument(Document[pb.Variant]):
    id: str
    product_id: Annotated[str, NotInMessage()]
    title: str
    sku: str | None
    barcode: str | None
    ean: str | None
    upc: str | None
    variant_rank: Annotated[int, NotInMessage()] = Field(description="Its place, from 0.")
    manage_inventory: bool
    allow_backorder: bool
    weight: Annotated[int | None, From("weight_grams"), Field(description="In grams.")]
    length: Annotated[int | None, Field(description="In millimetres.")]
    width: Annotated[int | None, Field(description="In millimetres.")]
    height: Annotated[int | None, Field(description="In millimetres.")]
    hs_code: str | None
    mid_code: str | None
    origin_country: str | None
    material: str | None
    metadata: Metadata
    options: Annotated[list[ChoiceDocument], NotInMessage()]
    prices: Annotated[list[PriceDocument], NotInMessage()]
    inventory_items: list[InventoryItemDocument]
    created_at: PartTime
    updated_at: PartTime


class CollectionOfProduct(Document[pb.Collection]):
    id: Id
    title: str
    handle: str
    created_at: CreatedAt
    updated_at: UpdatedAt


class CategoryOfProduct(Document[pb.Category]):
    id: Id
    name: Annotated[str, From("title")]
    handle: str
    created_at: CreatedAt
    updated_at: UpdatedAt


class ProductDocument(Document[pb.Product]):
    """A product of the master catalogue."""

    id: Id
    title: str
    subtitle: str | None
    description: str | None
    handle: str
    status: Status
    external_id: str | None
    is_giftcard: bool
    discountable: bool
    thumbnail: Annotated[str | None, From(WHOLE, _thumbnail)]
    images: Annotated[list[ImageDocument], From(WHOLE, _images)]
    options: Annotated[list[OptionDocument], From(WHOLE, _options)]
    variants: Annotated[list[VariantDocument], From(WHOLE, _variants)]
    collection_id: Annotated[str | None, reference("collection", to="collections")]
    collection: Annotated[CollectionOfProduct | None, From("collection_detail")]
    categories: Annotated[list[CategoryOfProduct], From("category_details")]
    tags: Annotated[list[TagDocument], From("tag_details")]
    type_id: Annotated[str | None, From("type_detail.name", last_id)]
    type: Annotated[TypeDocument | None, From("type_detail")]
    weight: Text = Field(description="In grams.")
    length: Text = Field(description="In millimetres.")
    width: Text = Field(description="In millimetres.")
    height: Text = Field(description="In millimetres.")
    hs_code: str | None
    mid_code: str | None
    origin_country: str | None
    material: str | None
    shipping_profile: Annotated[dict[str, str] | None, From(WHOLE, _shipping_profile)] = Field(
        description="Its id; null if it has none."
    )
    metadata: Metadata
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: DeletedAt
