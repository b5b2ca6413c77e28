"""Keeps stock for carts and orders, and gives it back.

In each transaction, levels are locked before reservations are touched, and in one order.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import InventoryLevel, Reservation
from services.commerce.stock import queries
from services.commerce.stock.rules import Demand, Level, Shortage, allocate
from services.kernel.call import names


async def reserve(
    session: AsyncSession,
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
    levels = await queries.locked_levels(session, {line.variant_id for line in demands})
    try:
        parts = allocate(demands, _as_rules(levels))
    except Shortage:
        if not await _remove_expired(session, levels, now):
            raise
        parts = allocate(demands, _as_rules(levels))
    by_place = {(level.variant_id, level.location_id): level for level in levels}
    for part in parts:
        by_place[part.demand.variant_id, part.location_id].reserved += part.quantity
        session.add(
            Reservation(
                reservation_id=names.new_id("resitem"),
                variant_id=part.demand.variant_id,
                location_id=part.location_id,
                quantity=part.quantity,
                line_item_id=part.demand.line_id,
                cart_id=cart_id,
                expire_time=expire_time,
                create_time=now,
            )
        )
    await session.flush()


async def release(session: AsyncSession, *, cart_id: str, order_id: str | None = None) -> None:
    """Gives back what is kept for a cart, or for the order that it became; twice is once."""
    which = queries.of_cart(cart_id, order_id)
    variants = await queries.reserved_variants(session, which)
    if variants:
        await _remove(session, await queries.locked_levels(session, set(variants)), which)


async def belongs_to_order(session: AsyncSession, cart_id: str, order_id: str) -> int:
    """Makes what is kept for a cart its order's, for good.

    Returns how many reservations there were: those that expired may have gone to others.
    """
    return await queries.give_to_order(session, cart_id, order_id)


async def _remove_expired(
    session: AsyncSession, levels: Sequence[InventoryLevel], now: datetime
) -> bool:
    variants = {level.variant_id for level in levels}
    return await _remove(session, levels, queries.expired_of(variants, now))


async def _remove(
    session: AsyncSession, levels: Sequence[InventoryLevel], which: ColumnElement[bool]
) -> bool:
    """Removes reservations of levels that are locked; returns whether there were any."""
    by_place = {(level.variant_id, level.location_id): level for level in levels}
    removed = await queries.removed_reservations(session, which)
    for variant_id, location_id, quantity in removed:
        by_place[variant_id, location_id].reserved -= quantity
    await session.flush()
    return bool(removed)


def _as_rules(levels: Sequence[InventoryLevel]) -> list[Level]:
    return [
        Level(level.variant_id, level.location_id, level.stocked - level.reserved)
        for level in levels
    ]
