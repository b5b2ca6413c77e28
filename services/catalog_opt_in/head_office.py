"""Who may write the catalogue, and how its writes keep out of each other's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.db import Database
from services.kernel.errors import PermissionDenied
from services.kernel.scope import current_scope
from services.kernel.tables import TenantOwned

# Locks are always taken in this order, and the rows of tenant_catalogue last: so no two
# transactions ever wait for each other.
_HEAD_OFFICE = text("SELECT pg_advisory_xact_lock(hashtextextended('head-office', 0))")
_ALL_PRODUCTS = text("SELECT pg_advisory_xact_lock(hashtextextended('products', 0))")
# With a prefix: an id that a caller made up must not be another lock's name.
_ONE_PRODUCT = text("SELECT pg_advisory_xact_lock(hashtextextended('product/' || :product_id, 0))")
_LISTING = text(
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('products', 0)),"
    " pg_advisory_xact_lock_shared(hashtextextended('product/' || :product_id, 0))"
)


class HeadOffice:
    """The door to the master catalogue, for scopes of the head office alone."""

    def __init__(self, database: Database, tenant: str) -> None:
        self._db = database
        self._tenant = tenant
        # Its writes take turns anyway: waiting here holds no connection meanwhile.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One transaction on the head office's own rows.

        Raises:
            PermissionDenied: HEAD_OFFICE_ONLY.
        """
        self._refuse_others()
        async with self._db.tenant() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction on the catalogue and on every tenant's listings; they take turns.

        Raises:
            PermissionDenied: HEAD_OFFICE_ONLY.
        """
        self._refuse_others()
        async with self._turn, self._db.platform() as session:
            await session.execute(_HEAD_OFFICE)
            yield session

    def _refuse_others(self) -> None:
        if current_scope().tenant != self._tenant:
            raise PermissionDenied(
                "HEAD_OFFICE_ONLY", "Only the head office has access to the master catalogue."
            )


async def hold_all_products(session: AsyncSession) -> None:
    """Keeps every listing as it is until the end, for a change that concerns many products."""
    await session.execute(_ALL_PRODUCTS)


async def hold_product(session: AsyncSession, product_id: str) -> None:
    """Keeps the listings of one product as they are until the end of the transaction."""
    await session.execute(_ONE_PRODUCT, {"product_id": product_id})


async def hold_listing(session: AsyncSession, product_id: str) -> None:
    """Keeps a product's offer as it is until the end, so that no listing misses a change of it.

    Tenants do not wait for one another here, only for the head office.
    """
    await session.execute(_LISTING, {"product_id": product_id})


def ours(table: type[TenantOwned]) -> ColumnElement[bool]:
    """The rows of the scope's tenant, which the platform's door does not single out by itself."""
    return table.tenant_id == current_scope().tenant
