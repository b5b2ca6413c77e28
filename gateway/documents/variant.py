"""Variants of the master catalogue with their products, in Medusa's shape."""

from typing import Annotated

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb

from gateway.documents.product import DeletedAt, Metadata, Status, VariantDocument
from gateway.documents.scalars import CreatedAt, Id, UpdatedAt, reference
from gateway.medusa.shapes import Document, From, NotInMessage
from gateway.medusa.values import last_id


class ProductOfVariant(Document[pb.Product]):
    id: Id
    title: str
    subtitle: str | None
    description: str | None
    handle: str
    status: Status
    external_id: str | None
    is_giftcard: bool
    discountable: bool
    thumbnail: str | None
    collection_id: Annotated[str | None, reference("collection", to="collections")]
    type_id: Annotated[str | None, From("type_detail.name", last_id)]
    metadata: Metadata
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: DeletedAt


class VariantWithProduct(VariantDocument):
    """A variant of a product of the master catalogue."""

    product: Annotated[ProductOfVariant, NotInMessage()] = Field(
        description="The product it is of."
    )
