"""StoreCheckoutService: makes orders of carts, and shows them to their shoppers."""

import orjson
from souk.commerce.v1 import store_checkout_service_pb2 as pb
from souk.commerce.v1.store_checkout_service_pb2_grpc import StoreCheckoutServiceServicer

from services.commerce.caller import current_customer
from services.commerce.carts.changes import CART, CartChanges
from services.commerce.carts.content import CartContent, new_collection
from services.commerce.carts.document import collection_json
from services.commerce.carts.open_cart import OpenCart
from services.commerce.models import CustomerOrder
from services.commerce.orders import queries
from services.commerce.orders.completion import Completion
from services.commerce.orders.paying import Paying
from services.commerce.payments.providers import Providers
from services.kernel.call import names
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database

_COLLECTION = "tenants/{tenant}/paymentCollections/{payment_collection}"
_ORDER = "tenants/{tenant}/orders/{order}"


class StoreCheckoutServicer(StoreCheckoutServiceServicer):
    def __init__(
        self, db: Database, carts: CartChanges, providers: Providers, completion: Completion
    ) -> None:
        self._db = db
        self._payments = Paying(db, carts, providers)
        self._completion = completion

    async def CreatePaymentCollection(
        self, request: pb.CreatePaymentCollectionRequest, _context: object
    ) -> pb.PaymentCollectionAnswer:
        current_scope().require(request.parent)
        _, cart_id = names.parse(request.parent, CART)

        def act(cart: OpenCart) -> None:
            if cart.content.payment_collection is None:
                cart.content.payment_collection = new_collection(cart.content, cart.now)

        return _answer(await self._payments.change(cart_id, act))

    async def CreatePaymentSession(
        self, request: pb.CreatePaymentSessionRequest, _context: object
    ) -> pb.PaymentCollectionAnswer:
        current_scope().require(request.parent)
        _, collection_id = names.parse(request.parent, _COLLECTION)
        async with self._db.act() as transaction:
            cart_id = await queries.cart_of_collection(transaction, collection_id)
        if cart_id is None:
            raise NotFound(
                "PAYMENT_COLLECTION_NOT_FOUND",
                f"No such payment collection: {collection_id[:100]}",
            )

        return _answer(await self._payments.choose(cart_id, request.provider_id))

    async def CompleteCart(
        self, request: pb.CompleteCartRequest, _context: object
    ) -> pb.CompleteCartAnswer:
        current_scope().require(request.name)
        _, cart_id = names.parse(request.name, CART)
        return await self._completion.complete(cart_id)

    async def GetStoreOrder(
        self, request: pb.GetStoreOrderRequest, _context: object
    ) -> pb.StoreOrderAnswer:
        current_scope().require(request.name)
        _, order_id = names.parse(request.name, _ORDER)
        async with self._db.tenant() as session:
            order = await queries.order(session, order_id)
        if order is None or not _may_see(order):
            raise NotFound("ORDER_NOT_FOUND", f"No such order: {order_id[:100]}")
        return pb.StoreOrderAnswer(document=order.document)


def _answer(content: CartContent) -> pb.PaymentCollectionAnswer:
    return pb.PaymentCollectionAnswer(document=orjson.dumps(collection_json(content)))


def _may_see(order: CustomerOrder) -> bool:
    """A guest's order is read by whoever knows its id, a customer's by that customer."""
    return order.customer_id in (None, current_customer())
