"""Stores products with their offers: one, or many at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.listings import publishing
from services.catalog_opt_in.listings import writing as listings
from services.catalog_opt_in.listings.queries import Choice
from services.catalog_opt_in.listings.refresh import refresh, tenants_listing
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.products import messages, queries
from services.catalog_opt_in.products.model import Product
from services.catalog_opt_in.products.offer import offer_of
from services.catalog_opt_in.products.parts import with_ids
from services.catalog_opt_in.products.resolved import ResolvedProduct
from services.catalog_opt_in.taxonomy.queries import CategoryTree, category_tree
from services.catalog_opt_in.translations import queries as translations
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.scope import current_scope
from services.kernel.data import acts

HANDLE_TAKEN, SKU_TAKEN = "HANDLE_TAKEN", "SKU_TAKEN"
_OF_ANOTHER = "is already used by another product"


@dataclass(frozen=True, slots=True)
class Taken:
    """Handles and SKUs that products want, and that others have, or another of them wants."""

    handles: set[str]
    skus: set[str]

    def note(self, product: Product, violations: Violations) -> None:
        """Notes that a product wants what it cannot have."""
        if product.handle in self.handles:
            violations.add("handle", _OF_ANOTHER, HANDLE_TAKEN)
        for place, variant in enumerate(product.variants):
            if variant.sku in self.skus:
                violations.add(f"variants[{place}].sku", _OF_ANOTHER, SKU_TAKEN)


def new(requested: product_pb2.Product) -> Product:
    """Reads a product that is to be created.

    Raises:
        InvalidArgument: with a violation for each field that is wrong.
    """
    product = messages.from_message(
        requested, None, product_id=names.new_id("prod"), now=datetime.now(UTC)
    )
    return with_ids(product, None, names.new_id)


def changed(
    stored: Product, requested: product_pb2.Product, before: product_pb2.Product
) -> Product:
    """Reads what a stored product, shown as `before`, is to become; raises as `new` does."""
    renamed = messages.with_choices_renamed(requested, before)
    product = messages.from_message(
        renamed, stored, product_id=stored.product_id, now=datetime.now(UTC)
    )
    return with_ids(product, stored, names.new_id)


async def taken(session: AsyncSession, products: Sequence[Product]) -> Taken:
    handles = Counter(product.handle for product in products)
    skus = Counter(sku for product in products for sku in {v.sku for v in product.variants} if sku)
    return Taken(
        _repeated(handles) | await queries.taken_handles(session, products),
        _repeated(skus) | await queries.taken_skus(session, products),
    )


async def create(session: AsyncSession, products: Sequence[ResolvedProduct]) -> None:
    """Stores new products; the head office is thereby opted in to them."""
    if not products:
        return
    await queries.create(session, products)
    offers = await publish(session, products)
    choices = [Choice(offer, "LIVE", own={}) for offer in offers]
    currency = current_scope().currency or ""
    act = await acts.within(session)
    await listings.create(act, choices, currency=currency, now=products[0].created_at)


async def replace(session: AsyncSession, products: Sequence[ResolvedProduct]) -> None:
    """Stores products that are there already, and refreshes their listings.

    The caller must hold the products.
    """
    if products:
        await queries.replace(session, products)
        await translations.remove_of_former_parts(session, products)
        await refresh(session, await publish(session, products), now=products[0].updated_at)


async def remove(session: AsyncSession, product_ids: Sequence[str], now: datetime) -> None:
    """Deletes products that no other tenant lists, and the head office's listings of them."""
    if not product_ids:
        return
    act = await acts.within(session)
    if own := await listings.listings(act, product_ids):
        currency = current_scope().currency or ""
        await listings.remove(act, list(own.values()), currency=currency)
    await publishing.withdraw(session, product_ids)
    await translations.remove_of_products(session, product_ids)
    await queries.mark_deleted(session, product_ids, now)


async def others_listing(
    session: AsyncSession, product_ids: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """Returns the tenants but the head office that list products, by product."""
    own, tenants = current_scope().tenant, await tenants_listing(session, product_ids)
    others = {id_: [one for one in listing if one != own] for id_, listing in tenants.items()}
    return {id_: listing for id_, listing in others.items() if listing}


async def refresh_products(
    session: AsyncSession, product_ids: Sequence[str], now: datetime
) -> None:
    """Rebuilds the offers of products, after a change of what they refer to."""
    products = await queries.get_many(session, product_ids)
    await refresh(session, await publish(session, products), now=now)


async def publish(session: AsyncSession, products: Sequence[ResolvedProduct]) -> list[Offer]:
    """Builds and stores the offers of products, with all that is found and shown by them."""
    has_categories = any(product.category_ids for product in products)
    tree = await category_tree(session) if has_categories else CategoryTree({}, ())
    offers = [offer_of(product, tree) for product in products]
    versions = [(o, p.version) for o, p in zip(offers, products, strict=True)]
    await publishing.publish(session, versions)
    return offers


def _repeated(counts: Counter[str]) -> set[str]:
    return {text for text, count in counts.items() if count > 1}
