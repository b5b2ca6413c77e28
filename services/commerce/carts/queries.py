"""Statements about carts."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, load_only

from services.commerce.models import Cart

# A change makes the document anew, and a read needs nothing else: each is large.
_TO_CHANGE = defer(Cart.document)
_TO_SHOW = load_only(
    Cart.document, Cart.customer_id, Cart.update_time, Cart.complete_time, Cart.attempt_id
)


async def cart(
    session: AsyncSession,
    cart_id: str,
    *,
    lock: bool = False,
    to_show: bool = False,
    whole: bool = False,
) -> Cart | None:
    """Reads a cart of the tenant, without its document or, `to_show`, without its content.

    `lock` keeps others from changing it until the end of the transaction; `whole` leaves out
    nothing.
    """
    statement = select(Cart).where(Cart.cart_id == cart_id)
    if not whole:
        statement = statement.options(_TO_SHOW if to_show else _TO_CHANGE)
    row: Cart | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row


async def last_open_cart(
    session: AsyncSession, customer_id: str, *, besides: str, lock: bool = False
) -> Cart | None:
    """Reads the cart that a customer changed last, of those that can still be changed."""
    statement = (
        select(Cart)
        .where(
            Cart.customer_id == customer_id,
            Cart.cart_id != besides,
            Cart.complete_time.is_(None),
            Cart.attempt_id.is_(None),
        )
        .order_by(Cart.update_time.desc(), Cart.cart_id)
        .limit(1)
        .options(_TO_CHANGE)
    )
    row: Cart | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row
