"""Statements about orders."""

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.commerce.models import CustomerOrder, OrderCounter, OrderTransfer, Payment
from services.commerce.texts import begins_with
from services.kernel.data.acts import Act
from services.kernel.data.arrays import among

_DOCUMENT = "SELECT document FROM customer_order WHERE tenant_id = $1 AND order_id = $2"
_CART_OF_COLLECTION = "SELECT cart_id FROM cart WHERE tenant_id = $1 AND payment_collection_id = $2"
_NUMBER = re.compile(r"[0-9]{1,15}")


async def order(
    session: AsyncSession, order_id: str, *, lock: bool = False
) -> CustomerOrder | None:
    """Reads an order of the tenant; `lock` keeps others from changing it until the end."""
    statement = select(CustomerOrder).where(CustomerOrder.order_id == order_id)
    row: CustomerOrder | None = await session.scalar(
        statement.with_for_update() if lock else statement
    )
    return row


async def order_to_tell(act: Act, order_id: str) -> CustomerOrder | None:
    """Reads an order of the tenant without its document."""
    rows = await act.rows(CustomerOrder, "order_id = $2", order_id, without=("document",))
    return rows[0] if rows else None


async def document(act: Act, order_id: str) -> bytes | None:
    """Reads the document of an order of the tenant's."""
    rows = await act.read(_DOCUMENT, order_id)
    return rows[0]["document"] if rows else None


async def cart_of_collection(act: Act, collection_id: str) -> str | None:
    """Finds the cart that a payment collection is for."""
    rows = await act.read(_CART_OF_COLLECTION, collection_id)
    return rows[0]["cart_id"] if rows else None


def orders_of(
    customer_id: str, *, order_ids: Collection[str], statuses: Collection[str]
) -> Select[Any]:
    """Selects a customer's orders, of any id and in any state where none is named."""
    return orders(order_ids=order_ids, statuses=statuses).where(
        CustomerOrder.customer_id == customer_id
    )


def orders(
    *,
    text: str = "",
    order_ids: Collection[str] = (),
    statuses: Collection[str] = (),
    customer_ids: Collection[str] = (),
) -> Select[Any]:
    """Selects orders; what is not named does not matter.

    `text` is a number, or how an e-mail address begins.
    """
    found = select(CustomerOrder).options(defer(CustomerOrder.content))
    if text:
        is_number = CustomerOrder.display_id == int(text) if _NUMBER.fullmatch(text) else false()
        found = found.where(or_(is_number, begins_with(CustomerOrder.email, text)))
    for column, values in (
        (CustomerOrder.order_id, order_ids),
        (CustomerOrder.status, statuses),
        (CustomerOrder.customer_id, customer_ids),
    ):
        if values:
            found = found.where(among(column, values))
    return found


async def number_of_orders(session: AsyncSession) -> int:
    """Returns how many orders the tenant has: their numbers have no gaps."""
    return await session.scalar(select(OrderCounter.last_display_id)) or 0


def payments(*, payment_ids: Collection[str] = (), order_ids: Collection[str] = ()) -> Select[Any]:
    """Selects payments; what is not named does not matter."""
    found = select(Payment)
    if payment_ids:
        found = found.where(among(Payment.payment_id, payment_ids))
    if order_ids:
        found = found.where(among(Payment.order_id, order_ids))
    return found


async def open_transfer(session: AsyncSession, order_id: str) -> OrderTransfer | None:
    """Reads the request for an order that nobody has answered yet."""
    statement = select(OrderTransfer).where(
        OrderTransfer.order_id == order_id, OrderTransfer.state == "requested"
    )
    row: OrderTransfer | None = await session.scalar(statement)
    return row
