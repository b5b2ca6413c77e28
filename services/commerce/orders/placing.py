"""Makes orders of carts: of one that is priced now, or of one that was claimed and is paid."""

from datetime import UTC, datetime

from souk.commerce.v1 import store_checkout_service_pb2 as pb

from services.commerce.carts import queries as carts
from services.commerce.carts.content import CartContent, new_collection
from services.commerce.carts.document import completed_cart
from services.commerce.carts.open_cart import OpenCart
from services.commerce.markets.rules import MANUAL
from services.commerce.models import Attempt, Cart, CustomerOrder, Payment
from services.commerce.notices.outbox import ORDER_PLACED, announce
from services.commerce.orders.document import order_document, placed_order
from services.commerce.orders.numbers import next_display_id
from services.commerce.pricing.totals import CartTotals
from services.commerce.shipping.methods import lacks_method
from services.commerce.stock.reserving import belongs_to_order
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition
from services.kernel.data.acts import Act
from services.kernel.evidence import audit

AUTHORIZED, CAPTURED = "authorized", "captured"
"""How an order is paid when it is placed."""


def refuse_incomplete(cart: OpenCart) -> None:
    """Refuses a cart that lacks what an order needs.

    Raises:
        FailedPrecondition: CART_INCOMPLETE, saying what is missing.
    """
    content = cart.content
    if not content.items:
        problem = "The cart is empty. Add something first."
    elif any(item.reasons for item in content.items):
        problem = (
            "The cart has items that cannot be bought any more, or not so many of them. Remove"
            " them, or take fewer."
        )
    elif not content.email:
        problem = "The cart has no e-mail address. Set `email` first."
    elif content.shipping_address is None or not content.shipping_address.address_1:
        problem = "The cart has no shipping address. Set `shipping_address` first."
    elif lacks_method(content, cart.setup.shipping):
        problem = "Nothing says how the cart is shipped. Add a shipping method first."
    elif content.total and not content.payment_sessions:
        problem = "Nothing says how the cart is paid. Create a payment session first."
    else:
        return
    raise FailedPrecondition("CART_INCOMPLETE", problem)


async def place(act: Act, cart: OpenCart, totals: CartTotals) -> CustomerOrder:
    """Places the order of a cart that was priced, and for which no provider is to be asked."""
    row, content = cart.row, cart.content
    order = new_order(row, content, cart.now, order_id=new_order_id())
    if content.payment_collection is None:
        content.payment_collection = new_collection(content, cart.now)
    settle(content, AUTHORIZED)
    provider = next((chosen.provider_id for chosen in content.payment_sessions), MANUAL)
    payment = _payment(order, provider_id=provider)
    row.order_id, row.complete_time = order.order_id, cart.now
    cart.put(totals)
    await carts.store(act, row)
    order.content = row.content
    await belongs_to_order(act, row.cart_id, order.order_id)
    order.display_id = await next_display_id(act)
    order.document = order_document(order, content, cart.market, totals, payment)
    await _store(act, order, payment, content)
    return order


def draft(cart: OpenCart, totals: CartTotals, order_id: str) -> bytes:
    """Makes the document of an order that is placed once it is paid, with all that it costs now."""
    order = new_order(cart.row, cart.content, cart.now, order_id=order_id)
    order.display_id = 0
    return order_document(order, cart.content, cart.market, totals, _payment(order, provider_id=""))


async def place_drafted(
    act: Act, row: Cart, content: CartContent, attempt: Attempt, *, captured: bool
) -> CustomerOrder:
    """Places the order of a cart that was claimed, and is paid now: nothing is priced again."""
    now = datetime.now(UTC)
    order = new_order(row, content, now, order_id=attempt.order_id)
    payment = _payment(order, provider_id=attempt.provider_id)
    payment.external_id = attempt.external_id
    if captured:
        order.payment_status, payment.captured_minor = CAPTURED, payment.amount_minor
    settle(content, order.payment_status)
    row.order_id, row.complete_time, row.attempt_id = order.order_id, now, None
    row.update_time = now
    row.content = order.content = content.model_dump(mode="json")
    row.document = completed_cart(row, content)
    await carts.store(act, row)
    await belongs_to_order(act, row.cart_id, order.order_id)
    order.display_id = await next_display_id(act)
    order.document = placed_order(attempt.order_document, order, content, payment)
    await _store(act, order, payment, content)
    return order


def new_order_id() -> str:
    return names.new_unguessable_id("order")


def new_order(row: Cart, content: CartContent, now: datetime, *, order_id: str) -> CustomerOrder:
    return CustomerOrder(
        tenant_id=row.tenant_id,
        order_id=order_id,
        cart_id=row.cart_id,
        customer_id=row.customer_id,
        email=content.email,
        currency_code=content.currency_code,
        total_minor=content.total,
        status="pending",
        payment_status=AUTHORIZED,
        fulfillment_status="not_fulfilled",
        create_time=now,
        update_time=now,
    )


def settle(content: CartContent, status: str) -> None:
    """Marks what was to be paid as authorised or captured; how it was paid is nobody's any more."""
    collection = content.payment_collection
    if collection is not None:
        collection.status = "completed" if status == CAPTURED else status
    for chosen in content.payment_sessions:
        chosen.status, chosen.data = status, {}


def _payment(order: CustomerOrder, *, provider_id: str) -> Payment:
    return Payment(
        payment_id=names.new_id("pay"),
        order_id=order.order_id,
        provider_id=provider_id,
        currency_code=order.currency_code,
        amount_minor=order.total_minor,
        captured_minor=0,
        create_time=order.create_time,
    )


async def _store(act: Act, order: CustomerOrder, payment: Payment, content: CartContent) -> None:
    await act.insert(order)
    await act.insert(payment)
    await announce(act, ORDER_PLACED, order.order_id, order.create_time)
    message = _message(order, content, payment)
    audit.record(act, resource=message.name, after=message)


def _message(order: CustomerOrder, content: CartContent, payment: Payment) -> pb.Order:
    """Returns what the event of an order says of it."""
    return pb.Order(
        name=f"tenants/{order.tenant_id}/orders/{order.order_id}",
        display_id=order.display_id,
        email=order.email,
        currency_code=order.currency_code,
        total_minor=order.total_minor,
        items=[
            pb.OrderItem(
                variant_id=item.variant_id, quantity=item.quantity, unit_price_minor=item.unit_price
            )
            for item in content.items
        ],
        payment_provider=payment.provider_id,
    )
