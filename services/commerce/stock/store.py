"""StoreStockService: how much there is of what a shop shows."""

from datetime import UTC, datetime

from souk.commerce.v1 import store_stock_service_pb2 as pb
from souk.commerce.v1.store_stock_service_pb2_grpc import StoreStockServiceServicer

from services.commerce.stock.queries import available
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database


class StoreStockServicer(StoreStockServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def CountStoreVariants(
        self, request: pb.CountStoreVariantsRequest, _context: object
    ) -> pb.CountStoreVariantsResponse:
        current_scope().require_parent(request.parent)
        async with self._db.act() as act:
            found = await available(act, request.variants, datetime.now(UTC))
        # A recount may leave less than none.
        quantities = [max(found[variant_id], 0) for variant_id in request.variants]
        return pb.CountStoreVariantsResponse(quantities=quantities)
