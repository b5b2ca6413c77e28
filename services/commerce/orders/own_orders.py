"""StoreOrderService: what customers do with their orders."""

from souk.commerce.v1 import store_order_service_pb2 as pb
from souk.commerce.v1.store_order_service_pb2_grpc import StoreOrderServiceServicer

from services.commerce.customers.attempts import Attempts
from services.commerce.customers.own import own_customer, own_id
from services.commerce.models import CustomerOrder
from services.commerce.orders import queries
from services.commerce.orders.transfers import ORDER, TransferMethods
from services.kernel.call import names
from services.kernel.data import pages
from services.kernel.data.database import Database
from services.kernel.mail.mailer import Mailer

ORDERS: dict[str, pages.Columns] = {
    "created_at": (CustomerOrder.create_time, CustomerOrder.order_id),
    "updated_at": (CustomerOrder.update_time, CustomerOrder.order_id),
    "display_id": (CustomerOrder.display_id,),
    "id": (CustomerOrder.order_id,),
}


class StoreOrderServicer(TransferMethods, StoreOrderServiceServicer):
    def __init__(self, db: Database, mailer: Mailer, attempts: Attempts) -> None:
        self._db = db
        self._mailer = mailer
        self._attempts = attempts

    async def ListOwnOrders(
        self, request: pb.ListOwnOrdersRequest, _context: object
    ) -> pb.ListOwnOrdersResponse:
        statement = queries.orders_of(
            own_id(request.parent),
            order_ids=[names.parse(name, ORDER)[1] for name in request.orders],
            statuses=request.statuses,
        )
        async with self._db.tenant() as session:
            await own_customer(session)
            rows, _, total = await pages.read_page(
                session, request, statement, ORDERS, default="-created_at"
            )
        return pb.ListOwnOrdersResponse(documents=[row.document for row in rows], total_size=total)
