"""Many opt-ins, changes and opt-outs of one tenant, all or none.

Set-based: a handful of statements for any number of rows, and an event for each row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from souk.catalog_opt_in.v1 import listing_service_pb2 as pb

from services.catalog_opt_in import batches
from services.catalog_opt_in.listings import messages, writing
from services.catalog_opt_in.listings.queries import Choice
from services.catalog_opt_in.listings.scopes import scope_currency
from services.catalog_opt_in.listings.stored import StoredListing
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.violations import Violations
from services.kernel.call.errors import conflict
from services.kernel.data import updates
from services.kernel.data.acts import Act
from services.kernel.evidence import audit


async def change(
    act: Act, request: pb.BatchChangeListingsRequest
) -> pb.BatchChangeListingsResponse:
    """Does all rows of a batch.

    Raises:
        InvalidArgument: with what is wrong with the rows that cannot be done.
        Aborted: CONFLICT, another request opted in to one of the products meanwhile.
    """
    product_ids = _products_of(request)
    await writing.lock_all_offers(act)
    stored = await _Stored.read(act, product_ids)
    if request.skip_done:
        request = _without_done(request, stored)
    creates, changes = _validated(request, stored)
    currency, now = scope_currency(), datetime.now(UTC)
    created = await _create(act, creates, currency, now)
    if changes:
        lists = await writing.list_prices(act, [choice.offer["id"] for choice in changes], now)
        changes = [replace(choice, lists=lists[choice.offer["id"]]) for choice in changes]
        await writing.change(act, stored.listings, changes, currency=currency, now=now)
    if request.deletes:
        gone = [stored.listings[_id(product)] for product in request.deletes]
        await writing.remove(act, gone, currency=currency)
    changed = {
        choice.offer["id"]: messages.to_message(
            stored.listings[choice.offer["id"]], choice.own, currency
        )
        for choice in changes
    }
    after = stored.messages | changed
    answer = pb.BatchChangeListingsResponse(
        created=created,
        updated=[after[_id(row.listing.product)] for row in request.updates],
        deleted=request.deletes,
    )
    _record(act, answer, stored)
    return answer


def _products_of(request: pb.BatchChangeListingsRequest) -> list[str]:
    """Returns the ids of the products of all rows; raises as `product_ids` does."""
    named = [(f"creates[{n}].product", row.product) for n, row in enumerate(request.creates)]
    named += [
        (f"updates[{n}].listing.product", row.listing.product)
        for n, row in enumerate(request.updates)
    ]
    named += [(f"deletes[{n}]", product) for n, product in enumerate(request.deletes)]
    return batches.product_ids(named)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is there of the products in a batch."""

    offers: dict[str, Offer]
    listings: dict[str, StoredListing]
    """The tenant's own, locked."""
    messages: dict[str, pb.Listing]

    @classmethod
    async def read(cls, act: Act, product_ids: Sequence[str]) -> "_Stored":
        offers = await writing.offers(act, product_ids)
        listings = await writing.listings(act, product_ids)
        own = await writing.own_prices(act, list(listings))
        listed = {
            id_: messages.to_message(listing, own[id_], scope_currency())
            for id_, listing in listings.items()
        }
        return cls(offers, listings, listed)


def _without_done(
    request: pb.BatchChangeListingsRequest, stored: _Stored
) -> pb.BatchChangeListingsRequest:
    """Leaves out what is listed already of the creates, and what is not of the deletes."""
    return pb.BatchChangeListingsRequest(
        creates=(row for row in request.creates if _id(row.product) not in stored.listings),
        updates=request.updates,
        deletes=(product for product in request.deletes if _id(product) in stored.listings),
    )


def _validated(
    request: pb.BatchChangeListingsRequest, stored: _Stored
) -> tuple[list[Choice], list[Choice]]:
    """Returns what is to be created, and what of the updates changes something.

    Raises as `change` does.
    """
    creates: list[Choice | None] = []
    changes: list[Choice | None] = []
    violations = Violations()
    for n, requested in enumerate(request.creates):
        with violations.within(f"creates[{n}]"):
            creates.append(_creation(requested, stored, violations))
    for n, row in enumerate(request.updates):
        with violations.within(f"updates[{n}].listing"), violations.collected():
            changes.append(_change(row, stored, violations))
    for n, product in enumerate(request.deletes):
        if _id(product) not in stored.listings:
            violations.add(f"deletes[{n}]", "is not opted in to", "LISTING_NOT_FOUND")
    violations.refuse()
    return list(filter(None, creates)), list(filter(None, changes))


def _creation(requested: pb.Listing, stored: _Stored, violations: Violations) -> Choice | None:
    product_id = _id(requested.product)
    offer = stored.offers.get(product_id)
    if offer is None:
        violations.add("product", "does not exist", "PRODUCT_NOT_FOUND")
    elif offer["status"] != "PUBLISHED":
        violations.add("product", "is not published", "PRODUCT_NOT_PUBLISHED")
    elif product_id in stored.listings:
        violations.add("product", "is opted in to already", "LISTING_EXISTS")
    else:
        state = messages.state(requested.state or pb.Listing.STATE_LIVE, violations)
        own = messages.own_prices(requested, offer, scope_currency(), violations)
        return Choice(offer, state, own)
    return None


def _change(change: pb.ListingChange, stored: _Stored, violations: Violations) -> Choice | None:
    """Returns what becomes of a listing; None if nothing changes."""
    product_id = _id(change.listing.product)
    before = stored.messages.get(product_id)
    if before is None:
        violations.add("product", "is not opted in to", "LISTING_NOT_FOUND")
        return None
    requested = updates.apply(change.listing, change.update_mask, to=before)
    if requested == before:
        return None
    offer = stored.offers[product_id]
    state = messages.state(requested.state, violations)
    own = messages.own_prices(requested, offer, scope_currency(), violations)
    return Choice(offer, state, own)


async def _create(
    act: Act, choices: Sequence[Choice], currency: str, now: datetime
) -> list[pb.Listing]:
    if not choices:
        return []
    created = await writing.create(act, choices, currency=currency, now=now)
    if len(created) < len(choices):  # made since they were looked for
        raise conflict()
    return [
        messages.to_message(listing, choice.own, currency)
        for listing, choice in zip(created, choices, strict=True)
    ]


def _record(act: Act, answer: pb.BatchChangeListingsResponse, stored: _Stored) -> None:
    """Records the event of each row that changed something, as if it were done alone."""
    for created in answer.created:
        audit.record(act, resource=created.name, after=created)
    for updated in answer.updated:
        before = stored.messages[_id(updated.product)]
        if updated != before:
            audit.record(act, resource=updated.name, before=before, after=updated)
    for product in answer.deleted:
        before = stored.messages[_id(product)]
        audit.record(act, resource=before.name, before=before)


def _id(product: str) -> str:
    return product.partition("/")[2]
