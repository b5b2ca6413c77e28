"""Statements about orders."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Cart, CustomerOrder


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
