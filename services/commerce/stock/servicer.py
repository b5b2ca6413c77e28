"""InventoryService: how many of each variant a tenant has, and where."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreVariantsRequest
from souk.commerce.v1 import inventory_service_pb2 as pb
from souk.commerce.v1.inventory_service_pb2_grpc import InventoryServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.catalogue import Catalogue
from services.commerce.models import InventoryLevel
from services.commerce.stock import queries
from services.commerce.stock.levels import LevelChanges, check, place_of_row
from services.commerce.stock.messages import item_message, level_message
from services.commerce.stock.names import ITEM, item_of, no_such_item, variant_of
from services.kernel.call import names
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests
from services.kernel.data.database import Database

_ORDERS = {name: name for name in ("id", "title", "sku")}


class InventoryServicer(InventoryServiceServicer):
    def __init__(self, db: Database, catalogue: Catalogue) -> None:
        self._db = db
        self._catalogue = catalogue

    async def GetInventoryItem(
        self, request: pb.GetInventoryItemRequest, _context: object
    ) -> pb.InventoryItem:
        current_scope().require(request.name)
        item_id = names.parse(request.name, ITEM)[1]
        variant_id = variant_of(item_id)
        found, _ = await self._catalogue.variants(
            ListStoreVariantsRequest(parent=_tenant(), ids=[variant_id], page_size=1)
        )
        async with self._db.tenant() as session:
            levels = await queries.levels(session, [variant_id])
        if not found and not levels:
            raise no_such_item(item_id)
        return item_message(variant_id, found[0] if found else None, levels)

    async def ListInventoryItems(
        self, request: pb.ListInventoryItemsRequest, _context: object
    ) -> pb.ListInventoryItemsResponse:
        current_scope().require_parent(request.parent)
        size, skip = pages.window(request)
        pages.order_by(request.order_by, _ORDERS, default="id")
        item_ids = [names.parse(name, ITEM)[1] for name in request.inventory_items]
        found, total = await self._catalogue.variants(
            ListStoreVariantsRequest(
                parent=request.parent,
                page_size=size,
                skip=skip,
                order_by=request.order_by or "id",
                ids=[variant_of(item_id) for item_id in item_ids],
                skus=request.skus,
                query=request.query,
            )
        )
        async with self._db.tenant() as session:
            levels = await _levels_by_variant(session, [document["id"] for document in found])
        return pb.ListInventoryItemsResponse(
            inventory_items=[
                item_message(one["id"], one, levels.get(one["id"], ())) for one in found
            ],
            total_size=total,
        )

    async def ListInventoryLevels(
        self, request: pb.ListInventoryLevelsRequest, _context: object
    ) -> pb.ListInventoryLevelsResponse:
        current_scope().require(request.parent)
        size, skip = pages.window(request)
        item_id = names.parse(request.parent, ITEM)[1]
        variant_id = variant_of(item_id)
        async with self._db.tenant() as session:
            levels = await queries.levels(session, [variant_id])
        if not levels and await self._catalogue.unknown([variant_id]):
            raise no_such_item(item_id)
        found = [
            level_message(row)
            for row in levels
            if not request.locations or row.location_id in request.locations
        ]
        return pb.ListInventoryLevelsResponse(
            levels=found[skip : skip + size], total_size=len(found)
        )

    async def BatchChangeInventoryLevels(
        self, request: pb.BatchChangeInventoryLevelsRequest, _context: object
    ) -> pb.BatchChangeInventoryLevelsResponse:
        current_scope().require_parent(request.parent)
        check(request)
        created = [place_of_row(row) for row in request.creates]
        unknown = await self._catalogue.unknown({variant_id for variant_id, _ in created})
        if unknown:
            raise no_such_item(item_of(min(unknown)))
        others = [place_of_row(row) for row in (*request.updates, *request.deletes)]
        async with self._db.tenant() as session:
            kind = pb.BatchChangeInventoryLevelsResponse
            if answer := await requests.stored_answer(session, request, kind):
                return answer
            changes = await LevelChanges.of(session, [*created, *others], datetime.now(UTC))
            done = kind(
                updated=changes.update(request.updates),
                deleted=await changes.delete(request.deletes, force=request.force),
                created=await changes.create(request.creates),
            )
            await session.flush()
            return await requests.remember(session, request, done)


def _tenant() -> str:
    return f"tenants/{current_scope().tenant}"


async def _levels_by_variant(
    session: AsyncSession, variant_ids: Collection[str]
) -> Mapping[str, Sequence[InventoryLevel]]:
    rows = await queries.levels(session, variant_ids)
    return {variant: list(some) for variant, some in groupby(rows, lambda row: row.variant_id)}
