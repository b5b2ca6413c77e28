"""TaxRegionService: staff set up where their tenant charges taxes."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import tax_rate_service_pb2 as rates_pb
from souk.commerce.v1 import tax_region_service_pb2 as pb
from souk.commerce.v1.tax_region_service_pb2_grpc import TaxRegionServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import TaxRegion
from services.commerce.setup.setup import setup_changed
from services.commerce.taxes import queries, rates
from services.commerce.taxes.messages import (
    checked_rate,
    checked_region,
    rate_message,
    region_message,
)
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.values.structs import metadata_of

MOST_REGIONS = 300
_REGION = "tenants/{tenant}/taxRegions/{tax_region}"
# All are read at once, as there are few. The id, made of the time, breaks ties.
_ORDERS: dict[str, Callable[[pb.TaxRegion], tuple[int | str, ...]]] = {
    "created_at": lambda region: (region.create_time.ToNanoseconds(), region.name),
    "updated_at": lambda region: (region.update_time.ToNanoseconds(), region.name),
    "id": lambda region: (region.name,),
    "country_code": lambda region: (region.country_code, region.province_code),
    "province_code": lambda region: (region.province_code, region.country_code),
}


class TaxRegionServicer(TaxRegionServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetTaxRegion(self, request: pb.GetTaxRegionRequest, _context: object) -> pb.TaxRegion:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = _existing(await queries.tax_regions(session), request.name)
            return await _message(session, row)

    async def ListTaxRegions(
        self, request: pb.ListTaxRegionsRequest, _context: object
    ) -> pb.ListTaxRegionsResponse:
        current_scope().require_parent(request.parent)
        size, skip = pages.window(request)
        key, descending = pages.order_by(request.order_by, _ORDERS, default="created_at")
        async with self._db.tenant() as session:
            regions = await _messages(session, await queries.tax_regions(session))
        found = [region for region in regions if _fits(region, request)]
        found.sort(key=key, reverse=descending)
        page = found[skip : skip + size]
        return pb.ListTaxRegionsResponse(tax_regions=page, total_size=len(found))

    async def CreateTaxRegion(
        self, request: pb.CreateTaxRegionRequest, _context: object
    ) -> pb.TaxRegion:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.TaxRegion):
                return answer
            await setup_changed(session)
            requested, now = checked_region(request.tax_region), datetime.now(UTC)
            row = TaxRegion(
                tax_region_id=names.new_id("txreg"),
                country_code=requested.country_code,
                province_code=requested.province_code,
                parent_id=parent_of(await queries.tax_regions(session), requested),
                extra=_metadata(requested),
                version=1,
                create_time=now,
                update_time=now,
            )
            session.add(row)
            await session.flush()
            made: list[rates_pb.TaxRate] = []
            if request.HasField("default_tax_rate"):
                rate = checked_rate(request.default_tax_rate, at="default_tax_rate.")
                rate.tax_region_id, rate.is_default = row.tax_region_id, True
                made.append(await rates.create(session, rate, now))
            after = region_message(row, made)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdateTaxRegion(
        self, request: pb.UpdateTaxRegionRequest, _context: object
    ) -> pb.TaxRegion:
        current_scope().require(request.tax_region.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = _existing(await queries.tax_regions(session), request.tax_region.name)
            before = await _message(session, row)
            requested = checked_region(
                updates.apply(request.tax_region, request.update_mask, to=before)
            )
            if requested == before:
                return before
            row.extra, row.update_time = _metadata(requested), datetime.now(UTC)
            row.version += 1
            after = region_message(row, before.tax_rates)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteTaxRegion(self, request: pb.DeleteTaxRegionRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = _existing(await queries.tax_regions(session), request.name)
            updates.check_etag(request.etag, row.version)
            before = await _message(session, row)
            await session.delete(row)  # and with it its provinces, and the rates of all
            audit.record(session, resource=before.name, before=before)
            return Empty()


def parent_of(regions: Sequence[TaxRegion], requested: pb.TaxRegion) -> str | None:
    """Returns the tax region of a province's country; None for a country.

    Raises:
        FailedPrecondition: TAX_REGIONS_FULL.
        AlreadyExists: TAX_REGION_EXISTS.
        NotFound: TAX_REGION_NOT_FOUND, the country has none, or not that which is named.
    """
    if len(regions) >= MOST_REGIONS:
        raise FailedPrecondition(
            "TAX_REGIONS_FULL",
            f"A tenant can have at most {MOST_REGIONS} tax regions. Delete one first.",
        )
    by_place = {(row.country_code, row.province_code): row.tax_region_id for row in regions}
    if taken := by_place.get((requested.country_code, requested.province_code)):
        raise AlreadyExists(
            "TAX_REGION_EXISTS",
            f"{taken} is already the tax region of this place. Change that one.",
            tax_region=taken,
        )
    if not requested.province_code:
        return None
    parent = by_place.get((requested.country_code, ""))
    if parent is None or requested.parent_id not in ("", parent):
        raise NotFound(
            "TAX_REGION_NOT_FOUND",
            f"No such tax region of {requested.country_code.lower()}. A province needs that of its"
            " country: create it first, and name it or none as the parent.",
        )
    return parent


def _metadata(region: pb.TaxRegion) -> dict[str, object] | None:
    return metadata_of(region)


async def _message(session: AsyncSession, row: TaxRegion) -> pb.TaxRegion:
    return (await _messages(session, [row]))[0]


async def _messages(session: AsyncSession, rows: Sequence[TaxRegion]) -> list[pb.TaxRegion]:
    by_region: dict[str, list[rates_pb.TaxRate]] = defaultdict(list)
    for rate, rules in await queries.tax_rates(session):
        by_region[rate.tax_region_id].append(rate_message(rate, rules))
    return [region_message(row, by_region[row.tax_region_id]) for row in rows]


def _existing(regions: Sequence[TaxRegion], name: str) -> TaxRegion:
    region_id = names.parse(name, _REGION)[1]
    for row in regions:
        if row.tax_region_id == region_id:
            return row
    raise NotFound("TAX_REGION_NOT_FOUND", f"No such tax region: {region_id[:100]}")


def _fits(region: pb.TaxRegion, request: pb.ListTaxRegionsRequest) -> bool:
    region_id, text = names.parse(region.name, _REGION)[1], request.query.casefold()
    country, province = region.country_code.casefold(), region.province_code.casefold()
    return (
        (text in country or text in province)
        and (not request.tax_region_ids or region_id in request.tax_region_ids)
        and (not request.country_codes or country in map(str.casefold, request.country_codes))
        and (not request.province_codes or province in map(str.casefold, request.province_codes))
        and (not request.HasField("parent_id") or region.parent_id == request.parent_id)
    )
