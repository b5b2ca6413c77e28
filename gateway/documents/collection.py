"""Collections of the master catalogue, in Medusa's shape."""

from typing import Annotated

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb
from souk.catalog_opt_in.v1.catalog_service_pb2 import ChangeCollectionProductsRequest

from gateway.documents.product import Status
from gateway.documents.scalars import (
    CreatedAt,
    Etag,
    Handle,
    Id,
    Metadata,
    NeverDeleted,
    UpdatedAt,
    reference,
)
from gateway.medusa.shapes import Body, Document, optional

Title = Annotated[str, Field(description="Not empty.")]


class CollectionUpdate(Body[pb.Collection]):
    """The fields of a collection to update. null clears a field."""

    title: Title = optional()
    handle: Handle = optional()
    metadata: Metadata | None = None


class CollectionCreate(CollectionUpdate):
    """A collection to create."""

    title: Title


class CollectionProducts(Body[ChangeCollectionProductsRequest]):
    """Products to put in and to take out, each named once."""

    add: Annotated[list[str], reference("adds", to="products")] = Field(
        [], description="The ids of products to put in."
    )
    remove: Annotated[list[str], reference("removes", to="products")] = Field(
        [], description="The ids of products to take out."
    )


class ProductInPlace(Document[pb.ProductSummary]):
    """A product where a collection or a category mentions it."""

    id: Id
    title: str
    handle: str
    status: Status
    thumbnail: str | None
    collection_id: Annotated[str | None, reference("collection", to="collections")]
    type_id: Annotated[str | None, reference("type", to="productTypes")]
    created_at: CreatedAt
    updated_at: UpdatedAt


Products = Annotated[
    list[ProductInPlace], Field(description="Only with `fields`: the 50 oldest in it itself.")
]


class CollectionDocument(Document[pb.Collection]):
    """A collection of the master catalogue."""

    id: Id
    title: str
    handle: str
    metadata: Metadata | None
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted
    products: Products = Field([])
