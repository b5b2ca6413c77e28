"""Statements about carts."""

from services.commerce.models import Cart
from services.kernel.data.acts import Act

# A change makes the document anew, and a read needs nothing else: each is large.
_TO_CHANGE, _TO_SHOW, _WHOLE = ("document",), ("content",), ()
_LAST_OPEN = """customer_id = $2 AND cart_id <> $3
  AND complete_time IS NULL AND attempt_id IS NULL
ORDER BY update_time DESC, cart_id LIMIT 1"""


async def cart(
    act: Act,
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
    where = "cart_id = $2 FOR UPDATE" if lock else "cart_id = $2"
    without = _WHOLE if whole else _TO_SHOW if to_show else _TO_CHANGE
    rows = await act.rows(Cart, where, cart_id, without=without)
    return rows[0] if rows else None


async def last_open_cart(
    act: Act, customer_id: str, *, besides: str, lock: bool = False
) -> Cart | None:
    """Reads the cart that a customer changed last, of those that can still be changed."""
    where = _LAST_OPEN + " FOR UPDATE" if lock else _LAST_OPEN
    rows = await act.rows(Cart, where, customer_id, besides, without=_TO_CHANGE)
    return rows[0] if rows else None


async def store(act: Act, row: Cart) -> None:
    """Stores a cart that was changed, with a new document."""
    await act.update(
        row,
        *("customer_id", "payment_collection_id", "attempt_id", "order_id"),
        *("content", "document", "update_time", "expire_time", "complete_time"),
    )


async def remove(act: Act, row: Cart) -> None:
    await act.write(Cart, "DELETE FROM cart WHERE tenant_id = $1 AND cart_id = $2", row.cart_id)
