"""Medusa's orders, as the staff of the request's tenant see them."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.commerce.v1.order_service_pb2 import GetOrderRequest, ListOrdersRequest

from gateway.clients import ClientsOf
from gateway.documents.order import STATUSES
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice, Id, Many, Text, times
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, PreparedResource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.values.order_documents import StoreOrder

ORDERS = PreparedResource(
    "order",
    "orders",
    StoreOrder,
    Query(
        limit=15,
        filters={
            "q": Text(most_characters(ListOrdersRequest, "query")),
            "id": Many(most_entries(ListOrdersRequest, "orders"), of=Id()),
            "status": Many(most_entries(ListOrdersRequest, "statuses"), of=Choice(STATUSES)),
            "customer_id": Many(most_entries(ListOrdersRequest, "customers"), of=Id()),
            **times("created_at", "updated_at"),
        },
        order=("created_at", "updated_at", "display_id", "id"),
    ),
)

router = Router(
    prefix="/admin/orders",
    tags=["Orders"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class OrderAnswer(BaseModel):
    order: StoreOrder


class OrdersAnswer(Envelope):
    orders: list[StoreOrder]


@router.get(
    "",
    summary="List orders",
    responses=responses.documented(OrdersAnswer, "A page of orders."),
    openapi_extra=ORDERS.documented_list,
)
async def list_orders(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the orders of the request's tenant, newest first.

    `q` is a number, or how an e-mail address begins. With filters, no more than 10,000 are counted.
    """
    query, tenant = ORDERS.list_query(request), f"tenants/{scope.tenant}"
    found = await clients.orders.ListOrders(
        ListOrdersRequest(
            parent=tenant,
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            orders=[f"{tenant}/orders/{id_}" for id_ in query.many("id")],
            statuses=query.many("status"),
            customers=[f"{tenant}/customers/{id_}" for id_ in query.many("customer_id")],
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
        )
    )
    return ORDERS.page(query, found.documents, count=found.total_size)


@router.get(
    "/{order_id}",
    summary="Get an order of the tenant",
    responses=responses.documented(OrderAnswer, "The order."),
    openapi_extra=ORDERS.documented_one,
)
async def get_tenants_order(
    order_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one order of the request's tenant."""
    query = ORDERS.one_query(request)
    answer = await clients.orders.GetOrder(
        GetOrderRequest(name=f"tenants/{scope.tenant}/orders/{order_id}")
    )
    return ORDERS.one(query, answer.document)
