"""Keeps stock for carts and orders, and gives it back.

In each transaction, levels are locked before reservations are touched, and in one order.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from services.commerce.models import InventoryLevel, Reservation
from services.commerce.stock import queries
from services.commerce.stock.queries import Removed
from services.commerce.stock.rules import Demand, Level, Shortage, allocate
from services.kernel.call import names
from services.kernel.data.acts import Act


async def reserve(
    act: Act,
    demands: Collection[Demand],
    *,
    cart_id: str,
    expire_time: datetime | None = None,
) -> None:
    """Keeps what is wanted for a cart: all of it or, if there is not enough, nothing.

    From `expire_time` on, whoever needs it may have it. Until this transaction ends, others who
    want the same wait.

    Raises:
        Shortage: nothing was written, and the transaction may go on.
    """
    if not demands:
        return
    now = datetime.now(UTC)
    variants = {line.variant_id for line in demands}
    levels = await queries.locked_levels(act, variants)
    try:
        parts = allocate(demands, _as_rules(levels))
    except Shortage:
        expired = await queries.remove_expired(act, variants, now)
        if not expired:
            raise
        await _give_back(act, levels, expired)
        parts = allocate(demands, _as_rules(levels))
    by_place = {(level.variant_id, level.location_id): level for level in levels}
    for part in parts:
        level = by_place[part.demand.variant_id, part.location_id]
        level.reserved += part.quantity
        await act.insert(
            Reservation(
                reservation_id=names.new_id("resitem"),
                variant_id=level.variant_id,
                location_id=level.location_id,
                quantity=part.quantity,
                line_item_id=part.demand.line_id,
                cart_id=cart_id,
                expire_time=expire_time,
                create_time=now,
            )
        )
    for place in {(part.demand.variant_id, part.location_id): None for part in parts}:
        await act.update(by_place[place], "reserved")


async def release(act: Act, *, cart_id: str, order_id: str | None = None) -> None:
    """Gives back what is kept for a cart, or for the order that it became; twice is once."""
    variants = await queries.reserved_variants(act, cart_id, order_id)
    if variants:
        levels = await queries.locked_levels(act, variants)
        removed = await queries.remove_reservations(act, cart_id, order_id)
        await _give_back(act, levels, removed)


async def belongs_to_order(act: Act, cart_id: str, order_id: str) -> int:
    """Makes what is kept for a cart its order's, for good.

    Returns how many reservations there were: those that expired may have gone to others.
    """
    return await queries.give_to_order(act, cart_id, order_id)


async def _give_back(
    act: Act, levels: Sequence[InventoryLevel], removed: Iterable[Removed]
) -> None:
    """Counts what was removed as not kept any more, on levels that are locked."""
    by_place = {(level.variant_id, level.location_id): level for level in levels}
    for variant_id, location_id, quantity in removed:
        level = by_place[variant_id, location_id]
        level.reserved -= quantity
        await act.update(level, "reserved")


def _as_rules(levels: Sequence[InventoryLevel]) -> list[Level]:
    return [
        Level(level.variant_id, level.location_id, level.stocked - level.reserved)
        for level in levels
    ]
