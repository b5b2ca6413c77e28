"""OrderService: what staff see of their tenant's orders."""

from souk.commerce.v1 import order_service_pb2 as pb
from souk.commerce.v1.order_service_pb2_grpc import OrderServiceServicer

from services.commerce.models import CustomerOrder
from services.commerce.orders import queries
from services.commerce.orders.own_orders import ORDERS
from services.commerce.orders.transfers import ORDER
from services.kernel.call import names
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database
from services.kernel.data.time_ranges import within

MOST_COUNTED = 10_000
"""How many orders are counted that meet conditions: so many that nobody pages through them."""
_CUSTOMER = "tenants/{tenant}/customers/{customer}"


class OrderServicer(OrderServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetOrder(self, request: pb.GetOrderRequest, _context: object) -> pb.OrderAnswer:
        current_scope().require(request.name)
        order_id = names.parse(request.name, ORDER)[1]
        async with self._db.tenant() as session:
            order = await queries.order(session, order_id)
        if order is None:
            raise NotFound("ORDER_NOT_FOUND", f"No such order: {order_id[:100]}")
        return pb.OrderAnswer(document=order.document)

    async def ListOrders(
        self, request: pb.ListOrdersRequest, _context: object
    ) -> pb.ListOrdersResponse:
        current_scope().require_parent(request.parent)
        statement = queries.orders(
            text=request.query.strip().lower(),
            order_ids=[names.parse(name, ORDER)[1] for name in request.orders],
            statuses=request.statuses,
            customer_ids=[names.parse(name, _CUSTOMER)[1] for name in request.customers],
        )
        times = [
            *within(CustomerOrder.create_time, request.created_at),
            *within(CustomerOrder.update_time, request.updated_at),
        ]
        is_narrow = bool(times) or statement.whereclause is not None
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(
                session,
                request,
                statement.where(*times),
                ORDERS,
                default="-created_at",
                most_counted=MOST_COUNTED if is_narrow else 0,
            )
            if not is_narrow:
                total = await queries.number_of_orders(session)
        return pb.ListOrdersResponse(documents=[row.document for row in rows], total_size=total)
