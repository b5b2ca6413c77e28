"""What a write pays for its event and for row-level security, and how long a decision takes.

Each is a ratio to a floor of the same run: the same insert by a role that no policy binds, with no
event; and a decision for somebody with one role.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from services.kernel.call.names import new_id
from services.kernel.call.scope import Scope, bound
from services.kernel.data.connections import RestrictedConnection
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.serving.migrations import isolate
from services.tenant_registry.roles import evaluation
from tests import cluster
from tests.load import table

WRITES = 1_000
TURNS = 10
DECISIONS = 2_000
DATABASE = "catalog_opt_in"
SCOPE = Scope("paris", "admins/bench", frozenset({"category:write"}), currency="EUR")
METHOD = "souk.catalog_opt_in.v1.CatalogService/CreateCategory"

INSERT = text("INSERT INTO stall (tenant_id, stall_id, note) VALUES ('paris', :id, 'bread')")
CREATE = (
    'CREATE TABLE {} (tenant_id text COLLATE "C", stall_id text COLLATE "C", note text NOT NULL,'
    " PRIMARY KEY (tenant_id, stall_id))"
)

Write = Callable[[], Awaitable[None]]


async def each_write() -> None:
    """Prints writes a second: bare, with row-level security, with that and the event."""
    async with cluster.running() as made, made.doors(DATABASE) as doors:
        await _make_tables(made)
        address = made.url(DATABASE, "platform").set(drivername="postgresql+asyncpg")
        engine = create_async_engine(
            address, connect_args={"connection_class": RestrictedConnection}
        )
        writes = {
            "insert (the floor)": _bare(engine),
            "insert, row-level security": _bound(doors, leaves=False),
            "insert, both, and its event": _bound(doors, leaves=True),
        }
        spent = dict.fromkeys(writes, 0.0)
        for turn in range(-1, TURNS):  # in turns, so that all have the same machine
            for name, write in writes.items():
                seconds = await _spent(write, WRITES // TURNS)
                spent[name] += seconds if turn >= 0 else 0.0  # the first warms up
        await engine.dispose()
    table.head("Writes")
    rates = {name: WRITES / seconds for name, seconds in spent.items()}
    for name, rate in rates.items():
        table.rate(name, rate, rates["insert (the floor)"])


async def _spent(write: Write, times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        await write()
    return time.perf_counter() - began


class _Statements(list[str]):
    """Stands where migrations have Alembic's operations, and keeps what would be executed."""

    def execute(self, sql: str) -> None:
        self.append(sql)


async def _make_tables(made: cluster.Cluster) -> None:
    """Makes one table with walls, and one without."""
    walls: Any = _Statements()
    isolate(walls, DATABASE, "stall")
    async with made.session(DATABASE, "owner") as owner:
        for sql in (
            CREATE.format("stall"),
            *walls,
            CREATE.format("bare_stall"),
            f"GRANT INSERT ON bare_stall TO {DATABASE}_platform",
        ):
            await owner.execute(sql)


def _bare(engine: AsyncEngine) -> Write:
    statement = text(str(INSERT).replace("INTO stall", "INTO bare_stall"))

    async def write() -> None:
        async with AsyncSession(engine) as session, session.begin():
            await session.execute(statement, {"id": new_id("stall")})

    return write


def _bound(doors: Database, *, leaves: bool) -> Write:
    async def write() -> None:
        with bound(SCOPE, METHOD):
            async with doors.tenant() as session:
                await session.execute(INSERT, {"id": new_id("stall")})
                if leaves:
                    audit.record(session, resource="tenants/paris/stalls/bench")
                else:
                    session.info["wrote"] = False  # or it would not commit

    return write


async def each_decision() -> None:
    """Prints decisions a second over one role and over fifty."""
    table.head("Decisions")
    now = datetime.now(UTC)
    floor = 0.0
    for count in (1, 50):
        grants = [
            evaluation.AssignedPolicy(
                "TenantAdmin", "paris", now - timedelta(1), None, None, "TENANT", ("listing:*",)
            )
            for _ in range(count)
        ]
        began = time.perf_counter()
        for _ in range(DECISIONS):
            evaluation.access(grants, at="paris", now=now, open_tenants=())
        rate = DECISIONS / (time.perf_counter() - began)
        floor = floor or rate
        name = f"decision over {count} grant{'s' if count > 1 else ''}"
        table.rate(name, rate, floor)
