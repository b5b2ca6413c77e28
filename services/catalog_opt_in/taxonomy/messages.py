"""Converts collections and categories to messages."""

from souk.catalog_opt_in.v1 import product_pb2

from services.catalog_opt_in.messages import time_of
from services.catalog_opt_in.models import Category, Collection
from services.kernel.data.updates import etag


def collection_message(row: Collection) -> product_pb2.Collection:
    return product_pb2.Collection(
        name=f"collections/{row.collection_id}",
        title=row.title,
        handle=row.handle,
        etag=etag(row.version),
        create_time=time_of(row.created_at),
        update_time=time_of(row.updated_at),
    )


def category_message(row: Category) -> product_pb2.Category:
    return product_pb2.Category(
        name=f"categories/{row.category_id}",
        title=row.title,
        handle=row.handle,
        description=row.description,
        parent=f"categories/{row.parent_id}" if row.parent_id else "",
        rank=row.rank,
        etag=etag(row.version),
        create_time=time_of(row.created_at),
        update_time=time_of(row.updated_at),
    )
