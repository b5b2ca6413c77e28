"""Acts of one tenant without an ORM: transactions of a few round trips, behind the same walls.

The first wall is the tenant, which every statement must take as `$1`; the second is row-level
security, to which the transaction is bound as a session is.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Protocol, cast

import asyncpg
from sqlalchemy import ClauseElement, Dialect, Executable, text
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.compiler import SQLCompiler

from services.kernel.data.row_statements import R, RowStatements, statements_on
from services.kernel.data.tables import AuditLeaf, TenantOwned, insertion

_DIALECT: Dialect = dialect.dialect()  # type: ignore[no-untyped-call]


class AuditMissing(RuntimeError):
    """A transaction wrote without an audit leaf: a bug, so it is rolled back."""


def leaves_to_commit(info: dict[Any, Any]) -> list[AuditLeaf]:
    """Takes the leaves out of what is known of a transaction, and refuses a change without any."""
    leaves: list[AuditLeaf] = info.pop("leaves", [])
    if info.get("wrote") and not leaves:
        raise AuditMissing("this transaction made changes but recorded no event")
    names = [leaf.event_name for leaf in leaves]
    if info.get("remembered", names) != names:
        raise AuditMissing("an event was recorded after the answer to the request was remembered")
    info["recorded"] = names
    return leaves


class Connection(Protocol):
    """A connection as acts use it: a RestrictedConnection, or what a pool lends out for one."""

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]: ...
    async def execute(self, query: str) -> str: ...
    def bind_at_begin(self, tenant: str) -> None: ...
    def send_before_commit(self, statement: str) -> None: ...
    def is_closed(self) -> bool: ...
    def terminate(self) -> None: ...


class Act:
    """A transaction of one tenant; it commits with its events, or not at all."""

    def __init__(self, connection: Connection, tenant: str, sign: Callable[[bytes], bytes]) -> None:
        self._connection = connection
        self._tenant = tenant
        self.info: dict[Any, Any] = {"home": tenant, "sign": sign}

    def in_nested_transaction(self) -> bool:
        return False  # it has no savepoints

    async def read(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Runs a prepared statement that changes nothing; its `$1` is the tenant."""
        return await self._connection.fetch(sql, self._tenant, *args)

    async def change(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Runs a prepared statement that needs an event; its `$1` is the tenant."""
        self.info["wrote"] = True
        return await self.read(sql, *args)

    async def rows(
        self, kind: type[R], where: str, *args: object, without: Collection[str] = ()
    ) -> list[R]:
        """Reads rows of the tenant's; `where` begins with a condition, from `$2` on."""
        statements = statements_on(kind)
        found = await self.read(statements.selection(where, without), *args)
        return [kind(**statements.values_received(dict(record))) for record in found]

    async def insert(self, row: TenantOwned) -> None:
        """Inserts a row, which becomes the tenant's."""
        row.tenant_id = self._tenant
        statements = statements_on(type(row))
        await self._write(statements, statements.insertion, statements.values_inserted(row))

    async def update(self, row: TenantOwned, *attributes: str) -> None:
        """Stores attributes of a row that was read or inserted."""
        statements = statements_on(type(row))
        values = statements.values_updated(row, attributes)
        await self._write(statements, statements.update(attributes), values)

    async def write(self, kind: type[TenantOwned], sql: str, *args: object) -> list[asyncpg.Record]:
        """Runs a prepared statement that writes rows of a table; its `$1` is the tenant."""
        return await self._write(statements_on(kind), sql, [self._tenant, *args])

    async def _write(
        self, statements: RowStatements, sql: str, values: Sequence[object]
    ) -> list[asyncpg.Record]:
        if statements.needs_event:
            self.info["wrote"] = True
        return await self._connection.fetch(sql, *values)

    async def execute(
        self, statement: Executable, values: Mapping[str, object]
    ) -> list[asyncpg.Record]:
        """Runs one of the kernel's own statements, built once, which are no act."""
        sql, names = _compiled(statement, tuple(values))
        return await self._connection.fetch(sql, *(values[name] for name in names))


async def within(session: AsyncSession) -> Act:
    """Makes an act of a session's transaction, for writes that sessions and acts have in common."""
    await session.flush()
    connection = await session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():  # SQLAlchemy begins with its first statement
        await session.execute(text("SELECT 1"))
    act = Act(driver, session.info["home"], session.info["sign"])
    act.info = session.info
    return act


@lru_cache(maxsize=64)
def _compiled(statement: Executable, names: tuple[str, ...]) -> tuple[str, list[str]]:
    compiled = cast("ClauseElement", statement).compile(dialect=_DIALECT, column_keys=names)
    return str(compiled), cast("SQLCompiler", compiled).positiontup or []


@asynccontextmanager
async def transaction(
    connection: Connection, tenant: str, sign: Callable[[bytes], bytes]
) -> AsyncIterator[Act]:
    """Opens an act, committed together with its events when the block ends."""
    connection.bind_at_begin(tenant)
    await connection.execute("BEGIN;")
    act = Act(connection, tenant, sign)
    try:
        yield act
        leaves = leaves_to_commit(act.info)
    except Exception:
        if not connection.is_closed():
            await connection.execute("ROLLBACK;")
        raise
    except BaseException:  # cancelled: how far the server is, is unknown
        connection.terminate()
        raise
    if leaves:
        connection.send_before_commit(insertion(leaves))
    await connection.execute("COMMIT;")
