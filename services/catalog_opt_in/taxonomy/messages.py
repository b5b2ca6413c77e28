"""Converts collections, categories, tags and types to messages."""

from souk.catalog_opt_in.v1 import product_pb2

from services.catalog_opt_in.messages import set_metadata
from services.catalog_opt_in.models import Category, Collection, ProductType, Tag
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag


def collection_message(row: Collection) -> product_pb2.Collection:
    message = product_pb2.Collection(
        name=f"collections/{row.collection_id}",
        title=row.title,
        handle=row.handle,
        etag=etag(row.version),
        create_time=message_of(row.created_at),
        update_time=message_of(row.updated_at),
    )
    set_metadata(message, row.extra)
    return message


def category_message(row: Category) -> product_pb2.Category:
    """Returns a category without the ones around it; for these see `categories.relatives`."""
    message = product_pb2.Category(
        name=f"categories/{row.category_id}",
        title=row.title,
        handle=row.handle,
        description=row.description,
        parent=f"categories/{row.parent_id}" if row.parent_id else "",
        rank=row.rank,
        etag=etag(row.version),
        create_time=message_of(row.created_at),
        update_time=message_of(row.updated_at),
        is_active=row.is_active,
        is_internal=row.is_internal,
    )
    set_metadata(message, row.extra)
    return message


def tag_message(row: Tag) -> product_pb2.Tag:
    message = product_pb2.Tag(
        name=f"productTags/{row.tag_id}",
        value=row.value,
        etag=etag(row.version),
        create_time=message_of(row.created_at),
        update_time=message_of(row.updated_at),
    )
    set_metadata(message, row.extra)
    return message


def type_message(row: ProductType) -> product_pb2.ProductType:
    message = product_pb2.ProductType(
        name=f"productTypes/{row.type_id}",
        value=row.value,
        etag=etag(row.version),
        create_time=message_of(row.created_at),
        update_time=message_of(row.updated_at),
    )
    set_metadata(message, row.extra)
    return message
