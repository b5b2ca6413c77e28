"""FulfillmentSetService: staff set up where their tenant ships to."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import fulfillment_set_service_pb2 as pb
from souk.commerce.v1.fulfillment_set_service_pb2_grpc import FulfillmentSetServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import FulfillmentSet, ServiceZone
from services.commerce.setup.setup import setup_changed
from services.commerce.shipping import queries
from services.commerce.shipping.listing import page
from services.commerce.shipping.messages import (
    SET,
    ZONE,
    checked_set,
    checked_zone,
    set_message,
    zone_message,
)
from services.commerce.stock.locations import stored
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit

MOST_SETS = 50
MOST_ZONES = 50


class FulfillmentSetServicer(FulfillmentSetServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetFulfillmentSet(
        self, request: pb.GetFulfillmentSetRequest, _context: object
    ) -> pb.FulfillmentSet:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = await _existing(session, names.parse(request.name, SET)[1])
            return set_message(row, await queries.zones(session))

    async def ListFulfillmentSets(
        self, request: pb.ListFulfillmentSetsRequest, _context: object
    ) -> pb.ListFulfillmentSetsResponse:
        current_scope().require_parent(request.parent)
        ids = [names.parse(name, SET)[1] for name in request.fulfillment_sets]
        async with self._db.tenant() as session:
            rows, zones = await queries.fulfillment_sets(session), await queries.zones(session)
        found = [
            set_message(row, zones)
            for row in rows
            if (not ids or row.set_id in ids)
            and request.display_name in ("", row.name)
            and request.type in ("", row.type)
            and (not request.stock_locations or row.location_id in request.stock_locations)
        ]
        rows_of_page, total = page(request, found)
        return pb.ListFulfillmentSetsResponse(fulfillment_sets=rows_of_page, total_size=total)

    async def CreateFulfillmentSet(
        self, request: pb.CreateFulfillmentSetRequest, _context: object
    ) -> pb.FulfillmentSet:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.FulfillmentSet):
                return answer
            await setup_changed(session)
            requested, rows = request.fulfillment_set, await queries.fulfillment_sets(session)
            checked_set(requested)
            _refuse_too_many("FULFILLMENT_SETS_FULL", "fulfillment sets", len(rows), MOST_SETS)
            if any(row.name == requested.display_name for row in rows):
                raise AlreadyExists(
                    "FULFILLMENT_SET_TAKEN",
                    "Another fulfillment set of this tenant has this name. Use another.",
                )
            if requested.stock_location_id:
                await stored(session, requested.stock_location_id)
            now = datetime.now(UTC)
            row = FulfillmentSet(
                set_id=names.new_id("fuset"),
                name=requested.display_name,
                type=requested.type,
                location_id=requested.stock_location_id or None,
                version=1,
                create_time=now,
                update_time=now,
            )
            session.add(row)
            await session.flush()
            after = set_message(row, ())
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def DeleteFulfillmentSet(
        self, request: pb.DeleteFulfillmentSetRequest, _context: object
    ) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await _existing(session, names.parse(request.name, SET)[1])
            updates.check_etag(request.etag, row.version)
            before = set_message(row, await queries.zones(session))
            zones = {names.parse(zone.name, ZONE)[2] for zone in before.service_zones}
            await _refuse_used(session, zones, "FULFILLMENT_SET_IN_USE")
            await session.delete(row)  # and with it its zones
            audit.record(session, resource=before.name, before=before)
            return Empty()

    async def GetServiceZone(
        self, request: pb.GetServiceZoneRequest, _context: object
    ) -> pb.ServiceZone:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return zone_message(await _existing_zone(session, request.name))

    async def CreateServiceZone(
        self, request: pb.CreateServiceZoneRequest, _context: object
    ) -> pb.ServiceZone:
        current_scope().require(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.ServiceZone):
                return answer
            await setup_changed(session)
            of_zone = await _existing(session, names.parse(request.parent, SET)[1])
            others = [z for z in await queries.zones(session) if z.set_id == of_zone.set_id]
            _refuse_too_many("SERVICE_ZONES_FULL", "zones in a set", len(others), MOST_ZONES)
            now = datetime.now(UTC)
            row = ServiceZone(
                zone_id=names.new_id("serzo"), set_id=of_zone.set_id, areas=[], create_time=now
            )
            after = await _write(session, row, request.service_zone, now)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdateServiceZone(
        self, request: pb.UpdateServiceZoneRequest, _context: object
    ) -> pb.ServiceZone:
        current_scope().require(request.service_zone.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await _existing_zone(session, request.service_zone.name)
            before = zone_message(row)
            requested = updates.apply(request.service_zone, request.update_mask, to=before)
            if requested == before:
                return before
            after = await _write(session, row, requested, datetime.now(UTC))
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteServiceZone(
        self, request: pb.DeleteServiceZoneRequest, _context: object
    ) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await _existing_zone(session, request.name)
            await _refuse_used(session, {row.zone_id}, "SERVICE_ZONE_IN_USE")
            before, now = zone_message(row), datetime.now(UTC)
            await session.delete(row)
            await _touch(session, row.set_id, now)
            audit.record(session, resource=before.name, before=before)
            return Empty()


async def _existing(session: AsyncSession, set_id: str) -> FulfillmentSet:
    """Reads a set.

    Raises:
        NotFound: FULFILLMENT_SET_NOT_FOUND.
    """
    for row in await queries.fulfillment_sets(session):
        if row.set_id == set_id:
            return row
    raise NotFound("FULFILLMENT_SET_NOT_FOUND", f"No such fulfillment set: {set_id[:100]}")


async def _existing_zone(session: AsyncSession, name: str) -> ServiceZone:
    """Reads a zone of a set.

    Raises:
        NotFound: SERVICE_ZONE_NOT_FOUND.
    """
    _, set_id, zone_id = names.parse(name, ZONE)
    for row in await queries.zones(session):
        if (row.set_id, row.zone_id) == (set_id, zone_id):
            return row
    raise NotFound("SERVICE_ZONE_NOT_FOUND", f"No such service zone: {zone_id[:100]}")


async def _write(
    session: AsyncSession, row: ServiceZone, requested: pb.ServiceZone, now: datetime
) -> pb.ServiceZone:
    """Stores a zone; areas with the ids of its own keep them.

    Raises:
        AlreadyExists: SERVICE_ZONE_TAKEN.
    """
    requested, areas = checked_zone(requested, [area["id"] for area in row.areas])
    for other in await queries.zones(session):
        is_other = other.set_id == row.set_id and other.zone_id != row.zone_id
        if is_other and other.name == requested.display_name:
            raise AlreadyExists(
                "SERVICE_ZONE_TAKEN", "Another zone of this set has this name. Use another."
            )
    row.name, row.update_time = requested.display_name, now
    row.areas = [area.model_dump() for area in areas]
    session.add(row)
    await _touch(session, row.set_id, now)
    await session.flush()
    return zone_message(row)


async def _touch(session: AsyncSession, set_id: str, now: datetime) -> None:
    """Says of a set that its zones have changed."""
    row = await _existing(session, set_id)
    row.version, row.update_time = row.version + 1, now


async def _refuse_used(session: AsyncSession, zone_ids: set[str], reason: str) -> None:
    if any(option.zone_id in zone_ids for option in await queries.options(session)):
        raise FailedPrecondition(reason, "Shipping options serve it. Delete these first.")


def _refuse_too_many(reason: str, things: str, count: int, most: int) -> None:
    if count >= most:
        raise FailedPrecondition(reason, f"There can be at most {most} {things}. Delete one first.")
