"""One product: found by its name, checked, and changed."""

from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.head_office import lock_product
from services.catalog_opt_in.messages import PRODUCT
from services.catalog_opt_in.products import events, messages, queries, storing
from services.catalog_opt_in.products.model import Product
from services.catalog_opt_in.products.references import note_unknown, references, resolved
from services.catalog_opt_in.products.resolved import ResolvedProduct, is_same
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, NotFound


async def product_named(session: AsyncSession, name: str) -> ResolvedProduct:
    """Reads a product.

    Raises:
        NotFound: PRODUCT_NOT_FOUND.
    """
    (product_id,) = names.parse(name, PRODUCT)
    product = await queries.get(session, product_id)
    if product is None:
        raise NotFound("PRODUCT_NOT_FOUND", f"No such product: {name}.", product=name)
    return product


async def checked(session: AsyncSession, product: Product) -> ResolvedProduct:
    """Reads what a product refers to, and returns it with that.

    Raises:
        InvalidArgument: COLLECTION_NOT_FOUND, CATEGORY_NOT_FOUND, PRODUCT_TAG_NOT_FOUND or
            PRODUCT_TYPE_NOT_FOUND.
        AlreadyExists: HANDLE_TAKEN or SKU_TAKEN.
    """
    refs, violations = await references(session, [product]), Violations()
    note_unknown(product, refs, violations)
    violations.refuse()
    taken = await storing.taken(session, [product])
    taken.note(product, violations)
    if product.handle in taken.handles:
        raise AlreadyExists(
            storing.HANDLE_TAKEN,
            f"Product with handle: {product.handle}, already exists. Choose another.",
            violations.found,
            handle=product.handle,
        )
    if violations.found:
        sku = min(taken.skus)
        raise AlreadyExists(
            storing.SKU_TAKEN,
            f"Product variant with sku: {sku}, already exists. Choose another.",
            violations.found,
            sku=sku,
        )
    return resolved(product, refs)


async def change(
    session: AsyncSession,
    stored: ResolvedProduct,
    requested: product_pb2.Product,
    *,
    before: product_pb2.Product,
    base: product_pb2.Product | None = None,
) -> product_pb2.Product:
    """Stores what a product, shown as `before`, is to become, with an event.

    `base` is what `requested` was made from, if not from the product as it is.

    Raises:
        InvalidArgument: with what is wrong with it.
        AlreadyExists: HANDLE_TAKEN or SKU_TAKEN.
    """
    product = await checked(session, storing.changed(stored, requested, base or before))
    if is_same(product, stored):
        return before
    await lock_product(session, product.product_id)
    await storing.replace(session, [product])
    after = messages.to_message(product)
    events.record(session, before=before, after=after)
    return after
