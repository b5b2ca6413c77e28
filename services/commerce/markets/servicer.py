"""RegionService: staff set up where their tenant sells."""

from collections.abc import Callable
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import region_service_pb2 as pb
from souk.commerce.v1.region_service_pb2_grpc import RegionServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.markets import queries
from services.commerce.markets.messages import checked, market_message, region_message
from services.commerce.models import Region
from services.commerce.payments.providers import Providers
from services.commerce.setup.setup import setup_changed
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.values.structs import metadata_of

MOST_REGIONS = 50
_REGION = "tenants/{tenant}/regions/{region}"
# All are read at once, as there are few. The id, made of the time, breaks ties.
_ORDERS: dict[str, Callable[[pb.Region], tuple[int | str, ...]]] = {
    "created_at": lambda region: (region.create_time.ToNanoseconds(), region.name),
    "updated_at": lambda region: (region.update_time.ToNanoseconds(), region.name),
    "id": lambda region: (region.name,),
    "name": lambda region: (region.display_name.casefold(), region.name),
}


class RegionServicer(RegionServiceServicer):
    def __init__(self, db: Database, providers: Providers) -> None:
        self._db = db
        self._providers = providers.ids

    async def GetRegion(self, request: pb.GetRegionRequest, _context: object) -> pb.Region:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            _, message = await _existing(session, request.name)
        return message

    async def ListRegions(
        self, request: pb.ListRegionsRequest, _context: object
    ) -> pb.ListRegionsResponse:
        current_scope().require_parent(request.parent)
        size, skip = pages.window(request)
        key, descending = pages.order_by(request.order_by, _ORDERS, default="created_at")
        region_ids = [names.parse(name, _REGION)[1] for name in request.regions]
        async with self._db.tenant() as session:
            regions = await _all(session)
        found = [region for region in regions if _fits(region, request, region_ids)]
        found.sort(key=key, reverse=descending)
        return pb.ListRegionsResponse(regions=found[skip : skip + size], total_size=len(found))

    async def CreateRegion(self, request: pb.CreateRegionRequest, _context: object) -> pb.Region:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.Region):
                return answer
            await setup_changed(session)
            if await queries.number_of_regions(session) >= MOST_REGIONS:
                raise FailedPrecondition(
                    "REGIONS_FULL",
                    f"A tenant can have at most {MOST_REGIONS} regions. Delete one first.",
                )
            now = datetime.now(UTC)
            row = Region(region_id=names.new_id("reg"), version=1, create_time=now)
            after = await _write(session, row, checked(request.region, self._providers), now)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdateRegion(self, request: pb.UpdateRegionRequest, _context: object) -> pb.Region:
        current_scope().require(request.region.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row, before = await _existing(session, request.region.name)
            requested = updates.apply(request.region, request.update_mask, to=before)
            if requested == before:
                return before
            requested, now = checked(requested, self._providers), datetime.now(UTC)
            if requested == before:
                return before
            if row is None:
                region_id = names.parse(before.name, _REGION)[1]
                row = Region(region_id=region_id, version=0, create_time=now)
            row.version += 1
            after = await _write(session, row, requested, now)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteRegion(self, request: pb.DeleteRegionRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row, before = await _existing(session, request.name)
            if row is None:
                raise FailedPrecondition(
                    "REGION_OF_SETTINGS",
                    "This region is made of the tenant's country and currency. Create another"
                    " region, and it is gone.",
                )
            updates.check_etag(request.etag, row.version)
            await session.delete(row)  # and with it its countries
            audit.record(session, resource=before.name, before=before)
            return Empty()


async def _all(session: AsyncSession) -> list[pb.Region]:
    rows = await queries.regions(session)
    if not rows:
        return [market_message(queries.market_of_settings())]
    return [region_message(row, countries) for row, countries in rows]


async def _existing(session: AsyncSession, name: str) -> tuple[Region | None, pb.Region]:
    """Reads a region; that of the tenant's settings has no row.

    Raises:
        NotFound: REGION_NOT_FOUND.
    """
    region_id = names.parse(name, _REGION)[1]
    rows = await queries.regions(session)
    for row, countries in rows:
        if row.region_id == region_id:
            return row, region_message(row, countries)
    default = queries.market_of_settings()
    if rows or region_id != default.id:
        raise NotFound("REGION_NOT_FOUND", f"No such region: {region_id[:100]}", region=name)
    return None, market_message(default)


async def _write(
    session: AsyncSession, row: Region, requested: pb.Region, now: datetime
) -> pb.Region:
    """Stores a checked region with its countries.

    Raises:
        AlreadyExists: COUNTRY_TAKEN.
    """
    if taken := await queries.taken_country(session, requested.countries, besides=row.region_id):
        raise AlreadyExists(
            "COUNTRY_TAKEN",
            f"{taken.country_code.lower()} is already in the region {taken.region_id}, and no"
            " country is in two. Take it out of that one first.",
            country=taken.country_code,
        )
    row.name, row.currency_code = requested.display_name, requested.currency_code
    row.automatic_taxes, row.includes_tax = requested.automatic_taxes, requested.includes_tax
    row.payment_providers = list(requested.payment_providers)
    row.extra = metadata_of(requested)
    row.update_time = now
    session.add(row)
    await session.flush()
    await queries.set_countries(session, row.region_id, requested.countries)
    return region_message(row, requested.countries)


def _fits(region: pb.Region, request: pb.ListRegionsRequest, region_ids: list[str]) -> bool:
    return (
        request.query.casefold() in region.display_name.casefold()
        and (not region_ids or names.parse(region.name, _REGION)[1] in region_ids)
        and request.display_name in ("", region.display_name)
        and request.currency_code in ("", region.currency_code)
    )
