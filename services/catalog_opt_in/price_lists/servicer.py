"""PriceListService: staff set prices that hold for a time, or for some customers."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb
from souk.catalog_opt_in.v1.price_list_service_pb2_grpc import PriceListServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import batches
from services.catalog_opt_in.listings import writing
from services.catalog_opt_in.listings.scopes import refuse_archived
from services.catalog_opt_in.models import PriceList
from services.catalog_opt_in.price_lists import pricing, queries
from services.catalog_opt_in.price_lists.messages import price_list_message, put, statuses
from services.catalog_opt_in.price_lists.rules import MOST_LISTS
from services.catalog_opt_in.price_lists.showing import show
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import acts, pages, requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit

_PRICE_LIST = "tenants/{tenant}/priceLists/{price_list}"
_ORDERS: dict[str, pages.Columns] = {
    "created_at": (PriceList.created_at, PriceList.price_list_id),
    "updated_at": (PriceList.updated_at, PriceList.price_list_id),
    "title": (PriceList.title, PriceList.price_list_id),
    "id": (PriceList.price_list_id,),
}


class PriceLists(PriceListServiceServicer):
    def __init__(self, database: Database) -> None:
        self._db = database

    async def GetPriceList(self, request: pb.GetPriceListRequest, _context: object) -> pb.PriceList:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return (await _existing(session, request.name, datetime.now(UTC)))[1]

    async def ListPriceLists(
        self, request: pb.ListPriceListsRequest, _context: object
    ) -> pb.ListPriceListsResponse:
        current_scope().require_parent(request.parent)
        statement = queries.price_lists(
            text=request.query,
            ids=[names.parse(name, _PRICE_LIST)[1] for name in request.price_lists],
            statuses=statuses(request),
        )
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(session, request, statement, _ORDERS)
        now = datetime.now(UTC)
        return pb.ListPriceListsResponse(
            price_lists=[price_list_message(row, [], now) for row in rows], total_size=total
        )

    async def CreatePriceList(
        self, request: pb.CreatePriceListRequest, _context: object
    ) -> pb.PriceList:
        current_scope().require_parent(request.parent)
        refuse_archived()
        async with self._writing() as session:
            if answer := await requests.stored_answer(session, request, pb.PriceList):
                return answer
            if await queries.number_of_lists(session) >= MOST_LISTS:
                raise FailedPrecondition(
                    "PRICE_LISTS_FULL",
                    f"A tenant can have at most {MOST_LISTS} price lists. Delete one first.",
                )
            now = datetime.now(UTC)
            row = PriceList(price_list_id=names.new_id("plist"), version=1, created_at=now)
            put(request.price_list, row, now)
            session.add(row)
            await session.flush()
            prices = await pricing.add(session, row, request.price_list.prices)
            await _show(session, {price.listing_id for price in prices}, now)
            answer = price_list_message(row, prices, now)
            audit.record(session, resource=answer.name, after=answer)
            return await requests.remember(session, request, answer)

    async def UpdatePriceList(
        self, request: pb.UpdatePriceListRequest, _context: object
    ) -> pb.PriceList:
        current_scope().require(request.price_list.name)
        refuse_archived()
        async with self._writing() as session:
            now = datetime.now(UTC)
            row, before = await _existing(session, request.price_list.name, now, lock=True)
            requested = updates.apply(request.price_list, request.update_mask, to=before)
            if requested == before:
                return before
            put(requested, row, now)
            row.version += 1
            await session.flush()
            prices = await queries.prices(session, row.price_list_id)
            await _show(session, {price.listing_id for price in prices}, now)
            after = price_list_message(row, prices, now)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeletePriceList(self, request: pb.DeletePriceListRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._writing() as session:
            now = datetime.now(UTC)
            row, before = await _existing(session, request.name, now, lock=True)
            updates.check_etag(request.etag, row.version)
            prices = await queries.prices(session, row.price_list_id)
            await session.delete(row)
            await session.flush()
            await _show(session, {price.listing_id for price in prices}, now)
            audit.record(session, resource=before.name, before=before)
            return Empty()

    async def BatchChangePrices(
        self, request: pb.BatchChangePricesRequest, _context: object
    ) -> pb.BatchChangePricesResponse:
        current_scope().require(request.name)
        refuse_archived()
        async with self._writing() as session:
            kind = pb.BatchChangePricesResponse
            if answer := await requests.stored_answer(session, request, kind):
                return answer
            now = datetime.now(UTC)
            row, before = await _existing(session, request.name, now, lock=True)
            if not (request.creates or request.updates or request.deletes):
                return kind()
            former, answer, listing_ids = await pricing.change(session, row, request)
            await _changed(session, row, listing_ids, now)
            audit.record(
                session,
                resource=before.name,
                before=pb.PriceList(prices=[*former.updated, *former.created]),
                after=pb.PriceList(prices=[*answer.updated, *answer.created]),
            )
            return await requests.remember(session, request, answer)

    async def RemovePriceListProducts(
        self, request: pb.RemovePriceListProductsRequest, _context: object
    ) -> pb.PriceList:
        current_scope().require(request.name)
        refuse_archived()
        removed = set(
            batches.product_ids(
                [(f"products[{place}]", name) for place, name in enumerate(request.products)]
            )
        )
        async with self._writing() as session:
            now = datetime.now(UTC)
            row, before = await _existing(session, request.name, now, lock=True)
            prices = await queries.prices(session, row.price_list_id)
            gone = [price for price in prices if price.listing_id in removed]
            if not gone:
                return before
            for price in gone:
                await session.delete(price)
            await _changed(session, row, {price.listing_id for price in gone}, now)
            after = price_list_message(row, [one for one in prices if one not in gone], now)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncSession]:
        """Opens a transaction in which the head office changes no product."""
        async with self._db.tenant() as session:
            await writing.lock_all_offers(await acts.within(session))
            yield session


async def _existing(
    session: AsyncSession, name: str, now: datetime, *, lock: bool = False
) -> tuple[PriceList, pb.PriceList]:
    """Reads a list with its prices.

    Raises:
        NotFound: PRICE_LIST_NOT_FOUND.
    """
    price_list_id = names.parse(name, _PRICE_LIST)[1]
    row = await queries.price_list(session, price_list_id, lock=lock)
    if row is None:
        raise NotFound("PRICE_LIST_NOT_FOUND", f"No such price list: {price_list_id[:100]}")
    return row, price_list_message(row, await queries.prices(session, price_list_id), now)


async def _changed(
    session: AsyncSession, row: PriceList, listing_ids: Collection[str], now: datetime
) -> None:
    """Gives a list a new version, and shows its new prices."""
    row.version += 1
    row.updated_at = now
    await session.flush()
    await _show(session, listing_ids, now)


async def _show(session: AsyncSession, listing_ids: Collection[str], now: datetime) -> None:
    await show(await acts.within(session), listing_ids, now)
