"""Statements about stock."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import InventoryLevel, Reservation, StockLocation
from services.commerce.stock.rules import Available, AvailableAt
from services.kernel.data.acts import Act
from services.kernel.data.arrays import among

Removed = tuple[str, str, int]
"""Of a reservation that is no more: its variant, its location, and how many were kept."""


_AVAILABLE = """
SELECT variant_id, location_id, stocked - reserved + (
  SELECT coalesce(sum(quantity), 0) FROM reservation
  WHERE (tenant_id, variant_id, location_id)
    = (level.tenant_id, level.variant_id, level.location_id) AND expire_time < $3
)::bigint AS number
FROM inventory_level AS level
WHERE tenant_id = $1 AND variant_id = ANY($2::text[])
"""
_REMOVE_OF_CART = """
DELETE FROM reservation
WHERE tenant_id = $1 AND cart_id = $2 AND order_id IS NOT DISTINCT FROM $3
RETURNING variant_id, location_id, quantity
"""
_REMOVE_EXPIRED = """
DELETE FROM reservation
WHERE tenant_id = $1 AND variant_id = ANY($2::text[]) AND expire_time < $3
RETURNING variant_id, location_id, quantity
"""
_GIVE_TO_ORDER = """
UPDATE reservation SET order_id = $3, expire_time = NULL
WHERE tenant_id = $1 AND cart_id = $2 AND order_id IS NULL RETURNING reservation_id
"""
_VARIANTS = """
SELECT DISTINCT variant_id FROM reservation
WHERE tenant_id = $1 AND cart_id = $2 AND order_id IS NOT DISTINCT FROM $3
"""


async def available(act: Act, variant_ids: Collection[str], now: datetime) -> Available:
    """Reads how many there are to sell of each of these variants, at all locations together."""
    total = dict.fromkeys(variant_ids, 0)
    for (variant_id, _), number in (await available_at(act, variant_ids, now)).items():
        total[variant_id] += number
    return total


async def available_at(act: Act, variant_ids: Collection[str], now: datetime) -> AvailableAt:
    """Reads how many there are to sell of each of these variants at each location with a level.

    What was kept for somebody who has not paid in time is to be had again.
    """
    if not variant_ids:
        return {}
    rows = await act.read(_AVAILABLE, list(variant_ids), now)
    return {(row["variant_id"], row["location_id"]): row["number"] for row in rows}


async def locked_levels(act: Act, variant_ids: Iterable[str]) -> list[InventoryLevel]:
    """Reads the levels of variants, and keeps others from changing them.

    Everybody locks them in the same order, so that nobody waits for whom they keep waiting.
    """
    where = "variant_id = ANY($2::text[]) ORDER BY variant_id, location_id FOR UPDATE"
    return await act.rows(InventoryLevel, where, list(variant_ids))


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


async def reserved_variants(act: Act, cart_id: str, order_id: str | None) -> list[str]:
    """Returns what is kept for a cart, or for the order that it became."""
    return [row["variant_id"] for row in await act.read(_VARIANTS, cart_id, order_id)]


async def remove_reservations(act: Act, cart_id: str, order_id: str | None) -> list[Removed]:
    """Removes what is kept for a cart, or for the order that it became.

    Its levels must be locked before.
    """
    rows = await act.write(Reservation, _REMOVE_OF_CART, cart_id, order_id)
    return [tuple(row) for row in rows]


async def remove_expired(act: Act, variant_ids: Iterable[str], now: datetime) -> list[Removed]:
    """Removes what was kept of variants for too long; their levels must be locked before."""
    rows = await act.write(Reservation, _REMOVE_EXPIRED, list(variant_ids), now)
    return [tuple(row) for row in rows]


async def give_to_order(act: Act, cart_id: str, order_id: str) -> int:
    return len(await act.write(Reservation, _GIVE_TO_ORDER, cart_id, order_id))


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
