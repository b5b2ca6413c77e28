"""Collections and categories of the master catalogue, in Medusa's shape."""

from collections.abc import Mapping
from typing import Annotated

from google.protobuf.field_mask_pb2 import FieldMask
from pydantic import BaseModel, Field
from souk.catalog_opt_in.v1.product_pb2 import Category, Collection

from gateway.admin.shapes.scalars import (
    Body,
    Document,
    Etag,
    Handle,
    Int32,
    Time,
    given,
    last_id,
    last_id_or_null,
    mask_of,
    name_of,
    optional,
    time_json,
)

# Medusa's `name` is `title` in the contract, where a name is a resource name.
_RENAMED: Mapping[str, str] = {"name": "title", "parent_category_id": "parent"}

Title = Annotated[str, Field(description="1 to 200 characters.")]
Rank = Annotated[Int32, Field(description="The position among its siblings, from 0.")]
ParentId = Annotated[
    str, Field(description="The id of the parent category; none at the top level.")
]


class CollectionUpdate(Body):
    """The fields of a collection to update. null clears a field."""

    title: Title = optional()
    handle: Handle = optional()


class CollectionCreate(CollectionUpdate):
    """A collection to create."""

    title: Title


class CollectionDocument(BaseModel):
    """A collection of the master catalogue."""

    id: str
    title: str
    handle: str
    etag: Etag
    created_at: Time
    updated_at: Time


class CategoryUpdate(Body):
    """The fields of a category to update. null clears a field."""

    name: Title = optional()
    handle: Handle = optional()
    description: str | None = Field(None, description="At most 20,000 characters.")
    parent_category_id: ParentId | None = None
    rank: Rank = optional()


class CategoryCreate(CategoryUpdate):
    """A category to create."""

    name: Title


class CategoryDocument(BaseModel):
    """A category of the master catalogue."""

    id: str
    name: str
    handle: str
    description: str
    parent_category_id: str | None
    rank: int
    etag: Etag
    created_at: Time
    updated_at: Time


def collection_message(body: CollectionUpdate, name: str = "", etag: str = "") -> Collection:
    return Collection(name=name, etag=etag, **given(body))


def collection_mask(body: CollectionUpdate) -> FieldMask:
    return mask_of(body)


def collection_json(collection: Collection) -> Document:
    """Converts a collection to the admin API's JSON."""
    return {
        "id": last_id(collection.name),
        "title": collection.title,
        "handle": collection.handle,
        "etag": collection.etag,
        "created_at": time_json(collection.create_time),
        "updated_at": time_json(collection.update_time),
    }


def category_message(body: CategoryUpdate, name: str = "", etag: str = "") -> Category:
    return Category(
        name=name,
        etag=etag,
        title=body.name or "",
        handle=body.handle or "",
        description=body.description or "",
        parent=name_of("categories", body.parent_category_id),
        rank=body.rank or 0,
    )


def category_mask(body: CategoryUpdate) -> FieldMask:
    return mask_of(body, _RENAMED)


def category_json(category: Category) -> Document:
    """Converts a category to the admin API's JSON."""
    return {
        "id": last_id(category.name),
        "name": category.title,
        "handle": category.handle,
        "description": category.description,
        "parent_category_id": last_id_or_null(category.parent),
        "rank": category.rank,
        "etag": category.etag,
        "created_at": time_json(category.create_time),
        "updated_at": time_json(category.update_time),
    }
