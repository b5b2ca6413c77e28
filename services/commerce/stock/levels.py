"""Changes how much there is: several levels in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from souk.commerce.v1 import inventory_service_pb2 as pb
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import InventoryLevel, StockLocation
from services.commerce.stock.locations import locations, store_first
from services.commerce.stock.messages import level_message
from services.commerce.stock.names import item_of, level_name, variant_of
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound, invalid
from services.kernel.data.arrays import among
from services.kernel.evidence import audit

MOST_STOCKED = 1_000_000_000

Place = tuple[str, str]
"""A variant, and a location."""


def place_of_row(row: pb.InventoryLevelRow) -> Place:
    return variant_of(row.inventory_item_id), row.location_id


def check(request: pb.BatchChangeInventoryLevelsRequest) -> None:
    """Refuses impossible quantities, and levels that are named twice.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
        NotFound: INVENTORY_ITEM_NOT_FOUND.
    """
    if violations := dict(_problems(request)):
        raise invalid("FIELD_INVALID", violations)


def _problems(request: pb.BatchChangeInventoryLevelsRequest) -> Iterator[tuple[str, str]]:
    seen = set()
    kinds = {"creates": request.creates, "updates": request.updates, "deletes": request.deletes}
    for kind, rows in kinds.items():
        for number, row in enumerate(rows):
            if not 0 <= row.stocked_quantity <= MOST_STOCKED:
                yield f"{kind}[{number}].stocked_quantity", f"must be from 0 to {MOST_STOCKED}"
            if (place := place_of_row(row)) in seen:
                yield f"{kind}[{number}].location_id", "must not be named twice for one item"
            seen.add(place)


class LevelChanges:
    """The levels of some variants, locked for a transaction that changes them."""

    def __init__(
        self,
        session: AsyncSession,
        rows: Iterable[InventoryLevel],
        known: Iterable[StockLocation],
        now: datetime,
    ) -> None:
        self._session = session
        self._now = now
        self._locations = {row.location_id: row for row in known}
        self._rows = {(row.variant_id, row.location_id): row for row in rows}

    @classmethod
    async def of(
        cls, session: AsyncSession, places: Iterable[Place], now: datetime
    ) -> "LevelChanges":
        # Locations before levels, as whoever deletes a location locks them.
        known = await locations(session, keep=True)
        rows = await _locked(session, {variant_id for variant_id, _ in places})
        return cls(session, rows, known, now)

    async def create(self, rows: Sequence[pb.InventoryLevelRow]) -> list[pb.InventoryLevel]:
        """Creates levels.

        Raises:
            AlreadyExists: INVENTORY_LEVEL_EXISTS.
            NotFound: STOCK_LOCATION_NOT_FOUND.
        """
        if not rows:
            return []
        if any(row.version == 0 for row in self._locations.values()):
            await store_first(self._session)
        return [self._create(row) for row in rows]

    def _create(self, row: pb.InventoryLevelRow) -> pb.InventoryLevel:
        place = place_of_row(row)
        if row.location_id not in self._locations:
            raise NotFound(
                "STOCK_LOCATION_NOT_FOUND", f"No such stock location: {row.location_id[:100]}"
            )
        if place in self._rows:
            raise AlreadyExists(
                "INVENTORY_LEVEL_EXISTS",
                f"{row.inventory_item_id} has a level at {row.location_id} already. Update it.",
            )
        level = InventoryLevel(
            variant_id=place[0],
            location_id=place[1],
            stocked=row.stocked_quantity,
            reserved=0,
            create_time=self._now,
            update_time=self._now,
        )
        self._session.add(level)
        after = level_message(level)
        audit.record(self._session, resource=after.name, after=after)
        return after

    def update(self, rows: Sequence[pb.InventoryLevelRow]) -> list[pb.InventoryLevel]:
        """Sets what is in stock; what is kept for carts and orders stays kept.

        Raises:
            NotFound: INVENTORY_LEVEL_NOT_FOUND.
        """
        return [self._update(self._existing(place_of_row(row)), row) for row in rows]

    def _update(self, level: InventoryLevel, row: pb.InventoryLevelRow) -> pb.InventoryLevel:
        before = level_message(level)
        if not row.HasField("stocked_quantity") or row.stocked_quantity == level.stocked:
            return before
        level.stocked, level.update_time = row.stocked_quantity, self._now
        after = level_message(level)
        audit.record(self._session, resource=after.name, before=before, after=after)
        return after

    async def delete(self, rows: Sequence[pb.InventoryLevelRow], *, force: bool) -> list[str]:
        """Deletes levels, with `force` also where there is something; returns their names.

        Raises:
            NotFound: INVENTORY_LEVEL_NOT_FOUND.
            FailedPrecondition: INVENTORY_LEVEL_RESERVED or INVENTORY_LEVEL_STOCKED.
        """
        deleted = []
        for row in rows:
            level = self._existing(place_of_row(row))
            item, location = item_of(level.variant_id), level.location_id
            if level.reserved:
                raise FailedPrecondition(
                    "INVENTORY_LEVEL_RESERVED",
                    f"{level.reserved} of {item} at {location} are kept for carts and orders.",
                )
            if level.stocked and not force:
                raise FailedPrecondition(
                    "INVENTORY_LEVEL_STOCKED",
                    f"There are {level.stocked} of {item} at {location}. Set it to 0 first.",
                )
            await self._session.delete(level)
            before = level_message(level)
            audit.record(self._session, resource=before.name, before=before)
            deleted.append(before.name)
        return deleted

    def _existing(self, place: Place) -> InventoryLevel:
        if place not in self._rows:
            name = level_name(*place)
            raise NotFound("INVENTORY_LEVEL_NOT_FOUND", f"No such inventory level: {name[:200]}")
        return self._rows[place]


async def _locked(session: AsyncSession, variant_ids: Iterable[str]) -> Iterable[InventoryLevel]:
    """Reads levels, and keeps others from changing them, in the order of queries.locked_levels."""
    return await session.scalars(
        select(InventoryLevel)
        .where(among(InventoryLevel.variant_id, variant_ids))
        .order_by(InventoryLevel.variant_id, InventoryLevel.location_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
