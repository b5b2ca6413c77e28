"""Sessions bound to a tenant, the platform's door beside them, and reads of one round trip.

Two walls keep tenants apart. The session adds `tenant_id = …` to every ORM statement by itself.
PostgreSQL's row-level security stands behind it: it sees the tenant that `tenancy.enter` bound to
the transaction, and fails closed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, TextClause, event, exc, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, with_loader_criteria

from services.kernel import receipts
from services.kernel.errors import Aborted, DeadlineExceeded, ServiceError, Unavailable
from services.kernel.names import TENANT_ID
from services.kernel.scope import current_scope
from services.kernel.tables import KernelBase, TenantOwned

_POOL_SIZE = 8
# A read of one round trip takes about a millisecond: more connections would only wait on the cores.
_READERS = 8
# Twice what 64 writers at once need; one who would wait longer is told to come back instead.
_POOL_WAIT_SECONDS = 0.5
_CONNECT_SECONDS = 2
_COMMAND_SECONDS = 5


class HardConnection(asyncpg.Connection):
    """A connection that never calls set_config, which the service roles may not.

    `entering` is the tenant to whom the next transaction belongs: it is bound in the round trip of
    BEGIN, which makes a write a tenth cheaper.

    asyncpg switches JIT off by set_config while it looks up array types, when it believes that the
    server has JIT; so it is told that the server has none. The attribute is private: asyncpg is
    pinned, and a test reads an array through this class.
    """

    __slots__ = ("entering",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._server_caps = self._server_caps._replace(jit=False)  # type: ignore[has-type]
        self.entering: str | None = None

    async def execute(  # what asyncpg begins a transaction with
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,  # noqa: ASYNC109 # its signature
    ) -> str:
        if self.entering is None or not query.startswith("BEGIN"):
            return await super().execute(query, *args, timeout=timeout)
        tenant, self.entering = self.entering, None
        try:
            return await super().execute(f"{query} SELECT tenancy.enter('{tenant}');")
        except Exception:
            self.terminate()  # it is in a transaction that nobody ends
            raise


class AuditMissing(RuntimeError):
    """A transaction wrote and left no audit leaf: a bug, so it is rolled back."""


class AuditedSession(Session):
    """A session that refuses to commit a change that left no audit leaf."""


class TenantSession(AuditedSession):
    """A session bound to one tenant, from its first statement to its end."""


@event.listens_for(TenantSession, "after_begin")
def _bind_tenant(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:  # a savepoint keeps the binding of the transaction around it
        return
    # Nothing has been sent yet: the driver begins with the first statement.
    driver = connection.connection.driver_connection
    if not isinstance(driver, HardConnection):
        raise RuntimeError("this connection binds no tenant")
    if TENANT_ID.fullmatch(session.info["tenant"]) is None:  # it is written into a statement
        raise ValueError(f"{session.info['tenant']!r} is no tenant's id")
    driver.entering = session.info["tenant"]


@event.listens_for(TenantSession, "do_orm_execute")
def _add_tenant_predicate(state: ORMExecuteState) -> None:
    if not (state.is_select or state.is_update or state.is_delete):
        return
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
    table = getattr(statement, "table", None)
    if writes and (table is None or table.metadata is not KernelBase.metadata):
        state.session.info["wrote"] = True


@event.listens_for(AuditedSession, "after_flush")
def _notice_flush(session: Session, _context: object) -> None:
    touched = (
        *session.new,
        *session.deleted,
        *(o for o in session.dirty if session.is_modified(o)),
    )
    if any(not isinstance(row, KernelBase) for row in touched):
        session.info["wrote"] = True


@event.listens_for(AuditedSession, "before_commit")
def _demand_leaf(session: Session) -> None:
    session.flush()
    # A leaf that a rolled back savepoint took with it is in the session no more.
    left = [leaf for leaf in session.info.get("leaves", ()) if leaf in session]
    session.info["left"] = [f"tenants/{leaf.tenant_id}/events/{leaf.event_id}" for leaf in left]
    if session.info.get("wrote") and not left:
        raise AuditMissing("this transaction changed something and recorded no event")


class Database:
    """One service's database, through its two doors."""

    def __init__(self, app: URL, platform: URL, *, secrets: Path, head_office: str) -> None:
        """`secrets` is the folder of password files, which may be replaced at any time."""
        self._connect_app = partial(_connect, app, secrets)
        self._app = _engine(self._connect_app)
        self._platform = _engine(partial(_connect, platform, secrets))
        self._readers: asyncpg.Pool | None = None
        self._head_office = head_office
        self.acted = asyncio.Event()
        """Set after each commit that left a leaf, for the relay to wake up by."""

    async def open(self) -> None:
        """Connects, and refuses roles that row-level security does not bind.

        Raises:
            Unavailable: the database does not answer; it may be asked again.
        """
        with _translated():
            self._readers = await asyncpg.create_pool(
                # All at once and for good: connecting would eat up what a read may wait.
                min_size=_READERS,
                max_size=_READERS,
                max_inactive_connection_lifetime=0,
                connect=self._connect_app,
                connection_class=HardConnection,
                reset=_leave_as_it_is,
            )
            for engine in (self._app, self._platform):
                async with engine.connect() as connection:
                    await _refuse_unbound_role(connection)

    async def close(self) -> None:
        if self._readers is not None:
            self._readers.terminate()
            self._readers = None
        await self._app.dispose()
        await self._platform.dispose()

    @asynccontextmanager
    async def tenant(self) -> AsyncIterator[AsyncSession]:
        """One transaction on the rows of the scope's tenant, committed at the end of the block."""
        scope = current_scope()
        if scope.tenant is None:
            raise RuntimeError("a tenant's session was asked for under a scope without a tenant")
        info = {"tenant": scope.tenant, "home": scope.tenant}
        async with self._transaction(self._app, TenantSession, info) as session:
            yield session

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[AsyncSession]:
        """One transaction on everybody's rows. Its call sites are few, and a test lists them."""
        info = {"home": current_scope().tenant or self._head_office}
        async with self._transaction(self._platform, AuditedSession, info) as session:
            yield session

    @asynccontextmanager
    async def housekeeping(self) -> AsyncIterator[AsyncSession]:
        """One transaction of the kernel's own: what it changes is no act, and leaves no event."""
        with _translated():
            async with (
                AsyncSession(self._platform, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    async def call(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Calls a PL/pgSQL function that binds `$1`, the scope's tenant, before it reads.

        One round trip, prepared. Never fold the binding into a plain query instead: its plan may
        read rows before the binding takes effect, and then another tenant's come back.
        """
        tenant = current_scope().tenant
        if tenant is None or self._readers is None:
            raise RuntimeError("a tenant's rows were asked for under a scope without a tenant")
        with _translated():
            async with self._readers.acquire(timeout=_POOL_WAIT_SECONDS) as connection:
                rows: list[asyncpg.Record] = await connection.fetch(sql, tenant, *args)
                return rows

    async def ping(self) -> None:
        """Raises Unavailable when the database does not answer."""
        with _translated():
            async with self._app.connect() as connection:
                await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, kind: type[Session], info: dict[str, Any]
    ) -> AsyncIterator[AsyncSession]:
        with _translated():
            async with (
                AsyncSession(
                    engine, sync_session_class=kind, info=info, expire_on_commit=False
                ) as session,
                session.begin(),
            ):
                yield session
        if left := session.info.get("left"):
            receipts.collect(left)
            self.acted.set()


def url(address: str, database: str, role: str, password: str | None = None) -> URL:
    """Builds the address of one role of one database; `address` is host:port."""
    host, _, port = address.rpartition(":")
    return URL.create(
        "postgresql", f"{database}_{role}", password, host.strip("[]"), int(port), database
    )


def _engine(connect: Callable[[], Awaitable[asyncpg.Connection]]) -> AsyncEngine:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_SECONDS,
    )
    event.listen(engine.sync_engine, "reset", _forget_tenant)
    return engine


def _forget_tenant(connection: Any, _record: object, _state: object) -> None:
    """Leaves nobody's name on a connection whose session ended before its first statement."""
    connection.driver_connection.entering = None


async def _connect(address: URL, secrets: Path, *_: object, **__: object) -> asyncpg.Connection:
    """Connects with the password of this moment.

    While a password is being replaced PostgreSQL takes either the one in its file or the one in
    `….next`, which then becomes that file: so the file is read once more after both were refused.
    """
    refused: Exception = FileNotFoundError(f"{address.username}.password")
    for name in (".password", ".password.next", ".password"):
        file = secrets / f"{address.username}{name}"
        try:
            return await asyncpg.connect(
                host=address.host,
                port=address.port,
                user=address.username,
                password=file.read_text().strip(),
                database=address.database,
                connection_class=HardConnection,
                timeout=_CONNECT_SECONDS,
                command_timeout=_COMMAND_SECONDS,
            )
        except (asyncpg.InvalidPasswordError, FileNotFoundError) as error:
            refused = error
    raise refused


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """Spares the round trip of a reset: nothing that `call` does outlives its statement."""


async def _refuse_unbound_role(connection: Any) -> None:
    unbound = await connection.scalar(
        text(
            "SELECT rolsuper OR rolbypassrls OR EXISTS ("
            "  SELECT FROM pg_auth_members WHERE member = pg_roles.oid)"
            " OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid)"
            " FROM pg_roles WHERE rolname = current_user"
        )
    )
    if unbound:
        raise SystemExit("souk: this database role is not bound by row-level security; see docs")


@contextmanager
def _translated() -> Iterator[None]:
    """Turns what the database refuses into errors that a caller can act on."""
    try:
        yield
    except (exc.TimeoutError, TimeoutError) as error:
        raise Unavailable("DATABASE_BUSY", "the database is busy; retry later") from error
    except exc.DBAPIError as error:
        raise _meaning(error, getattr(error.orig, "sqlstate", None) or "") from error
    except asyncpg.PostgresError as error:
        raise _meaning(error, error.sqlstate or "") from error
    except (OSError, asyncpg.InterfaceError) as error:
        raise Unavailable("DATABASE_UNAVAILABLE", "the database does not answer") from error


def _meaning(error: Exception, sqlstate: str) -> ServiceError | Exception:
    if sqlstate in ("40001", "40P01", "55P03"):
        return Aborted("CONFLICT", "somebody else is changing the same thing; retry")
    if sqlstate == "57014":
        return DeadlineExceeded("DATABASE_SLOW", "the database took too long; retry later")
    # 25006: a primary that became a standby takes no writes; its successor will.
    if (
        sqlstate[:2] in ("08", "53", "57", "58")
        or sqlstate == "25006"
        or (isinstance(error, exc.DBAPIError) and error.connection_invalidated)
    ):
        return Unavailable("DATABASE_UNAVAILABLE", "the database does not answer; retry later")
    return error
