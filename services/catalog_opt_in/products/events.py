"""The events of products."""

from souk.catalog_opt_in.v1.product_pb2 import Product
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.evidence import audit


def record(
    session: AsyncSession, *, before: Product | None = None, after: Product | None = None
) -> None:
    """Records what an act made of a product; not what that refers to, which it names already."""
    name = after.name if after else before.name if before else ""
    audit.record(session, resource=name, before=_own(before), after=_own(after))


def _own(product: Product | None) -> Product | None:
    if product is None:
        return None
    own = Product()
    own.CopyFrom(product)
    own.ClearField("collection_detail")
    own.ClearField("category_details")
    own.ClearField("tag_details")
    own.ClearField("type_detail")
    return own
