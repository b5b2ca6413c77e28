"""StockLocationService: where a tenant keeps its goods, as its staff set it up."""

from collections.abc import Iterator
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from souk.commerce.v1 import stock_location_service_pb2 as pb
from souk.commerce.v1.stock_location_service_pb2_grpc import StockLocationServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import StockLocation
from services.commerce.setup.setup import setup_changed
from services.commerce.shipping.listing import page
from services.commerce.shipping.messages import set_message
from services.commerce.shipping.queries import fulfillment_sets, zones
from services.commerce.stock import queries
from services.commerce.stock.locations import existing, locations, stored
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, invalid
from services.kernel.call.scope import current_scope
from services.kernel.call.times import message_of
from services.kernel.data import requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.values.countries import is_country
from services.values.structs import metadata_of

MOST_LOCATIONS = 50
_LOCATION = "tenants/{tenant}/stockLocations/{stock_location}"


class StockLocationServicer(StockLocationServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetStockLocation(
        self, request: pb.GetStockLocationRequest, _context: object
    ) -> pb.StockLocation:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = await existing(session, names.parse(request.name, _LOCATION)[1])
            return await _with_sets(session, location_message(row))

    async def ListStockLocations(
        self, request: pb.ListStockLocationsRequest, _context: object
    ) -> pb.ListStockLocationsResponse:
        current_scope().require_parent(request.parent)
        ids = [names.parse(name, _LOCATION)[1] for name in request.stock_locations]
        async with self._db.tenant() as session:
            found = [location_message(row) for row in await locations(session)]
            rows, total = page(request, [one for one in found if _fits(one, request, ids)])
            for one in rows:
                await _with_sets(session, one)
        return pb.ListStockLocationsResponse(stock_locations=rows, total_size=total)

    async def CreateStockLocation(
        self, request: pb.CreateStockLocationRequest, _context: object
    ) -> pb.StockLocation:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.StockLocation):
                return answer
            await setup_changed(session)
            if len(await locations(session)) >= MOST_LOCATIONS:
                raise FailedPrecondition(
                    "STOCK_LOCATIONS_FULL",
                    f"A tenant can have at most {MOST_LOCATIONS} stock locations. Delete one.",
                )
            now = datetime.now(UTC)
            row = StockLocation(location_id=names.new_id("sloc"), version=1, create_time=now)
            after = await _write(session, row, _check(request.stock_location), now)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdateStockLocation(
        self, request: pb.UpdateStockLocationRequest, _context: object
    ) -> pb.StockLocation:
        current_scope().require(request.stock_location.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await existing(session, names.parse(request.stock_location.name, _LOCATION)[1])
            before = location_message(row)
            requested = updates.apply(request.stock_location, request.update_mask, to=before)
            if requested == before:
                return await _with_sets(session, before)
            _check(requested)
            row = await stored(session, row.location_id)
            row.version += 1
            after = await _write(session, row, requested, datetime.now(UTC))
            audit.record(session, resource=after.name, before=before, after=after)
            return await _with_sets(session, after)

    async def DeleteStockLocation(
        self, request: pb.DeleteStockLocationRequest, _context: object
    ) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await existing(session, names.parse(request.name, _LOCATION)[1])
            if not row.version:
                raise FailedPrecondition(
                    "STOCK_LOCATION_NOT_STORED",
                    "This location is what a tenant has before it sets up any. Create another"
                    " one, and it is gone.",
                )
            updates.check_etag(request.etag, row.version)
            if any(one.location_id == row.location_id for one in await fulfillment_sets(session)):
                raise FailedPrecondition(
                    "STOCK_LOCATION_IN_USE",
                    "Fulfillment sets hand over from there. Delete these first.",
                )
            for level in await queries.locked_location(session, row.location_id):
                if level.stocked or level.reserved:
                    raise FailedPrecondition(
                        "STOCK_LOCATION_NOT_EMPTY",
                        "Something is in stock there, or kept for carts and orders. Set its levels"
                        " to 0 first.",
                    )
                await session.delete(level)
            await session.flush()
            before = location_message(row)
            await session.delete(row)
            audit.record(session, resource=before.name, before=before)
            return Empty()


def location_message(row: StockLocation) -> pb.StockLocation:
    message = pb.StockLocation(
        name=f"tenants/{row.tenant_id}/stockLocations/{row.location_id}",
        display_name=row.name,
        etag=updates.etag(row.version),
    )
    if row.address is not None:
        ParseDict(row.address, message.address, ignore_unknown_fields=True)
    if row.extra is not None:
        message.metadata.update(row.extra)
    if row.version:
        message.create_time.CopyFrom(message_of(row.create_time))
        message.update_time.CopyFrom(message_of(row.update_time))
    return message


async def _with_sets(session: AsyncSession, location: pb.StockLocation) -> pb.StockLocation:
    """Adds the fulfillment sets of a location to its message."""
    location_id = names.parse(location.name, _LOCATION)[1]
    own = [row for row in await fulfillment_sets(session) if row.location_id == location_id]
    if own:
        all_zones = await zones(session)
        location.fulfillment_sets.extend(set_message(row, all_zones) for row in own)
    return location


def _check(requested: pb.StockLocation) -> pb.StockLocation:
    """Returns a location that can be stored.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    if violations := dict(_problems(requested)):
        raise invalid("FIELD_INVALID", violations)
    return requested


async def _write(
    session: AsyncSession, row: StockLocation, requested: pb.StockLocation, now: datetime
) -> pb.StockLocation:
    row.name, row.update_time = requested.display_name.strip(), now
    row.address = (
        MessageToDict(requested.address, preserving_proto_field_name=True)
        if requested.HasField("address")
        else None
    )
    row.extra = metadata_of(requested)
    session.add(row)
    await session.flush()
    return location_message(row)


def _problems(requested: pb.StockLocation) -> Iterator[tuple[str, str]]:
    if not requested.display_name.strip():
        yield "display_name", "must not be empty"
    elif not requested.display_name.strip().isprintable():
        yield "display_name", "must not contain control characters"
    if requested.HasField("address"):
        if not requested.address.address_1.strip():
            yield "address.address_1", "must not be empty"
        if not is_country(requested.address.country_code):
            text = "must be an ISO 3166-1 alpha-2 code, for example fr"
            yield "address.country_code", text


def _fits(
    location: pb.StockLocation, request: pb.ListStockLocationsRequest, ids: list[str]
) -> bool:
    return (
        request.query.casefold() in location.display_name.casefold()
        and (not ids or names.parse(location.name, _LOCATION)[1] in ids)
        and request.display_name in ("", location.display_name)
    )
