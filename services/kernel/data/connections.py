"""Database connections of a service's roles: made, pooled, and bound to a tenant."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import URL, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.kernel.process.tenant_ids import TENANT_ID

POOL_SIZE = 8
# A one-round-trip read takes about a millisecond: more connections would only queue for cores.
_READERS = 8
# Twice what 64 concurrent writers need; a caller that would wait longer is told to retry.
POOL_WAIT_SECONDS = 0.5
_CONNECT_SECONDS = 2
# As long as a call may take by default: nobody waits for a longer statement any more.
_COMMAND_SECONDS = 5

# As asyncpg writes those of transactions; those of savepoints differ.
_TRANSACTION_COMMANDS = ("BEGIN", "COMMIT;", "ROLLBACK;")

Connect = Callable[..., Coroutine[Any, Any, asyncpg.Connection]]


class RestrictedConnection(asyncpg.Connection):
    """A connection that never calls set_config, which service roles may not use.

    `tenant_to_bind` is the tenant of the next transaction, bound in the round trip of BEGIN.
    `statement_before_commit` is the last of a transaction, sent in the round trip of COMMIT.

    asyncpg turns JIT off with set_config while it looks up array types, if the server has JIT; so
    it is told that the server has none. The attribute is private, but asyncpg is pinned, and a test
    reads an array through this class.
    """

    __slots__ = ("statement_before_commit", "tenant_to_bind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._server_caps = self._server_caps._replace(jit=False)  # type: ignore[has-type]
        self.tenant_to_bind: str | None = None
        self.statement_before_commit: str | None = None

    def bind_at_begin(self, tenant: str) -> None:
        """Makes the next transaction one of this tenant."""
        if TENANT_ID.fullmatch(tenant) is None:  # it goes into a statement
            raise ValueError(f"{tenant!r} is not a tenant id")
        self.tenant_to_bind = tenant

    def send_before_commit(self, statement: str) -> None:
        self.statement_before_commit = statement

    async def execute(  # asyncpg uses it to begin and end transactions
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,  # noqa: ASYNC109 # its signature
    ) -> str:
        if not query.startswith(_TRANSACTION_COMMANDS):
            return await super().execute(query, *args, timeout=timeout)
        try:
            return await super().execute(self._with_pending_statement(query))
        except BaseException as error:
            # Also a cancellation: it leaves unknown how much of this the server has done.
            refusal = query.startswith("COMMIT") and isinstance(error, asyncpg.PostgresError)
            if not refusal:
                self.terminate()  # it may be stuck in an open transaction
            elif self.is_in_transaction():  # the statement before COMMIT was refused
                await self.execute("ROLLBACK;")
            raise

    def _with_pending_statement(self, query: str) -> str:
        """Adds the statement that is waiting for this round trip."""
        if query.startswith("BEGIN") and self.tenant_to_bind:
            tenant, self.tenant_to_bind = self.tenant_to_bind, None
            return f"{query} SELECT tenancy.enter('{tenant}');"
        if query.startswith("COMMIT") and self.statement_before_commit:
            statement, self.statement_before_commit = self.statement_before_commit, None
            return f"{statement}; {query}"
        return query


def url(address: str, database: str, role: str, password: str | None = None) -> URL:
    """Builds the address of one role of one database; `address` is host:port."""
    host, _, port = address.rpartition(":")
    return URL.create(
        "postgresql", f"{database}_{role}", password, host.strip("[]"), int(port), database
    )


def engine(connect: Connect) -> AsyncEngine:
    """Makes the connection pool for sessions."""
    pool = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=POOL_SIZE,
        # Fixed: the pools of all processes must fit into what one server allows.
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
    )
    event.listen(pool.sync_engine, "reset", _clear_pending_statements)
    return pool


def _clear_pending_statements(connection: Any, _record: object, _state: object) -> None:
    """Clears what a session left that ended before its first statement, or in a rollback."""
    _clear(connection.driver_connection)


def _clear(connection: RestrictedConnection) -> None:
    connection.tenant_to_bind = None
    connection.statement_before_commit = None


async def connect(address: URL, secrets: Path, *_: object, **__: object) -> asyncpg.Connection:
    """Connects with the current password.

    While a password is being replaced, PostgreSQL accepts either the one in its file or the one in
    `….next`, which then becomes that file; so the file is read again after both were refused.
    """
    refusal: Exception = FileNotFoundError(f"{address.username}.password")
    for name in (".password", ".password.next", ".password"):
        file = secrets / f"{address.username}{name}"
        try:
            return await asyncpg.connect(
                host=address.host,
                port=address.port,
                user=address.username,
                password=file.read_text().strip(),
                database=address.database,
                connection_class=RestrictedConnection,
                timeout=_CONNECT_SECONDS,
                command_timeout=_COMMAND_SECONDS,
            )
        except (asyncpg.InvalidPasswordError, FileNotFoundError) as error:
            refusal = error
    raise refusal


async def readers(connect: Connect) -> asyncpg.Pool:
    """Makes the connection pool for one-round-trip reads."""
    return await asyncpg.create_pool(
        # Opened up front and kept: connecting takes longer than a read may wait.
        min_size=_READERS,
        max_size=_READERS,
        max_inactive_connection_lifetime=0,
        connect=connect,
        connection_class=RestrictedConnection,
        init=_read_one_moment,
        reset=_keep_connection_state,
    )


async def on_demand(connect: Connect) -> asyncpg.Pool:
    """Makes a pool that connects when it is first used: not every service has a use for it."""
    return await asyncpg.create_pool(
        min_size=0,
        max_size=POOL_SIZE,
        max_inactive_connection_lifetime=0,
        connect=connect,
        connection_class=RestrictedConnection,
        reset=_end_transaction,
    )


def wait_seconds(pool: asyncpg.Pool) -> float:
    """Returns how long to wait for a connection: longer if it must be made first."""
    is_ready = pool.get_idle_size() > 0 or pool.get_size() == pool.get_max_size()
    return POOL_WAIT_SECONDS if is_ready else POOL_WAIT_SECONDS + _CONNECT_SECONDS


async def _end_transaction(connection: Any) -> None:
    """Leaves nothing of an act on its connection, however it ended."""
    _clear(connection)
    if connection.is_in_transaction():
        connection.terminate()


async def _read_one_moment(connection: asyncpg.Connection) -> None:
    """Makes all statements of a function see one snapshot, the version and what it is of."""
    await connection.execute("SET default_transaction_isolation = 'repeatable read'")


async def _keep_connection_state(_connection: asyncpg.Connection) -> None:
    """Skips the round trip of a reset: nothing that `call` does outlives its statement."""


async def refuse_unbound_role(connection: Any) -> None:
    """Ends the process if row-level security would not apply to its role."""
    unbound = await connection.scalar(
        text(
            "SELECT rolsuper OR rolbypassrls OR EXISTS ("
            "  SELECT FROM pg_auth_members WHERE member = pg_roles.oid)"
            " OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid)"
            " FROM pg_roles WHERE rolname = current_user"
        )
    )
    if unbound:
        # Not an error to be retried: through such a role every tenant could be read.
        raise SystemExit("souk: row-level security does not bind this database role; see docs")
