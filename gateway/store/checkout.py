"""How a cart is paid for, and how it becomes an order."""

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, Field
from souk.commerce.v1.store_checkout_service_pb2 import (
    CompleteCartRequest,
    CreatePaymentCollectionRequest,
    CreatePaymentSessionRequest,
    GetStoreOrderRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.cart_bodies import PaymentCollectionCreate, PaymentSessionCreate
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.query import Query
from gateway.medusa.resource import NoQueryOfWrites, PreparedResource
from gateway.medusa.router import Router
from gateway.store.carts import cart_name
from gateway.store.shopper import Buying
from services.values.cart_documents import PaymentCollectionDocument, StoreCart
from services.values.order_documents import StoreOrder

ORDERS = PreparedResource("order", "orders", StoreOrder, Query())

router = Router(
    prefix="/store",
    tags=["Carts"],
    responses=responses.BUYERS_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class PaymentCollectionAnswer(BaseModel):
    payment_collection: PaymentCollectionDocument


class StoreOrderAnswer(BaseModel):
    order: StoreOrder


class NotCompleted(BaseModel):
    """Why a cart is no order."""

    message: str
    name: str
    type: str = Field(examples=["invalid_data"])


class Completion(BaseModel):
    """An order; or the cart, and why it is no order."""

    type: str = Field(description="order or cart.", examples=["order"])
    order: StoreOrder | None = None
    cart: StoreCart | None = None
    error: NotCompleted | None = None


_TYPES = {
    "CART_CHANGED": "invalid_data",
    "INSUFFICIENT_INVENTORY": "not_allowed",
    "PAYMENT_REQUIRES_MORE": "payment_requires_more_error",
}
_COLLECTION = responses.documented(PaymentCollectionAnswer, "What is to be paid, and how.")


@router.post("/payment-collections", summary="Create a payment collection", responses=_COLLECTION)
async def create_payment_collection(
    shop: Buying, clients: ClientsOf, body: PaymentCollectionCreate
) -> Response:
    """Says what is to be paid for a cart; the same again if the cart has one."""
    answer = await clients.checkout.CreatePaymentCollection(
        CreatePaymentCollectionRequest(parent=cart_name(shop, body.cart_id))
    )
    return responses.prepared_one("payment_collection", answer.document)


@router.post(
    "/payment-collections/{collection_id}/payment-sessions",
    summary="Create a payment session",
    responses=_COLLECTION,
)
async def create_payment_session(
    collection_id: str, shop: Buying, clients: ClientsOf, body: PaymentSessionCreate
) -> Response:
    """Chooses how to pay; it replaces an earlier choice."""
    answer = await clients.checkout.CreatePaymentSession(
        CreatePaymentSessionRequest(
            parent=f"tenants/{shop.id}/paymentCollections/{collection_id}",
            provider_id=body.provider_id,
        )
    )
    return responses.prepared_one("payment_collection", answer.document)


@router.post(
    "/carts/{cart_id}/complete",
    summary="Complete a cart",
    responses=responses.documented(Completion, "The order, or the cart and why it is none."),
)
async def complete_cart(cart_id: str, shop: Buying, clients: ClientsOf) -> Response:
    """Makes an order of a cart, exactly once: each repeat answers with the same order.

    If prices, what is sold or what is in stock have changed since the cart was last shown, or if it
    is not paid, nothing is ordered, and the answer is the cart as it is now.
    """
    answer = await clients.checkout.CompleteCart(CompleteCartRequest(name=cart_name(shop, cart_id)))
    if answer.order:
        return responses.answer({"type": "order", "order": orjson.Fragment(answer.order)})
    error = {
        "message": answer.message,
        "name": answer.reason,
        "type": _TYPES.get(answer.reason, "payment_authorization_error"),
    }
    cart = orjson.Fragment(answer.cart)
    return responses.answer({"type": "cart", "cart": cart, "error": error})


@router.get(
    "/orders/{order_id}",
    summary="Get an order",
    responses=responses.documented(StoreOrderAnswer, "The order."),
    openapi_extra=ORDERS.documented_one,
)
async def get_order(order_id: str, request: Request, shop: Buying, clients: ClientsOf) -> Response:
    """Returns an order, as it was when it was placed.

    A guest's is read by whoever knows its id, a customer's by that customer alone.
    """
    query = ORDERS.one_query(request)
    answer = await clients.checkout.GetStoreOrder(
        GetStoreOrderRequest(name=f"tenants/{shop.id}/orders/{order_id}")
    )
    return ORDERS.one(query, answer.document)
