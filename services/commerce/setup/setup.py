"""What carts are priced by: read as a whole, and remembered until staff change any of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import LRUCache
from sqlalchemy import BigInteger, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.markets.queries import markets
from services.commerce.markets.rules import Market
from services.commerce.models import SetupVersion
from services.commerce.pricing.promotions import Promotion
from services.commerce.promotions.queries import automatic
from services.commerce.promotions.rows import promotion_of
from services.commerce.shipping.queries import shipping
from services.commerce.shipping.rules import Shipping
from services.commerce.taxes.queries import tax_table
from services.commerce.taxes.rules import TaxTable
from services.kernel.call.scope import current_scope
from services.kernel.data.acts import Act
from services.kernel.data.arrays import among
from services.kernel.data.database import Database

MOST_TENANTS = 1_000
"""Of how many tenants the set-up is remembered at most."""

_VERSION = "SELECT version FROM setup_version WHERE tenant_id = $1"


@dataclass(frozen=True, slots=True)
class Setup:
    """What staff have set up, as far as carts need it. It has no more than the bounds allow."""

    markets: Sequence[Market]
    promotions: Sequence[Promotion]
    """The active ones that need no code."""
    taxes: TaxTable
    shipping: Shipping


class Setups:
    """Remembers set-ups by their version, which each transaction asks for anew."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._remembered: LRUCache[tuple[str | None, ...], tuple[int, Setup]] = LRUCache(
            MOST_TENANTS
        )

    async def current(self, act: Act) -> Setup:
        """Returns the set-up of the act's tenant, as it is for this transaction."""
        scope = current_scope()
        # A tenant without regions has that of its settings, which the scope brings.
        key = (scope.tenant, scope.currency, scope.country)
        rows = await act.read(_VERSION)
        version = rows[0]["version"] if rows else 0
        remembered = self._remembered.get(key)
        if remembered and remembered[0] == version:
            return remembered[1]
        # What is read may be newer than the version, never older: then it is read once more.
        async with self._db.tenant() as session:
            setup = Setup(
                await markets(session),
                [promotion_of(*row) for row in await automatic(session)],
                await tax_table(session),
                await shipping(session),
            )
        self._remembered[key] = version, setup
        return setup


async def setup_changed(session: AsyncSession) -> None:
    """Says that this transaction changes the tenant's set-up; others that would wait for its end.

    Each RPC that changes what Setup holds calls this before it reads what it changes.

    Versions follow the clock in microseconds, and rise under any clock. So none recurs with other
    contents after the database was restored from a backup.
    """
    now = time.time_ns() // 1_000
    first = insert(SetupVersion).values(tenant_id=current_scope().tenant, version=now)
    risen = func.greatest(SetupVersion.version + 1, now, type_=BigInteger)
    await session.execute(
        first.on_conflict_do_update(index_elements=["tenant_id"], set_={"version": risen})
    )


async def setup_versions(session: AsyncSession, tenants: Sequence[str]) -> dict[str, int]:
    """Reads the versions of tenants' set-ups; those that have set up nothing have none."""
    statement = select(SetupVersion.tenant_id, SetupVersion.version).where(
        among(SetupVersion.tenant_id, tenants)
    )
    return dict((await session.execute(statement)).tuples().all())
