"""Where a tenant keeps its goods; before staff say so, at one place."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import StockLocation
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope

_FIRST_NAME = "Main location"


async def locations(session: AsyncSession, *, keep: bool = False) -> Sequence[StockLocation]:
    """Reads the tenant's locations, oldest first; one that is not stored if it has set up none.

    To `keep` them means that nobody deletes them before this transaction ends.
    """
    statement = select(StockLocation).order_by(StockLocation.create_time, StockLocation.location_id)
    if keep:
        statement = statement.with_for_update(read=True, key_share=True)
    return (await session.scalars(statement)).all() or [_made_up(datetime.now(UTC))]


async def store_first(session: AsyncSession) -> None:
    """Stores the location that a tenant has before it sets up any; twice is once."""
    row = _made_up(datetime.now(UTC))
    columns = StockLocation.__mapper__.column_attrs
    values = {column.key: getattr(row, column.key) for column in columns} | {"version": 1}
    await session.execute(insert(StockLocation).values(values).on_conflict_do_nothing())


async def stored(session: AsyncSession, location_id: str) -> StockLocation:
    """Reads a location of the tenant, which is stored then.

    Raises:
        NotFound: STOCK_LOCATION_NOT_FOUND.
    """
    row = await existing(session, location_id)
    if row.version:
        return row
    await store_first(session)
    return await existing(session, location_id)


async def existing(session: AsyncSession, location_id: str) -> StockLocation:
    """Reads a location of the tenant, stored or not.

    Raises:
        NotFound: STOCK_LOCATION_NOT_FOUND.
    """
    for row in await locations(session):
        if row.location_id == location_id:
            return row
    raise NotFound("STOCK_LOCATION_NOT_FOUND", f"No such stock location: {location_id[:100]}")


def _made_up(now: datetime) -> StockLocation:
    tenant = current_scope().tenant
    return StockLocation(
        tenant_id=tenant,
        location_id=f"sloc_{tenant}",
        name=_FIRST_NAME,
        address=None,
        extra=None,
        version=0,
        create_time=now,
        update_time=now,
    )
