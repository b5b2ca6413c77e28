"""Collections of the master catalogue, in Medusa's shape."""

from typing import Annotated

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb

from gateway.documents.scalars import CreatedAt, Etag, Handle, Id, UpdatedAt
from gateway.medusa.shapes import Body, Document, optional

Title = Annotated[str, Field(description="1 to 200 characters.")]


class CollectionUpdate(Body[pb.Collection]):
    """The fields of a collection to update. null clears a field."""

    title: Title = optional()
    handle: Handle = optional()


class CollectionCreate(CollectionUpdate):
    """A collection to create."""

    title: Title


class CollectionDocument(Document[pb.Collection]):
    """A collection of the master catalogue."""

    id: Id
    title: str
    handle: str
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
