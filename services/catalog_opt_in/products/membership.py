"""Puts many products into what they are in, or takes them out of it or a term, all or none."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import batches
from services.catalog_opt_in.head_office import lock_all_products
from services.catalog_opt_in.products import events, messages, queries, storing
from services.catalog_opt_in.products.references import references, resolved
from services.catalog_opt_in.products.resolved import ResolvedProduct
from services.catalog_opt_in.violations import Violations
from services.kernel.call.limits import most_entries

Change = Callable[[ResolvedProduct], ResolvedProduct]
"""Returns what a product becomes: itself, if nothing changes."""

_MOST_CATEGORIES = most_entries(product_pb2.Product, "categories")


async def change(
    session: AsyncSession,
    request: pb.ChangeCollectionProductsRequest | pb.ChangeCategoryProductsRequest,
    *,
    add: Change,
    remove: Change,
) -> None:
    """Changes the products that a request names.

    Raises:
        InvalidArgument: too many, one twice, one that does not exist, or one that is in too many
            categories; with their places.
    """
    named = [(f"adds[{place}]", name) for place, name in enumerate(request.adds)]
    named += [(f"removes[{place}]", name) for place, name in enumerate(request.removes)]
    product_ids = batches.product_ids(named, lists=("adds", "removes"))
    await lock_all_products(session)
    stored = {p.product_id: p for p in await queries.get_many(session, product_ids)}
    acts = [add] * len(request.adds) + [remove] * len(request.removes)
    violations, pairs = Violations(), list[tuple[ResolvedProduct, ResolvedProduct]]()
    for (place, _), product_id, act in zip(named, product_ids, acts, strict=True):
        if product_id not in stored:
            violations.add(place, "does not exist", "PRODUCT_NOT_FOUND")
            continue
        before = stored[product_id]
        after = act(before)
        if len(after.category_ids) > _MOST_CATEGORIES:
            violations.add(place, f"is in {_MOST_CATEGORIES} categories already")
        pairs.append((before, after))
    violations.refuse()
    await _store(session, pairs)


async def take_out(session: AsyncSession, product_ids: Sequence[str], remove: Change) -> None:
    """Takes products out of what is about to be removed; the caller must hold them."""
    stored = await queries.get_many(session, product_ids)
    await _store(session, [(product, remove(product)) for product in stored])


async def _store(
    session: AsyncSession, pairs: Sequence[tuple[ResolvedProduct, ResolvedProduct]]
) -> None:
    """Stores those products that change, each with an event."""
    now = datetime.now(UTC)
    changed = [
        (before, replace(after, version=before.version + 1, updated_at=now))
        for before, after in pairs
        if after != before
    ]
    refs = await references(session, [after for _, after in changed])
    resolved_pairs = [(before, resolved(after, refs)) for before, after in changed]
    await storing.replace(session, [after for _, after in resolved_pairs])
    for before, after in map(_messages, resolved_pairs):
        events.record(session, before=before, after=after)


def _messages(
    pair: tuple[ResolvedProduct, ResolvedProduct],
) -> tuple[product_pb2.Product, product_pb2.Product]:
    before, after = pair
    return messages.to_message(before), messages.to_message(after)
