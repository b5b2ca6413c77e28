"""Statements about stock."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import InventoryLevel, Reservation, StockLocation
from services.commerce.stock.rules import Available, AvailableAt
from services.kernel.data.arrays import among


def _expired(now: datetime) -> ColumnElement[bool]:
    return Reservation.expire_time < now


async def available(
    session: AsyncSession, variant_ids: Collection[str], now: datetime
) -> Available:
    """Reads how many there are to sell of each of these variants, at all locations together."""
    total = dict.fromkeys(variant_ids, 0)
    for (variant_id, _), number in (await available_at(session, variant_ids, now)).items():
        total[variant_id] += number
    return total


async def available_at(
    session: AsyncSession, variant_ids: Collection[str], now: datetime
) -> AvailableAt:
    """Reads how many there are to sell of each of these variants at each location with a level.

    What was kept for somebody who has not paid in time is to be had again.
    """
    if not variant_ids:
        return {}
    expired = (
        select(func.coalesce(func.sum(Reservation.quantity), 0))
        .where(
            Reservation.tenant_id == InventoryLevel.tenant_id,
            Reservation.variant_id == InventoryLevel.variant_id,
            Reservation.location_id == InventoryLevel.location_id,
            _expired(now),
        )
        .correlate(InventoryLevel)
        .scalar_subquery()
    )
    statement = select(
        InventoryLevel.variant_id,
        InventoryLevel.location_id,
        InventoryLevel.stocked - InventoryLevel.reserved + expired,
    ).where(among(InventoryLevel.variant_id, variant_ids))
    rows = (await session.execute(statement)).all()
    return {(variant, location): int(number) for variant, location, number in rows}


async def locked_levels(
    session: AsyncSession, variant_ids: Iterable[str]
) -> Sequence[InventoryLevel]:
    """Reads the levels of variants, and keeps others from changing them.

    Everybody locks them in the same order, so that nobody waits for whom they keep waiting.
    """
    statement = (
        select(InventoryLevel)
        .where(among(InventoryLevel.variant_id, variant_ids))
        .order_by(InventoryLevel.variant_id, InventoryLevel.location_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


async def locked_location(session: AsyncSession, location_id: str) -> Sequence[InventoryLevel]:
    """Keeps others from adding levels to a location, and returns those that it has, locked."""
    await session.execute(
        select(StockLocation.location_id)
        .where(StockLocation.location_id == location_id)
        .with_for_update()
    )
    statement = (
        select(InventoryLevel)
        .where(InventoryLevel.location_id == location_id)
        .order_by(InventoryLevel.variant_id)
        .with_for_update()
    )
    return (await session.scalars(statement)).all()


async def reserved_variants(session: AsyncSession, which: ColumnElement[bool]) -> Sequence[str]:
    return (await session.scalars(select(Reservation.variant_id).where(which))).all()


async def removed_reservations(
    session: AsyncSession, which: ColumnElement[bool]
) -> Sequence[tuple[str, str, int]]:
    """Removes reservations; returns the variant, the location and the quantity of each.

    Their levels must be locked before.
    """
    removed = delete(Reservation).where(which)
    rows = await session.execute(
        removed.returning(Reservation.variant_id, Reservation.location_id, Reservation.quantity)
    )
    return [(variant, location, quantity) for variant, location, quantity in rows]


def of_cart(cart_id: str, order_id: str | None) -> ColumnElement[bool]:
    """Tells reservations of a cart that belong to an order, or to none yet."""
    return (Reservation.cart_id == cart_id) & Reservation.order_id.is_not_distinct_from(order_id)


def expired_of(variant_ids: Iterable[str], now: datetime) -> ColumnElement[bool]:
    return among(Reservation.variant_id, variant_ids) & _expired(now)


async def give_to_order(session: AsyncSession, cart_id: str, order_id: str) -> int:
    result = await session.execute(
        update(Reservation)
        .where(of_cart(cart_id, None))
        .values(order_id=order_id, expire_time=None)
        .returning(Reservation.reservation_id)
    )
    return len(result.all())


async def levels(session: AsyncSession, variant_ids: Collection[str]) -> Sequence[InventoryLevel]:
    """Reads the levels of variants, by variant and location."""
    if not variant_ids:
        return []
    statement = (
        select(InventoryLevel)
        .where(among(InventoryLevel.variant_id, variant_ids))
        .order_by(InventoryLevel.variant_id, InventoryLevel.location_id)
    )
    return (await session.scalars(statement)).all()
