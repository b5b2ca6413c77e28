"""Tags and types of products, in Medusa's shape."""

from typing import Annotated, Any

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb

from gateway.documents.scalars import CreatedAt, Id, UpdatedAt
from gateway.documents.scalars import Metadata as MetadataOfBody
from gateway.medusa.shapes import Body, Document, optional

Metadata = Annotated[dict[str, Any] | None, Field(description="The head office's own keys.")]
Etag = Annotated[str, Field(description="Only with `fields`, or where it is a product's.")]
Value = Annotated[str, Field(description="Not empty; none has that of another.")]


class TagUpdate(Body[pb.Tag]):
    """The fields of a tag to update. null clears a field."""

    value: Value = optional()
    metadata: MetadataOfBody | None = None


class TagCreate(TagUpdate):
    """A tag to create."""

    value: Value


class TagDocument(Document[pb.Tag]):
    """A word that products share and shoppers filter by."""

    id: Id
    value: str
    metadata: Metadata
    etag: Etag = ""
    created_at: CreatedAt
    updated_at: UpdatedAt


class TypeUpdate(Body[pb.ProductType]):
    """The fields of a product type to update. null clears a field."""

    value: Value = optional()
    metadata: MetadataOfBody | None = None


class TypeCreate(TypeUpdate):
    """A product type to create."""

    value: Value


class TypeDocument(Document[pb.ProductType]):
    """What a product is, for example Whey."""

    id: Id
    value: str
    metadata: Metadata
    etag: Etag = ""
    created_at: CreatedAt
    updated_at: UpdatedAt
