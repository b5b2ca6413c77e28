"""StoreCheckoutService: makes orders of carts, and shows them to their shoppers."""

import orjson
from souk.commerce.v1 import store_checkout_service_pb2 as pb
from souk.commerce.v1.store_checkout_service_pb2_grpc import StoreCheckoutServiceServicer

from services.commerce.caller import current_customer
from services.commerce.carts.changes import CART, Act, CartChanges
from services.commerce.carts.content import CartContent, PaymentSession, new_collection
from services.commerce.carts.document import collection_json
from services.commerce.carts.open_cart import OpenCart
from services.commerce.catalogue import Catalogue
from services.commerce.models import CustomerOrder
from services.commerce.orders import queries
from services.commerce.orders.placing import place, refuse_incomplete
from services.commerce.promotions.applying import kept_uses, uses_of
from services.commerce.promotions.finding import promotions_of
from services.commerce.promotions.using import take
from services.commerce.setup.setup import Setups
from services.kernel.call import names
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database

_COLLECTION = "tenants/{tenant}/paymentCollections/{payment_collection}"
_ORDER = "tenants/{tenant}/orders/{order}"
_CHANGED = (
    "Prices, promotions or what is sold have changed. Look at the cart again, then complete it."
)


class StoreCheckoutServicer(StoreCheckoutServiceServicer):
    def __init__(self, db: Database, catalogue: Catalogue, setups: Setups) -> None:
        self._db = db
        self._carts = CartChanges(db, catalogue, setups)

    async def CreatePaymentCollection(
        self, request: pb.CreatePaymentCollectionRequest, _context: object
    ) -> pb.PaymentCollectionAnswer:
        current_scope().require(request.parent)
        _, cart_id = names.parse(request.parent, CART)

        def act(cart: OpenCart) -> None:
            if cart.content.payment_collection is None:
                cart.content.payment_collection = new_collection(cart.content, cart.now)

        return await self._change_payment(cart_id, act)

    async def CreatePaymentSession(
        self, request: pb.CreatePaymentSessionRequest, _context: object
    ) -> pb.PaymentCollectionAnswer:
        current_scope().require(request.parent)
        _, collection_id = names.parse(request.parent, _COLLECTION)
        async with self._db.tenant() as session:
            cart_id = await queries.cart_of_collection(session, collection_id)
        if cart_id is None:
            raise NotFound(
                "PAYMENT_COLLECTION_NOT_FOUND",
                f"No such payment collection: {collection_id[:100]}",
            )

        def act(cart: OpenCart) -> None:
            known, collection = cart.market.payment_providers, cart.content.payment_collection
            if request.provider_id not in known:
                raise invalid("PROVIDER_UNKNOWN", {"provider_id": f"must be {' or '.join(known)}"})
            if collection is not None:
                collection.sessions = [
                    PaymentSession(
                        id=names.new_id("payses"),
                        provider_id=request.provider_id,
                        amount=collection.amount,
                        created_at=cart.now,
                    )
                ]
                collection.status, collection.updated_at = "awaiting", cart.now

        return await self._change_payment(cart_id, act)

    async def _change_payment(self, cart_id: str, act: Act) -> pb.PaymentCollectionAnswer:
        """Changes how a cart is paid for; the answer is what is left after it was priced anew."""
        changed: list[CartContent] = []

        def change(cart: OpenCart) -> None:
            act(cart)
            changed.append(cart.content)

        await self._carts.change(cart_id, change)
        return pb.PaymentCollectionAnswer(document=orjson.dumps(collection_json(changed[-1])))

    async def CompleteCart(
        self, request: pb.CompleteCartRequest, _context: object
    ) -> pb.CompleteCartAnswer:
        current_scope().require(request.name)
        _, cart_id = names.parse(request.name, CART)
        offers = await self._carts.offers(cart_id)
        async with self._db.tenant() as session:
            cart = await self._carts.opened(session, cart_id, offers)
            if cart.row.order_id is not None:
                order = await queries.order(session, cart.row.order_id)
                return pb.CompleteCartAnswer(order=order.document if order else b"")
            before = cart.content.prices
            promotions = await promotions_of(session, cart)
            totals = cart.price(promotions)
            has_all = offers.keys() >= set(cart.content.variant_ids)
            if not has_all or before != cart.content.prices:
                cart.store(totals)
                return pb.CompleteCartAnswer(cart=cart.row.document, message=_CHANGED)
            refuse_incomplete(cart.content)
            uses = uses_of(promotions, cart.content, cart.row.customer_id)
            if not await take(session, uses):
                # Others have used it up since it was read: now it no longer applies.
                cart.store(cart.price(await promotions_of(session, cart)))
                return pb.CompleteCartAnswer(cart=cart.row.document, message=_CHANGED)
            cart.content.promotion_uses = kept_uses(uses)
            order = await place(session, cart, totals)
            return pb.CompleteCartAnswer(order=order.document)

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


def _may_see(order: CustomerOrder) -> bool:
    """A guest's order is read by whoever knows its id, a customer's by that customer."""
    return order.customer_id in (None, current_customer())
