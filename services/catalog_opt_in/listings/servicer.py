"""ListingService: opts a tenant in to products, and out of them."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from souk.catalog_opt_in.v1 import listing_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.head_office import hold_listing
from services.catalog_opt_in.listings import messages, queries
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
            return await _shown(session, listing)

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
            wanted = queries.matching(state=state)
            rows = (await session.scalars(page.of(wanted, order, Listing.listing_id))).all()
            total = await queries.count(session, wanted)
            shown, token = page.cut(rows, key=lambda r: (getattr(r, order.key), r.listing_id))
            own = await queries.own_prices(session, [row.listing_id for row in shown])
        return pb.ListListingsResponse(
            listings=[messages.to_message(row, own[row.listing_id], _currency()) for row in shown],
            next_page_token=token,
            total_size=total,
        )

    async def CreateListing(self, request: pb.CreateListingRequest, _context: object) -> pb.Listing:
        current_scope().require_parent(request.parent)
        _refuse_archived()
        async with self._db.tenant() as session:
            if answer := await requests.answered(session, request, pb.Listing):
                return answer
            offer = await _held_offer(session, request.listing.product)
            _refuse_unpublished(offer)
            violations = Violations()
            state = messages.state(request.listing.state or pb.Listing.STATE_LIVE, violations)
            own = messages.own_prices(request.listing, offer, _currency(), violations)
            violations.refuse()
            answer = await _opted_in(session, offer, own, state)
            audit.record(session, resource=answer.name, after=answer)
            return await requests.remember(session, request, answer)

    async def UpdateListing(self, request: pb.UpdateListingRequest, _context: object) -> pb.Listing:
        current_scope().require(request.listing.name)
        _refuse_archived()
        async with self._db.tenant() as session:
            offer = await _offer_of(session, request.listing.name)
            listing = await _listing(session, request.listing.name, lock=True)
            before, violations = await _shown(session, listing), Violations()
            wanted = updates.apply(request.listing, request.update_mask, to=before)
            if wanted == before:
                return before
            state = messages.state(wanted.state, violations)
            own = messages.own_prices(wanted, offer, _currency(), violations)
            violations.refuse()
            await queries.change(
                session,
                listing,
                offer,
                own=own,
                currency=_currency(),
                state=state,
                now=datetime.now(UTC),
            )
            after = messages.to_message(listing, own, _currency())
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteListing(self, request: pb.DeleteListingRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await _offer_of(session, request.name)
            listing = await _listing(session, request.name, lock=True)
            updates.check_etag(request.etag, listing.version)
            before = await _shown(session, listing)
            await queries.remove(session, listing, currency=_currency())
            audit.record(session, resource=request.name, before=before)
            return Empty()


def _refuse_archived() -> None:
    """Refuses changes at an archived tenant; it may still opt out, which holds up nobody else.

    Raises:
        FailedPrecondition: TENANT_ARCHIVED.
    """
    if current_scope().tenant_state == "archived":
        raise FailedPrecondition("TENANT_ARCHIVED", "This tenant is archived. Undelete it first.")


def _currency() -> str:
    """Returns the currency of the scope's tenant.

    Raises:
        FailedPrecondition: CURRENCY_MISSING, the scope has none.
    """
    currency = current_scope().currency
    if not currency:
        raise FailedPrecondition("CURRENCY_MISSING", "The tenant has no currency to sell in.")
    return currency


async def _listing(session: AsyncSession, name: str, *, lock: bool = False) -> Listing:
    _, listing_id = names.parse(name, LISTING)
    listing = await queries.one(session, listing_id, lock=lock)
    if listing is None:
        raise NotFound("LISTING_NOT_FOUND", f"No such listing: {name}.", listing=name)
    return listing


async def _shown(session: AsyncSession, listing: Listing) -> pb.Listing:
    own = await queries.own_prices(session, [listing.listing_id])
    return messages.to_message(listing, own[listing.listing_id], _currency())


async def _held_offer(session: AsyncSession, product: str) -> Offer:
    """Reads and locks the offer of a product until the transaction ends."""
    try:
        (product_id,) = names.parse(product, PRODUCT)
    except InvalidArgument:
        text = f"must have the form {PRODUCT}"
        raise invalid("NAME_INVALID", {"product": text}) from None
    await hold_listing(session, product_id)
    offer = await queries.offer(session, product_id)
    if offer is None:
        raise NotFound("PRODUCT_NOT_FOUND", f"No such product: {product}.", product=product)
    return offer


async def _offer_of(session: AsyncSession, name: str) -> Offer:
    """Reads the offer of a listing; every listing has one."""
    _, listing_id = names.parse(name, LISTING)
    try:
        return await _held_offer(session, f"products/{listing_id}")
    except NotFound:
        raise NotFound("LISTING_NOT_FOUND", f"No such listing: {name}.", listing=name) from None


def _refuse_unpublished(offer: Offer) -> None:
    if offer["status"] != "PUBLISHED":
        raise FailedPrecondition(
            "PRODUCT_NOT_PUBLISHED",
            "This product is not published, so tenants cannot opt in to it.",
            product=offer["id"],
        )


async def _opted_in(
    session: AsyncSession, offer: Offer, own: dict[str, int], state: str
) -> pb.Listing:
    listing = await queries.create(
        session, offer, own=own, currency=_currency(), state=state, now=datetime.now(UTC)
    )
    if listing is None:
        raise AlreadyExists(
            "LISTING_EXISTS",
            f"The tenant is already opted in to {offer['id']}.",
            product=offer["id"],
        )
    return messages.to_message(listing, own, _currency())
