"""Changes the lines of a cart, within their bounds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.commerce.carts.content import CartContent, Item, Metadata, new_item
from services.commerce.stock.rules import Available
from services.kernel.call.errors import FailedPrecondition, NotFound, invalid
from services.values.structs import merged

MOST_ITEMS = 100
MOST_QUANTITY = 9_999


def add(
    content: CartContent,
    variant_id: str,
    quantity: int,
    metadata: Metadata | None,
    now: datetime,
    *,
    at: str = "",
) -> None:
    """Adds to the line of the same variant and metadata, or a new line.

    `at` is where in the request it is said, for errors.

    Raises:
        InvalidArgument: FIELD_INVALID, the quantity is not from 1 to MOST_QUANTITY.
        FailedPrecondition: CART_FULL.
    """
    _check_quantity(quantity, at=at)
    if (item := _line(content, variant_id, metadata)) is not None:
        _check_quantity(item.quantity + quantity, at=at, with_cart=True)
        item.quantity += quantity
        item.updated_at = now
        return
    if len(content.items) >= MOST_ITEMS:
        raise FailedPrecondition(
            "CART_FULL", f"A cart can have at most {MOST_ITEMS} lines. Remove one first."
        )
    content.items.append(new_item(variant_id, quantity, metadata, now))


def merge(content: CartContent, other: CartContent, stock: Available, now: datetime) -> bool:
    """Adds the lines of another cart to those of the same variant and metadata, or as new lines.

    A line that there was grows to MOST_QUANTITY at most, and of what is counted no further than
    there are. Returns False, and changes nothing, if there would be more lines than MOST_ITEMS.
    """
    new = [line for line in other.items if _line(content, line.variant_id, line.metadata) is None]
    if len(content.items) + len(new) > MOST_ITEMS:
        return False
    for line in other.items:
        if (item := _line(content, line.variant_id, line.metadata)) is None:
            if other.currency_code != content.currency_code:
                line.forget_price()
            content.items.append(line)
        else:
            most = min(MOST_QUANTITY, stock.get(item.variant_id, MOST_QUANTITY))
            item.quantity = max(item.quantity, min(item.quantity + line.quantity, most))
            item.updated_at = now
    return True


def set_quantity(content: CartContent, item: Item, quantity: int, now: datetime) -> None:
    """Changes a line's quantity; 0 removes the line.

    Raises:
        InvalidArgument: FIELD_INVALID, the quantity is not from 0 to MOST_QUANTITY.
    """
    if quantity == 0:
        content.items.remove(item)
        return
    _check_quantity(quantity, least=0)
    item.quantity, item.updated_at = quantity, now


def set_metadata(item: Item, changes: Mapping[str, Any], now: datetime) -> None:
    """Sets keys of a line's metadata, and removes those that are set to ""."""
    item.metadata, item.updated_at = merged(item.metadata, changes), now


def existing(content: CartContent, item_id: str) -> Item:
    """Returns a line of the cart.

    Raises:
        NotFound: ITEM_NOT_FOUND.
    """
    item = content.item(item_id)
    if item is None:
        raise NotFound("ITEM_NOT_FOUND", f"The cart has no such item: {item_id[:100]}")
    return item


def _line(content: CartContent, variant_id: str, metadata: Metadata | None) -> Item | None:
    """Returns the line of a variant with this metadata; there is at most one to add to."""
    lines = (i for i in content.items if i.variant_id == variant_id and i.metadata == metadata)
    return next(lines, None)


def _check_quantity(
    quantity: int, *, at: str = "", least: int = 1, with_cart: bool = False
) -> None:
    if not least <= quantity <= MOST_QUANTITY:
        together = ", together with what the cart has" if with_cart else ""
        text = f"must be from {least} to {MOST_QUANTITY}{together}"
        raise invalid("FIELD_INVALID", {f"{at}quantity": text})
