"""Statements about carts."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Cart


async def cart(session: AsyncSession, cart_id: str, *, lock: bool = False) -> Cart | None:
    """Reads a cart of the tenant; `lock` keeps others from changing it until the end."""
    statement = select(Cart).where(Cart.cart_id == cart_id)
    row: Cart | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row
