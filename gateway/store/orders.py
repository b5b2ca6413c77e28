"""`/store/orders`: what a customer has bought."""

from fastapi import Request, Response
from souk.commerce.v1.store_order_service_pb2 import ListOwnOrdersRequest

from gateway.clients import ClientsOf
from gateway.documents.order import STATUSES
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice, Id, Many
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import OwnAccount
from services.kernel.call.limits import most_entries
from services.values.order_documents import StoreOrder

ORDERS = PreparedResource(
    "order",
    "orders",
    StoreOrder,
    Query(
        filters={
            "id": Many(most_entries(ListOwnOrdersRequest, "orders"), of=Id()),
            "status": Many(most_entries(ListOwnOrdersRequest, "statuses"), of=Choice(STATUSES)),
        },
        order=("created_at", "updated_at", "display_id", "id"),
    ),
)

router = Router(
    prefix="/store/orders",
    tags=["Customers"],
    responses=responses.BUYERS_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class OwnOrdersAnswer(Envelope):
    orders: list[StoreOrder]


@router.get(
    "",
    summary="List the own orders",
    responses=responses.documented(OwnOrdersAnswer, "A page of orders."),
    openapi_extra=ORDERS.documented_list,
)
async def list_own_orders(request: Request, account: OwnAccount, clients: ClientsOf) -> Response:
    """Lists the orders of the customer whose token is sent, newest first."""
    query = ORDERS.list_query(request)
    found = await clients.own_orders.ListOwnOrders(
        ListOwnOrdersRequest(
            parent=account.customer_name,
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            orders=[f"tenants/{account.tenant}/orders/{id_}" for id_ in query.many("id")],
            statuses=query.many("status"),
        )
    )
    return ORDERS.page(query, found.documents, count=found.total_size)
