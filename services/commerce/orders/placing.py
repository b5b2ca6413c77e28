"""Makes an order of a cart, in the transaction that completes the cart."""

from datetime import datetime

from souk.commerce.v1 import store_checkout_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.carts.content import CartContent, PaymentSession, new_collection
from services.commerce.carts.open_cart import OpenCart
from services.commerce.markets.rules import MANUAL
from services.commerce.models import CustomerOrder, Payment
from services.commerce.notices.outbox import ORDER_PLACED, announce
from services.commerce.orders.document import order_document
from services.commerce.orders.numbers import next_display_id
from services.commerce.pricing.totals import CartTotals
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition
from services.kernel.evidence import audit


def refuse_incomplete(content: CartContent) -> None:
    """Refuses a cart that lacks what an order needs.

    Raises:
        FailedPrecondition: CART_INCOMPLETE, saying what is missing.
    """
    if not content.items:
        problem = "The cart is empty. Add something first."
    elif any(item.reasons for item in content.items):
        problem = "The cart has items that cannot be bought any more. Remove them first."
    elif not content.email:
        problem = "The cart has no e-mail address. Set `email` first."
    elif content.shipping_address is None or not content.shipping_address.address_1:
        problem = "The cart has no shipping address. Set `shipping_address` first."
    elif content.total and not _sessions(content):
        problem = "Nothing says how the cart is paid. Create a payment session first."
    else:
        return
    raise FailedPrecondition("CART_INCOMPLETE", problem)


async def place(session: AsyncSession, cart: OpenCart, totals: CartTotals) -> CustomerOrder:
    """Places the order of a cart that was priced; its number is taken last."""
    row, content = cart.row, cart.content
    order = CustomerOrder(
        tenant_id=row.tenant_id,
        order_id=names.new_unguessable_id("order"),
        cart_id=row.cart_id,
        customer_id=row.customer_id,
        email=content.email,
        currency_code=content.currency_code,
        total_minor=content.total,
        status="pending",
        payment_status="authorized",
        fulfillment_status="not_fulfilled",
        create_time=cart.now,
        update_time=cart.now,
    )
    payment = _payment(order, content, cart.now)
    row.order_id, row.complete_time = order.order_id, cart.now
    cart.store(totals)
    order.content = row.content
    order.display_id = await next_display_id(session)
    order.document = order_document(order, content, cart.market, totals, payment)
    session.add(order)
    await session.flush()
    session.add(payment)
    announce(session, ORDER_PLACED, order.order_id, cart.now)
    message = _message(order, content, payment)
    audit.record(session, resource=message.name, after=message)
    return order


def _payment(order: CustomerOrder, content: CartContent, now: datetime) -> Payment:
    """Authorises what is due; the manual provider asks nobody, and is settled elsewhere."""
    provider = MANUAL
    if content.payment_collection is None:
        content.payment_collection = new_collection(content, now)
    content.payment_collection.status = "authorized"
    for chosen in _sessions(content):
        provider, chosen.status = chosen.provider_id, "authorized"
    return Payment(
        payment_id=names.new_id("pay"),
        order_id=order.order_id,
        provider_id=provider,
        currency_code=order.currency_code,
        amount_minor=order.total_minor,
        captured_minor=0,
        create_time=now,
    )


def _sessions(content: CartContent) -> list[PaymentSession]:
    """Returns how the cart is paid: one session, or none yet."""
    return content.payment_collection.sessions if content.payment_collection else []


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
