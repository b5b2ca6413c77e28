"""Statements about orders."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.commerce.models import Cart, CustomerOrder
from services.kernel.data.arrays import among


async def order(session: AsyncSession, order_id: str) -> CustomerOrder | None:
    """Reads an order of the tenant."""
    statement = select(CustomerOrder).where(CustomerOrder.order_id == order_id)
    row: CustomerOrder | None = await session.scalar(statement)
    return row


async def cart_of_collection(session: AsyncSession, collection_id: str) -> str | None:
    """Finds the cart that a payment collection is for."""
    statement = select(Cart.cart_id).where(Cart.payment_collection_id == collection_id)
    cart_id: str | None = await session.scalar(statement)
    return cart_id


def orders_of(
    customer_id: str, *, order_ids: Collection[str], statuses: Collection[str]
) -> Select[Any]:
    """Selects a customer's orders, of any id and in any state where none is named."""
    found = select(CustomerOrder).where(CustomerOrder.customer_id == customer_id)
    if order_ids:
        found = found.where(among(CustomerOrder.order_id, order_ids))
    if statuses:
        found = found.where(among(CustomerOrder.status, statuses))
    return found.options(defer(CustomerOrder.content))
