"""The products that collections and categories mention."""

from collections.abc import Sequence
from typing import Any

from souk.catalog_opt_in.v1.product_pb2 import Category, Collection, Product, ProductSummary
from sqlalchemy import Row, Text, and_, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in import models
from services.catalog_opt_in.head_office import own_rows
from services.kernel.call.method_rules import Rule
from services.kernel.call.scope import current_scope
from services.kernel.call.times import message_of

MOST_PRODUCTS = 50
"""How many products a collection or a category mentions."""
_PRODUCTS = Rule("product:read", platform=False)


async def add_products(
    session: AsyncSession,
    places: Sequence[Collection] | Sequence[Category],
    column: InstrumentedAttribute[Any],
) -> None:
    """Adds the oldest products to collections or categories, which `column` has the ids of.

    Raises:
        PermissionDenied: PERMISSION_MISSING, the caller may not read products.
    """
    _PRODUCTS.check(current_scope())
    by_id = {one.name.partition("/")[2]: one for one in places}
    product = models.Product
    link: Any = column.class_
    place = func.unnest(literal(list(by_id), ARRAY(Text))).table_valued("id").render_derived()
    in_place = select(
        product.product_id,
        product.title,
        product.handle,
        product.status,
        product.thumbnail,
        product.collection_id,
        product.type_id,
        product.created_at,
        product.updated_at,
    ).where(own_rows(product), column == place.c.id)
    if link is not product:
        of_product = and_(own_rows(link), link.product_id == product.product_id)
        in_place = in_place.join(link, of_product)
    first = in_place.order_by(link.product_id).limit(MOST_PRODUCTS).lateral()
    rows = await session.execute(select(place.c.id, first).join(first, true()))
    for row in rows:
        by_id[row.id].products.append(_summary(row))


def _summary(row: Row[Any]) -> ProductSummary:
    return ProductSummary(
        name=f"products/{row.product_id}",
        title=row.title,
        handle=row.handle,
        status=Product.Status.Value(f"STATUS_{row.status}"),
        thumbnail=row.thumbnail,
        collection=f"collections/{row.collection_id}" if row.collection_id else "",
        type=f"productTypes/{row.type_id}" if row.type_id else "",
        create_time=message_of(row.created_at),
        update_time=message_of(row.updated_at),
    )
