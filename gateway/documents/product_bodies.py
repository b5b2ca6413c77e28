"""What clients send of products, in Medusa's shape."""

from typing import Annotated, Any

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb
from souk.catalog_opt_in.v1.catalog_service_pb2 import BatchChangeProductsRequest

from gateway.documents.product import Status
from gateway.documents.scalars import Handle, Metadata, reference
from gateway.documents.variant_bodies import (
    Grams,
    Millimetres,
    OptionBody,
    PartId,
    VariantBody,
)
from gateway.medusa.paths import Path
from gateway.medusa.shapes import WHOLE, Body, From, optional
from services.kernel.call.errors import invalid
from services.kernel.call.limits import most_characters

Title = Annotated[str, Field(description="Not empty.")]
Url = Annotated[str, Field(description="An https URL, or the `url` of an upload.")]
CollectionId = Annotated[str | None, reference("collection", to="collections")]


class ImageBody(Body[pb.Image]):
    id: PartId = optional()
    url: Url = optional()
    metadata: Metadata | None = None


class CategoryRef(Body[str]):
    id: Annotated[str, reference(WHOLE, to="categories"), Field(description="A category's id.")]


class TagBody(Body[str]):
    """A tag: the id of one, or a value, which makes one where there is none."""

    id: Annotated[str, reference(WHOLE, to="productTags")] = optional()
    value: Annotated[str, From(WHOLE)] = optional(
        description="Not empty.",
        examples=["vegan"],
        json_schema_extra={"maxLength": most_characters(pb.Product, "tags")},
    )

    def to_message(self, **more: Any) -> str:  # noqa: ANN401 - there are no others
        sent = self._sent_fields()
        if not sent:
            raise invalid("FIELD_INVALID", {"id": "must be there, or value"})
        return str(sent[0].convert.write(getattr(self, sent[0].name)))

    @classmethod
    def path_of(cls, path: Path) -> Path:
        """Names what was wrong: an id may not exist, and a value may be anything but that."""
        return ("id",) if path == ("id",) else ("value",)


class TypeBody(Body[str]):
    value: Annotated[str, From(WHOLE)] = Field(
        examples=["Whey"], json_schema_extra={"maxLength": most_characters(pb.Product, "type")}
    )


class ProductUpdate(Body[pb.Product]):
    """The fields of a product to update. null clears a field; a list replaces the old one."""

    title: Title = optional()
    subtitle: str | None = None
    description: str | None = None
    handle: Handle = optional()
    status: Status = optional()
    external_id: str | None = None
    is_giftcard: bool = optional(description="A gift card is never discountable.")
    discountable: bool = optional(description="Whether promotions may lower its price; true.")
    thumbnail: Url | None = Field(None, description="Defaults to the first image.")
    images: list[ImageBody] | None = None
    options: list[OptionBody] | None = None
    variants: list[VariantBody] | None = None
    collection_id: CollectionId = None
    categories: list[CategoryRef] | None = None
    tags: list[TagBody] | None = None
    type: TypeBody | None = Field(None, description="Its value; makes one where there is none.")
    type_id: Annotated[str | None, reference("type", to="productTypes")] = None
    weight: Grams = None
    length: Millimetres = None
    width: Millimetres = None
    height: Millimetres = None
    hs_code: str | None = None
    mid_code: str | None = None
    origin_country: str | None = None
    material: str | None = None
    shipping_profile_id: str | None = None
    metadata: Metadata | None = None


class ProductCreate(ProductUpdate):
    """A product to create; its status defaults to draft."""

    title: Title


class ProductRowUpdate(ProductUpdate):
    """The fields of one product to update."""

    id: Annotated[str, reference("name", to="products")] = Field(description="The product's id.")


class ProductBatch(Body[BatchChangeProductsRequest]):
    """At most 1,000 rows in all, each product in one of them; all are done, or none."""

    create: Annotated[list[ProductCreate], From("creates")] = Field([])
    update: Annotated[list[ProductRowUpdate], From("updates.product")] = Field([])
    delete: Annotated[list[str], reference("deletes", to="products")] = Field(
        [], description="The ids of products."
    )
