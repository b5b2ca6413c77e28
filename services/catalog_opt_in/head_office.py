"""Access to the master catalogue, and the locks that order its writes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import PermissionDenied
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database
from services.kernel.data.tables import TenantOwned

# Locks are always taken in this order, and the rows of tenant_catalogue last, so that transactions
# never deadlock. Opt-ins share those of products: see listings/writing.py.
_HEAD_OFFICE = text("SELECT pg_advisory_xact_lock(hashtextextended('head-office', 0))")
_ALL_PRODUCTS = text("SELECT pg_advisory_xact_lock(hashtextextended('products', 0))")
# The prefix keeps a made-up id from clashing with the name of another lock.
_ONE_PRODUCT = text("SELECT pg_advisory_xact_lock(hashtextextended('product/' || :product_id, 0))")


class HeadOffice:
    """The door to the master catalogue, only for scopes of the head office."""

    def __init__(self, database: Database, tenant: str) -> None:
        self._db = database
        self._tenant = tenant
        # Its writes are serialised anyway; waiting here does not hold a connection.
        self._write_lock = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Opens a transaction on the head office's own rows.

        Raises:
            PermissionDenied: HEAD_OFFICE_ONLY.
        """
        self._refuse_others()
        async with self._db.tenant() as session:
            yield session

    @asynccontextmanager
    async def reading_all(self) -> AsyncIterator[AsyncSession]:
        """Opens a transaction on the catalogue and all tenants' listings, to read.

        Raises:
            PermissionDenied: HEAD_OFFICE_ONLY.
        """
        self._refuse_others()
        async with self._db.platform() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Opens a transaction on the catalogue and all tenants' listings; these are serialised.

        Raises:
            PermissionDenied: HEAD_OFFICE_ONLY.
        """
        self._refuse_others()
        async with self._write_lock, self._db.platform() as session:
            await lock_head_office(session)
            yield session

    def _refuse_others(self) -> None:
        if current_scope().tenant != self._tenant:
            raise PermissionDenied(
                "HEAD_OFFICE_ONLY", "Only the head office has access to the master catalogue."
            )


async def lock_head_office(session: AsyncSession) -> None:
    """Serialises this transaction with all writes to the catalogue."""
    await session.execute(_HEAD_OFFICE)


async def lock_all_products(session: AsyncSession) -> None:
    """Locks all listings until the transaction ends, for a change to many products."""
    await session.execute(_ALL_PRODUCTS)


async def lock_product(session: AsyncSession, product_id: str) -> None:
    """Locks the listings of one product until the transaction ends."""
    await session.execute(_ONE_PRODUCT, {"product_id": product_id})


def own_rows(table: type[TenantOwned]) -> ColumnElement[bool]:
    """Selects the rows of the scope's tenant, as the platform's door does not do it."""
    return table.tenant_id == current_scope().tenant
