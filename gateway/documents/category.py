"""Categories of the master catalogue, in Medusa's shape."""

from typing import Annotated

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb
from souk.catalog_opt_in.v1.catalog_service_pb2 import ChangeCategoryProductsRequest

from gateway.documents.collection import Products
from gateway.documents.scalars import (
    CreatedAt,
    Etag,
    Handle,
    Id,
    Int32,
    Metadata,
    NeverDeleted,
    UpdatedAt,
    reference,
)
from gateway.medusa.shapes import Body, Document, From, optional

# Medusa's `name` is `title` in the contract, where a name is a resource name.
Name = Annotated[str, From("title"), Field(description="Not empty.")]
ParentId = Annotated[
    str,
    reference("parent", to="categories"),
    Field(description="The id of the parent category; none at the top level."),
]
Rank = Annotated[
    Int32,
    Field(
        description="The place among its siblings, from 0; the others make room. By default, and "
        "beyond the last, it is the last."
    ),
]
IsActive = Annotated[
    bool, Field(description="Whether shoppers see it, if they see those above it; false at first.")
]
IsInternal = Annotated[
    bool, Field(description="Whether it is for the staff alone, with all that is below it.")
]


class CategoryUpdate(Body[pb.Category]):
    """The fields of a category to update. null clears a field."""

    name: Name = optional()
    handle: Handle = optional()
    description: str | None = None
    parent_category_id: ParentId | None = None
    rank: Rank = optional()
    is_active: IsActive = optional()
    is_internal: IsInternal = optional()
    metadata: Metadata | None = None


class CategoryCreate(CategoryUpdate):
    """A category to create."""

    name: Name


class CategoryProducts(Body[ChangeCategoryProductsRequest]):
    """Products to put in and to take out, each named once."""

    add: Annotated[list[str], reference("adds", to="products")] = Field(
        [], description="The ids of products to put in."
    )
    remove: Annotated[list[str], reference("removes", to="products")] = Field(
        [], description="The ids of products to take out."
    )


class CategoryNode(Document[pb.Category]):
    """A category without the ones around it."""

    id: Id
    name: Annotated[str, From("title")]
    handle: str
    description: str
    is_active: bool
    is_internal: bool
    rank: int
    parent_category_id: Annotated[str | None, reference("parent", to="categories")]
    metadata: Metadata | None
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class CategoryAbove(CategoryNode):
    parent_category: Annotated[
        "CategoryAbove | None", Field(description="The next parent up, and so on.")
    ]


class CategoryBelow(CategoryNode):
    category_children: Annotated[
        "list[CategoryBelow]", Field(description="The next level down, and so on.")
    ]


class CategoryDocument(CategoryNode):
    """A category of the master catalogue."""

    parent_category: CategoryAbove | None
    category_children: Annotated[list[CategoryNode], Field(description="By rank.")]
    etag: Etag
    products: Products = Field([])


class CategoryTreeDocument(CategoryNode):
    """A category with all that is below it."""

    parent_category: CategoryAbove | None
    category_children: Annotated[list[CategoryBelow], Field(description="By rank.")]
    etag: Etag
    products: Products = Field([])
