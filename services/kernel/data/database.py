"""Tenant sessions, the platform's door, and one-round-trip reads.

Two walls keep tenants apart. The session adds `tenant_id = …` to every ORM statement. Behind it,
PostgreSQL's row-level security checks the tenant that `tenancy.enter` bound to the transaction, and
fails closed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
from sqlalchemy import URL, Connection, TextClause, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    SessionTransaction,
    object_mapper,
    with_loader_criteria,
)

from services.kernel.call import recorded_events
from services.kernel.call.scope import current_scope
from services.kernel.data import acts, connections
from services.kernel.data.acts import Act, AuditMissing, leaves_to_commit
from services.kernel.data.connections import RestrictedConnection
from services.kernel.data.database_errors import translated
from services.kernel.data.row_statements import needs_event
from services.kernel.data.tables import TenantOwned, insertion


class AuditedSession(Session):
    """A session that refuses to commit a change without an audit leaf."""


class TenantSession(AuditedSession):
    """A session bound to one tenant, from its first statement to its end."""


@event.listens_for(TenantSession, "after_begin")
def _bind_tenant(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:  # a savepoint keeps the binding of the transaction around it
        return
    # Nothing has been sent yet: the driver begins with the first statement.
    _driver(connection).bind_at_begin(session.info["tenant"])


def _driver(connection: Connection) -> RestrictedConnection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, RestrictedConnection):
        raise RuntimeError("this connection can neither bind a tenant nor record events")
    return driver


@event.listens_for(TenantSession, "do_orm_execute")
def _add_tenant_predicate(state: ORMExecuteState) -> None:
    if not (state.is_select or state.is_update or state.is_delete):
        return
    # These load parts of rows that were found under the predicate, and inherit it.
    if state.is_column_load or state.is_relationship_load:
        return
    tenant = state.session.info["tenant"]
    state.statement = state.statement.options(
        with_loader_criteria(TenantOwned, lambda row: row.tenant_id == tenant, include_aliases=True)
    )


@event.listens_for(AuditedSession, "do_orm_execute")
def _notice_statement(state: ORMExecuteState) -> None:
    statement = state.statement
    if isinstance(statement, TextClause):
        writes = not statement.text.lstrip().upper().startswith("SELECT")
    else:
        writes = state.is_insert or state.is_update or state.is_delete
    if writes and needs_event(getattr(statement, "table", None)):
        state.session.info["wrote"] = True


@event.listens_for(AuditedSession, "after_flush")
def _notice_flush(session: Session, _context: object) -> None:
    changed_rows = (
        *session.new,
        *session.deleted,
        *(row for row in session.dirty if session.is_modified(row)),
    )
    if any(needs_event(object_mapper(row).local_table) for row in changed_rows):
        session.info["wrote"] = True


@event.listens_for(AuditedSession, "before_commit")
def _send_leaves_with_commit(session: Session) -> None:
    """Sends the transaction's leaves with its COMMIT, and refuses a change without any.

    A leaf is part of the transaction: neither is ever committed without the other.
    """
    if session.in_nested_transaction():  # a savepoint is not an act
        return
    # First: a change that is only flushed by the commit needs an event, too.
    session.flush()
    if leaves := leaves_to_commit(session.info):
        connection = session.connection()
        if not _driver(connection).is_in_transaction():  # else it never begins
            session.execute(text("SELECT 1"))
        _driver(connection).send_before_commit(insertion(leaves))
        session.info["connection"] = connection


@event.listens_for(AuditedSession, "after_commit")
def _check_leaves_were_sent(session: Session) -> None:
    connection: Connection | None = session.info.get("connection")
    if connection is not None and _driver(connection).statement_before_commit is not None:
        connection.invalidate()  # it is stuck in an open transaction
        raise AuditMissing("this transaction ended before its events were sent")


class Database:
    """One service's database, reached through two doors: tenant and platform."""

    def __init__(
        self,
        app: URL,
        platform: URL,
        *,
        secrets: Path,
        head_office: str,
        sign: Callable[[bytes], bytes],
    ) -> None:
        """Takes the folder of password files, which may be replaced at any time.

        `sign` makes the service's signature over the envelope of an event.
        """
        self._connect_app = partial(connections.connect, app, secrets)
        self._connect_platform = partial(connections.connect, platform, secrets)
        # Pools by role: row-level security goes by it, and a connection has one for good.
        self._app = connections.engine(self._connect_app)
        self._platform = connections.engine(self._connect_platform)
        self._readers: asyncpg.Pool | None = None
        self._platform_readers: asyncpg.Pool | None = None
        self._writers: asyncpg.Pool | None = None
        self._head_office = head_office
        self.sign = sign
        self.leaves_committed = asyncio.Event()
        """Set after each commit that left a leaf, to wake the relay."""

    async def open(self) -> None:
        """Connects, and refuses roles that row-level security does not apply to.

        Raises:
            Unavailable: the database does not respond; the call may be repeated.
        """
        with translated():
            self._readers = await connections.readers(self._connect_app)
            self._platform_readers = await connections.on_demand(self._connect_platform)
            self._writers = await connections.on_demand(self._connect_app)
            for engine in (self._app, self._platform):
                async with engine.connect() as connection:
                    await connections.refuse_unbound_role(connection)

    async def close(self) -> None:
        for pool in (self._readers, self._platform_readers, self._writers):
            if pool is not None:
                # Not close(), which waits for every connection that is still in use.
                pool.terminate()
        self._readers = self._platform_readers = self._writers = None
        await self._app.dispose()
        await self._platform.dispose()

    @asynccontextmanager
    async def tenant(self) -> AsyncIterator[AsyncSession]:
        """Opens a transaction on the rows of the scope's tenant, committed when the block ends."""
        scope = current_scope()
        if scope.tenant is None:
            raise RuntimeError("a tenant session cannot be opened in a scope without a tenant")
        info = {"tenant": scope.tenant, "home": scope.tenant, "sign": self.sign}
        async with self._transaction(self._app, TenantSession, info) as session:
            yield session

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[AsyncSession]:
        """Opens a transaction on all tenants' rows. Its few call sites are listed in a test."""
        info = {"home": current_scope().tenant or self._head_office, "sign": self.sign}
        async with self._transaction(self._platform, AuditedSession, info) as session:
            yield session

    @asynccontextmanager
    async def housekeeping(self) -> AsyncIterator[AsyncSession]:
        """Opens a transaction for internal upkeep, which is not an act and leaves no event."""
        with translated():
            async with (
                AsyncSession(self._platform, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    @asynccontextmanager
    async def act(self) -> AsyncIterator[Act]:
        """Opens a transaction on the rows of the scope's tenant for a hot write, without an ORM."""
        tenant = current_scope().tenant
        if tenant is None or self._writers is None:
            raise RuntimeError("an act needs a scope with a tenant")
        with translated():
            async with (
                self._writers.acquire(
                    timeout=connections.wait_seconds(self._writers)
                ) as connection,
                acts.transaction(cast(acts.Connection, connection), tenant, self.sign) as act,
            ):
                yield act
        self._note(act.info)

    async def call_platform(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Runs one statement on rows of all tenants, a read or upkeep, in a prepared round trip."""
        if self._platform_readers is None:
            raise RuntimeError("the database is not open")
        with translated():
            async with self._platform_readers.acquire(
                timeout=connections.wait_seconds(self._platform_readers)
            ) as connection:
                rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
                return rows

    async def call(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Calls a PL/pgSQL function that binds `$1`, the scope's tenant, before it reads.

        One prepared round trip. Never fold the binding into a plain query: its plan may read rows
        before the binding takes effect, and return another tenant's.
        """
        tenant = current_scope().tenant
        if tenant is None or self._readers is None:
            raise RuntimeError("a tenant's rows cannot be read in a scope without a tenant")
        with translated():
            async with self._readers.acquire(timeout=connections.POOL_WAIT_SECONDS) as connection:
                rows: list[asyncpg.Record] = await connection.fetch(sql, tenant, *args)
                return rows

    async def ping(self) -> None:
        """Raises Unavailable if the database does not respond."""
        with translated():
            async with self._app.connect() as connection:
                # Without a transaction it is one statement instead of three, every other second.
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, kind: type[Session], info: dict[str, Any]
    ) -> AsyncIterator[AsyncSession]:
        with translated():
            async with (
                # Rows become messages after the commit, when nothing can be loaded any more.
                AsyncSession(
                    engine, sync_session_class=kind, info=info, expire_on_commit=False
                ) as session,
                session.begin(),
            ):
                yield session
                if session.in_nested_transaction():  # it would bypass the check on commit
                    raise RuntimeError("a savepoint was left open")
        self._note(session.info)

    def _note(self, info: dict[Any, Any]) -> None:
        """Tells the caller and the relay of the events that were committed."""
        if recorded := info.get("recorded"):
            recorded_events.collect(recorded)
            self.leaves_committed.set()
