"""ListingService: opts a tenant in to products, and out of them."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from souk.catalog_opt_in.v1 import listing_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.listings import batch, messages, queries, writing
from services.catalog_opt_in.listings.scopes import refuse_archived, scope_currency
from services.catalog_opt_in.listings.stored import StoredListing
from services.catalog_opt_in.messages import PRODUCT
from services.catalog_opt_in.models import Listing
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    invalid,
)
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.acts import Act
from services.kernel.data.database import Database
from services.kernel.evidence import audit

LISTING = "tenants/{tenant}/listings/{listing}"


class Listings(pb_grpc.ListingServiceServicer):
    def __init__(self, database: Database) -> None:
        self._db = database

    async def GetListing(self, request: pb.GetListingRequest, _context: object) -> pb.Listing:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            listing = await _listing(session, request.name)
            own = await queries.own_prices(session, [listing.listing_id])
        return messages.to_message(listing, own[listing.listing_id], scope_currency())

    async def ListListings(
        self, request: pb.ListListingsRequest, _context: object
    ) -> pb.ListListingsResponse:
        current_scope().require_parent(request.parent)
        order, descending = pages.order_by(request.order_by, queries.ORDERS, default="created_at")
        key = {order.key: order.type.python_type, "listing_id": str}
        page = pages.read(request, key=key, descending=descending)
        violations = Violations()
        state = messages.state(request.state, violations) if request.state else ""
        violations.refuse()
        async with self._db.tenant() as session:
            statement = queries.with_state(state=state)
            rows = (await session.scalars(page.of(statement, order, Listing.listing_id))).all()
            total = await queries.count(session, statement)
            page_rows, token = page.cut(
                rows, key=lambda row: (getattr(row, order.key), row.listing_id)
            )
            own = await queries.own_prices(session, [row.listing_id for row in page_rows])
        return pb.ListListingsResponse(
            listings=[
                messages.to_message(row, own[row.listing_id], scope_currency()) for row in page_rows
            ],
            next_page_token=token,
            total_size=total,
        )

    async def CreateListing(self, request: pb.CreateListingRequest, _context: object) -> pb.Listing:
        current_scope().require_parent(request.parent)
        refuse_archived()
        async with self._db.act() as act:
            if answer := await requests.stored_answer(act, request, pb.Listing):
                return answer
            offer = await _offer(act, request.listing.product)
            _refuse_unpublished(offer)
            violations = Violations()
            state = messages.state(request.listing.state or pb.Listing.STATE_LIVE, violations)
            own = messages.own_prices(request.listing, offer, scope_currency(), violations)
            violations.refuse()
            answer = await _create_listing(act, offer, own, state)
            audit.record(act, resource=answer.name, after=answer)
            return await requests.remember(act, request, answer)

    async def UpdateListing(self, request: pb.UpdateListingRequest, _context: object) -> pb.Listing:
        current_scope().require(request.listing.name)
        refuse_archived()
        async with self._db.act() as act:
            offer, listing, before = await _locked(act, request.listing.name)
            violations = Violations()
            requested = updates.apply(request.listing, request.update_mask, to=before)
            if requested == before:
                return before
            state = messages.state(requested.state, violations)
            own = messages.own_prices(requested, offer, scope_currency(), violations)
            violations.refuse()
            id_, now = listing.listing_id, datetime.now(UTC)
            lists = await writing.list_prices(act, [id_], now)
            await writing.change(
                act,
                {id_: listing},
                [queries.Choice(offer, state, own, lists[id_])],
                currency=scope_currency(),
                now=now,
            )
            after = messages.to_message(listing, own, scope_currency())
            audit.record(act, resource=after.name, before=before, after=after)
            return after

    async def DeleteListing(self, request: pb.DeleteListingRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.act() as act:
            _, listing, before = await _locked(act, request.name)
            updates.check_etag(request.etag, listing.version)
            await writing.remove(act, [listing], currency=scope_currency())
            audit.record(act, resource=request.name, before=before)
            return Empty()

    async def BatchChangeListings(
        self, request: pb.BatchChangeListingsRequest, _context: object
    ) -> pb.BatchChangeListingsResponse:
        current_scope().require_parent(request.parent)
        if request.creates or request.updates:
            refuse_archived()
        async with self._db.act() as act:
            kind = pb.BatchChangeListingsResponse
            if answer := await requests.stored_answer(act, request, kind):
                return answer
            answer = await batch.change(act, request)
            return await requests.remember(act, request, answer)


async def _listing(session: AsyncSession, name: str) -> Listing:
    _, listing_id = names.parse(name, LISTING)
    listing = await queries.get(session, listing_id)
    if listing is None:
        raise _not_found(name)
    return listing


def _not_found(name: str) -> NotFound:
    return NotFound("LISTING_NOT_FOUND", f"No such listing: {name}.", listing=name)


async def _locked(act: Act, name: str) -> tuple[Offer, StoredListing, pb.Listing]:
    """Reads and locks a listing and its offer, so that the head office rewrites neither."""
    _, listing_id = names.parse(name, LISTING)
    found = await writing.locked(act, listing_id)
    if found is None or found.listing is None:
        raise _not_found(name)
    before = messages.to_message(found.listing, found.own, scope_currency())
    return found.offer, found.listing, before


async def _offer(act: Act, product: str) -> Offer:
    """Reads and locks the offer of a product until the act ends."""
    try:
        (product_id,) = names.parse(product, PRODUCT)
    except InvalidArgument:
        text = f"must have the form {PRODUCT}"
        raise invalid("NAME_INVALID", {"product": text}) from None
    found = await writing.locked(act, product_id)
    if found is None:
        raise NotFound("PRODUCT_NOT_FOUND", f"No such product: {product}.", product=product)
    return found.offer


def _refuse_unpublished(offer: Offer) -> None:
    if offer["status"] != "PUBLISHED":
        raise FailedPrecondition(
            "PRODUCT_NOT_PUBLISHED",
            "This product is not published, so tenants cannot opt in to it.",
            product=offer["id"],
        )


async def _create_listing(act: Act, offer: Offer, own: dict[str, int], state: str) -> pb.Listing:
    choice = queries.Choice(offer, state, own)
    created = await writing.create(act, [choice], currency=scope_currency(), now=datetime.now(UTC))
    if not created:
        raise AlreadyExists(
            "LISTING_EXISTS",
            f"The tenant is already opted in to {offer['id']}.",
            product=offer["id"],
        )
    return messages.to_message(created[0], own, scope_currency())
