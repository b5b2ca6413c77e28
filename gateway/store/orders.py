"""`/store/orders`: what a customer has bought."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.store_order_service_pb2 import (
    AcceptOrderTransferRequest,
    CancelOrderTransferRequest,
    DeclineOrderTransferRequest,
    ListOwnOrdersRequest,
    RequestOrderTransferRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.order import STATUSES, TransferAsked, TransferToken
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice, Id, Many
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Buying, OwnAccount
from gateway.tenancy import TenancyOf
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

OrderQuery = Annotated[ParsedQuery, Depends(ORDERS.query_of_answer)]

router = Router(
    prefix="/store/orders",
    tags=["Customers"],
    responses=responses.BUYERS_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class OwnOrdersAnswer(Envelope):
    orders: list[StoreOrder]


class TransferAnswer(BaseModel):
    order: StoreOrder


_ORDER = responses.documented(TransferAnswer, "The order.")


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
            orders=[_name(account.tenant, id_) for id_ in query.many("id")],
            statuses=query.many("status"),
        )
    )
    return ORDERS.page(query, found.documents, count=found.total_size)


@router.post(
    "/{order_id}/transfer/request",
    summary="Ask for a guest's order",
    responses=_ORDER,
    openapi_extra=ORDERS.documented_one,
)
async def request_transfer(
    order_id: str,
    account: OwnAccount,
    query: OrderQuery,
    tenancy: TenancyOf,
    clients: ClientsOf,
    body: TransferAsked,
) -> Response:
    """Mails a token to the order's address, in the shop's language.

    Whoever reads it may hand the order over. An order of another customer's is 404.
    """
    shop = await tenancy.tenant(account.tenant)
    answer = await clients.own_orders.RequestOrderTransfer(
        RequestOrderTransferRequest(
            name=_name(account.tenant, order_id),
            shop_name=shop.display_name,
            locale=shop.default_locale,
        )
    )
    return ORDERS.one(query, answer.document)


@router.post(
    "/{order_id}/transfer/cancel",
    summary="Ask for a guest's order no more",
    responses=_ORDER,
    openapi_extra=ORDERS.documented_one,
)
async def cancel_transfer(
    order_id: str, account: OwnAccount, query: OrderQuery, clients: ClientsOf
) -> Response:
    """Takes the customer's request back; the token that was mailed is worth nothing then."""
    answer = await clients.own_orders.CancelOrderTransfer(
        CancelOrderTransferRequest(name=_name(account.tenant, order_id))
    )
    return ORDERS.one(query, answer.document)


@router.post(
    "/{order_id}/transfer/accept",
    summary="Hand an order over",
    responses=_ORDER,
    openapi_extra=ORDERS.documented_one,
)
async def accept_transfer(
    order_id: str, shop: Buying, query: OrderQuery, clients: ClientsOf, body: TransferToken
) -> Response:
    """Makes the order the customer's who asked for it; the mailed token proves that one may."""
    answer = await clients.own_orders.AcceptOrderTransfer(
        AcceptOrderTransferRequest(name=_name(shop.id, order_id), token=body.token)
    )
    return ORDERS.one(query, answer.document)


@router.post(
    "/{order_id}/transfer/decline",
    summary="Keep an order",
    responses=_ORDER,
    openapi_extra=ORDERS.documented_one,
)
async def decline_transfer(
    order_id: str, shop: Buying, query: OrderQuery, clients: ClientsOf, body: TransferToken
) -> Response:
    """Refuses to hand the order over; the mailed token proves that one may."""
    answer = await clients.own_orders.DeclineOrderTransfer(
        DeclineOrderTransferRequest(name=_name(shop.id, order_id), token=body.token)
    )
    return ORDERS.one(query, answer.document)


def _name(tenant: str, order_id: str) -> str:
    return f"tenants/{tenant}/orders/{order_id}"
