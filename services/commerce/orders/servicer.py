"""StoreCheckoutService: makes orders of carts, and shows them to their shoppers."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import orjson
from souk.commerce.v1 import store_checkout_service_pb2 as pb
from souk.commerce.v1.store_checkout_service_pb2_grpc import StoreCheckoutServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.carts.changes import (
    CART,
    CartChanges,
    content_of,
    current_customer,
    existing,
)
from services.commerce.carts.content import CartContent, PaymentSession, new_collection
from services.commerce.carts.document import collection_json
from services.commerce.carts.refresh import market_of, refresh
from services.commerce.catalogue import Catalogue, Offers
from services.commerce.models import Cart, CustomerOrder
from services.commerce.orders import queries
from services.commerce.orders.placing import place, refuse_incomplete
from services.kernel.call import names
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database

_COLLECTION = "tenants/{tenant}/paymentCollections/{payment_collection}"
_ORDER = "tenants/{tenant}/orders/{order}"
_CHANGED = "Prices or what is sold have changed. Look at the cart again, then complete it."


class StoreCheckoutServicer(StoreCheckoutServiceServicer):
    def __init__(self, db: Database, catalogue: Catalogue) -> None:
        self._db = db
        self._catalogue = catalogue
        self._carts = CartChanges(db, catalogue)

    async def CreatePaymentCollection(
        self, request: pb.CreatePaymentCollectionRequest, _context: object
    ) -> pb.PaymentCollectionAnswer:
        current_scope().require(request.parent)
        _, cart_id = names.parse(request.parent, CART)

        async def act(_session: AsyncSession, content: CartContent) -> None:
            if content.payment_collection is None:
                content.payment_collection = new_collection(content, datetime.now(UTC))

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

        async def act(session: AsyncSession, content: CartContent) -> None:
            known = (await market_of(session, content)).payment_providers
            if request.provider_id not in known:
                raise invalid("PROVIDER_UNKNOWN", {"provider_id": f"must be {' or '.join(known)}"})
            collection, now = content.payment_collection, datetime.now(UTC)
            if collection is not None:
                collection.sessions = [
                    PaymentSession(
                        id=names.new_id("payses"),
                        provider_id=request.provider_id,
                        amount=collection.amount,
                        created_at=now,
                    )
                ]
                collection.status, collection.updated_at = "awaiting", now

        return await self._change_payment(cart_id, act)

    async def _change_payment(
        self, cart_id: str, act: Callable[[AsyncSession, CartContent], Awaitable[None]]
    ) -> pb.PaymentCollectionAnswer:
        """Changes how a cart is paid for; the answer is what is left after it was priced anew."""
        changed: list[CartContent] = []

        async def change(
            session: AsyncSession, _row: Cart, content: CartContent, _offers: Offers
        ) -> None:
            await act(session, content)
            changed.append(content)

        await self._carts.change(cart_id, change)
        return pb.PaymentCollectionAnswer(document=orjson.dumps(collection_json(changed[-1])))

    async def CompleteCart(
        self, request: pb.CompleteCartRequest, _context: object
    ) -> pb.CompleteCartAnswer:
        current_scope().require(request.name)
        _, cart_id = names.parse(request.name, CART)
        async with self._db.tenant() as session:
            content = content_of(await existing(session, cart_id))
        offers = await self._catalogue.offers(content.variant_ids, locale=content.locale)
        async with self._db.tenant() as session:
            row = await existing(session, cart_id, lock=True)
            if row.order_id is not None:
                order = await queries.order(session, row.order_id)
                return pb.CompleteCartAnswer(order=order.document if order else b"")
            content, now = content_of(row), datetime.now(UTC)
            seen = content.total, [item.reasons for item in content.items]
            has_all = offers.keys() >= set(content.variant_ids)
            market, priced = await refresh(session, row, content, offers, now)
            if not has_all or seen != (content.total, [item.reasons for item in content.items]):
                return pb.CompleteCartAnswer(cart=row.document, message=_CHANGED)
            refuse_incomplete(content)
            order = await place(session, row, content, market, priced, now)
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
