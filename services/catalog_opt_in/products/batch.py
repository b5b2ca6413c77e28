"""Many creations, changes and removals of products, all or none.

Set-based: a handful of statements for any number of rows, and an event for each row.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import batches
from services.catalog_opt_in.head_office import lock_all_products
from services.catalog_opt_in.products import events, messages, queries, storing
from services.catalog_opt_in.products.model import Product
from services.catalog_opt_in.products.references import note_unknown, references, resolved
from services.catalog_opt_in.products.resolved import ResolvedProduct, is_same
from services.catalog_opt_in.violations import Violations
from services.kernel.data import updates


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is to be done, by the place of each row; `before` is what is there of products."""

    before: dict[str, product_pb2.Product]
    new: dict[str, Product] = field(default_factory=dict)
    changed: dict[str, Product] = field(default_factory=dict)
    """Of the updates, those that change something."""


async def change(
    session: AsyncSession, request: pb.BatchChangeProductsRequest
) -> pb.BatchChangeProductsResponse:
    """Does all rows of a batch.

    Raises:
        InvalidArgument: with what is wrong with the rows that cannot be done.
    """
    product_ids = _products_of(request)
    await lock_all_products(session)
    stored = {
        product.product_id: product for product in await queries.get_many(session, product_ids)
    }
    batch = await _validated(session, request, stored)
    products = await _resolved(session, batch)
    changed = {
        place: product
        for place, product in products.items()
        if place in batch.changed and not is_same(product, stored[product.product_id])
    }
    new = [product for place, product in products.items() if place in batch.new]
    # Changes first: what they give up, such as a handle, is then free for new products.
    await storing.replace(session, list(changed.values()))
    await storing.create(session, new)
    deleted = [name.partition("/")[2] for name in request.deletes]
    await storing.remove(session, deleted, datetime.now(UTC))
    answer = pb.BatchChangeProductsResponse(
        created=map(messages.to_message, new),
        updated=[
            messages.to_message(changed[f"updates[{n}]"])
            if f"updates[{n}]" in changed
            else batch.before[row.product.name]
            for n, row in enumerate(request.updates)
        ],
        deleted=request.deletes,
    )
    _record(session, answer, batch)
    return answer


def _products_of(request: pb.BatchChangeProductsRequest) -> list[str]:
    """Returns the ids of the products that are there already; raises as `product_ids` does."""
    named = [
        (f"updates[{n}].product.name", row.product.name) for n, row in enumerate(request.updates)
    ]
    named += [(f"deletes[{n}]", name) for n, name in enumerate(request.deletes)]
    return batches.product_ids(named, unnamed=len(request.creates))


async def _validated(
    session: AsyncSession,
    request: pb.BatchChangeProductsRequest,
    stored: dict[str, ResolvedProduct],
) -> _Batch:
    """Decides what is to be done; raises as `change` does."""
    violations = Violations()
    batch = _Batch({f"products/{id_}": messages.to_message(p) for id_, p in stored.items()})
    for n, requested in enumerate(request.creates):
        with violations.within(f"creates[{n}]"), violations.collected():
            batch.new[f"creates[{n}]"] = storing.new(requested)
    for n, row in enumerate(request.updates):
        with violations.within(f"updates[{n}].product"), violations.collected():
            before = batch.before.get(row.product.name)
            if before is None:
                violations.add("name", "does not exist", "PRODUCT_NOT_FOUND")
                continue
            requested = updates.apply(row.product, row.update_mask, to=before)
            if requested != before:
                product = stored[row.product.name.partition("/")[2]]
                batch.changed[f"updates[{n}]"] = storing.changed(product, requested, before)
    removed = [name.partition("/")[2] for name in request.deletes]
    others = await storing.others_listing(session, removed) if removed else {}
    for n, (name, product_id) in enumerate(zip(request.deletes, removed, strict=True)):
        if name not in batch.before:
            violations.add(f"deletes[{n}]", "does not exist", "PRODUCT_NOT_FOUND")
        elif tenants := others.get(product_id):
            text = f"is opted in to by {len(tenants)} other tenants: reject it first"
            violations.add(f"deletes[{n}]", text, "PRODUCT_LISTED")
    violations.refuse()
    return batch


async def _resolved(session: AsyncSession, batch: _Batch) -> dict[str, ResolvedProduct]:
    """Returns the products with what they refer to, by place; raises as `change` does."""
    products = batch.changed | batch.new
    refs = await references(session, products.values())
    taken, violations = await storing.taken(session, list(products.values())), Violations()
    for place, product in products.items():
        # An update's row is a product and a mask.
        with violations.within(f"{place}.product" if place in batch.changed else place):
            note_unknown(product, refs, violations)
            taken.note(product, violations)
    violations.refuse()
    return {place: resolved(product, refs) for place, product in products.items()}


def _record(session: AsyncSession, answer: pb.BatchChangeProductsResponse, batch: _Batch) -> None:
    """Records the event of each row that changed something, as if it were done alone."""
    for created in answer.created:
        events.record(session, after=created)
    for updated in answer.updated:
        before = batch.before[updated.name]
        if updated != before:
            events.record(session, before=before, after=updated)
    for name in answer.deleted:
        events.record(session, before=batch.before[name])
