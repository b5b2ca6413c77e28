"""Categories of the master catalogue, in Medusa's shape."""

from typing import Annotated

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb

from gateway.documents.scalars import (
    CreatedAt,
    Etag,
    Handle,
    Id,
    Int32,
    UpdatedAt,
    reference,
)
from gateway.medusa.shapes import Body, Document, From, optional

# Medusa's `name` is `title` in the contract, where a name is a resource name.
Name = Annotated[str, From("title"), Field(description="1 to 200 characters.")]
ParentId = Annotated[
    str,
    reference("parent", to="categories"),
    Field(description="The id of the parent category; none at the top level."),
]
Rank = Annotated[Int32, Field(description="The position among its siblings, from 0.")]


class CategoryUpdate(Body[pb.Category]):
    """The fields of a category to update. null clears a field."""

    name: Name = optional()
    handle: Handle = optional()
    description: str | None = Field(None, description="At most 20,000 characters.")
    parent_category_id: ParentId | None = None
    rank: Rank = optional()


class CategoryCreate(CategoryUpdate):
    """A category to create."""

    name: Name


class CategoryDocument(Document[pb.Category]):
    """A category of the master catalogue."""

    id: Id
    name: Annotated[str, From("title")]
    handle: str
    description: str
    parent_category_id: Annotated[str | None, reference("parent", to="categories")]
    rank: int
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
