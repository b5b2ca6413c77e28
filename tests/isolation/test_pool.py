"""Few connections, many tasks, all that can go wrong: no session ever sees another's tenant."""

import asyncio
import random
from collections import Counter

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from services.kernel.call.errors import ServiceError
from services.kernel.call.scope import Scope, bound
from services.kernel.data import connections as pools
from services.kernel.data.tables import RequestRecord
from tests.isolation import discovery
from tests.isolation.sizes import size

TENANTS = ("paris", "lyon")
SESSIONS = size(1000, 30_000)
AT_ONCE = 24
OWNED = [(d, t) for d, t in discovery.every_table() if discovery.is_owned(t)]


class Mishap(Exception):
    """What goes wrong in a session on purpose."""


@pytest.fixture
async def crowded(cluster, filled, monkeypatch):
    """A database behind three connections."""
    monkeypatch.setattr(pools, "POOL_SIZE", 3)
    monkeypatch.setattr(pools, "POOL_WAIT_SECONDS", 5)
    async with cluster.doors("tenant_registry") as opened:
        yield opened


async def tenants_seen(session):
    """Reads whose rows a session sees, with the wall of the statement and without it."""
    by_orm = await session.scalars(select(RequestRecord.tenant_id))
    by_hand = await session.scalars(text("SELECT tenant_id FROM request_record"))
    return {*by_orm, *by_hand}


async def one_session(crowded, tenant: str, chance: random.Random, seen: Counter[object]) -> None:
    with bound(Scope(tenant, "admins/user_1", frozenset())):
        async with crowded.tenant() as session:
            seen[tenant, frozenset(await tenants_seen(session))] += 1
            mishap = chance.randrange(6)
            if mishap == 0:
                raise Mishap
            if mishap == 1:
                await session.execute(text("SELECT 1/0"))
            if mishap == 2:
                async with session.begin_nested() as savepoint:
                    seen[tenant, frozenset(await tenants_seen(session))] += 1
                    await savepoint.rollback()
            if mishap == 3:
                await session.execute(text("SELECT pg_sleep(0.02)"))
            if mishap == 4:
                await session.connection()
            seen[tenant, frozenset(await tenants_seen(session))] += 1


async def test_no_session_sees_another_tenant_whatever_goes_wrong(crowded):
    seen: Counter[object] = Counter()
    mishaps: Counter[str] = Counter()
    chance = random.Random(20260101)
    gate = asyncio.Semaphore(AT_ONCE)

    async def visit(number: int) -> None:
        async with gate:
            visitor = asyncio.create_task(
                one_session(crowded, TENANTS[number % 2], random.Random(number), seen)
            )
            if chance.random() < 0.2:
                await asyncio.sleep(chance.random() * 0.01)
                visitor.cancel()
            try:
                await visitor
            except (Mishap, DBAPIError, ServiceError, asyncio.CancelledError) as mishap:
                mishaps[type(mishap).__name__] += 1

    await asyncio.gather(*(visit(number) for number in range(SESSIONS)))

    assert dict.fromkeys(seen, True) == {(t, frozenset({t})): True for t in TENANTS}
    assert min(seen.values()) > SESSIONS / 2
    assert {"Mishap", "DBAPIError", "CancelledError"} <= set(mishaps)


async def test_a_connection_that_comes_back_is_bound_to_nobody(crowded):
    for tenant in TENANTS * 4:
        with bound(Scope(tenant, "admins/user_1", frozenset())):
            async with crowded.tenant() as session:
                assert await tenants_seen(session) == {tenant}
        async with crowded._app.connect() as connection:
            left = await connection.scalar(text("SELECT current_setting('app.tenant_id', true)"))
            rows = await connection.scalar(text("SELECT count(*) FROM request_record"))
        assert (left or "", rows) == ("", 0)


async def test_a_session_of_one_tenant_inside_anothers_stays_its_own(crowded):
    outer, inner = (Scope(tenant, "admins/user_1", frozenset()) for tenant in TENANTS)
    with bound(outer):
        async with crowded.tenant() as first:
            with bound(inner):
                async with crowded.tenant() as second:
                    assert await tenants_seen(second) == {"lyon"}
                assert await tenants_seen(first) == {"paris"}


@pytest.fixture(scope="module")
async def connections(cluster, filled):
    opened = {d: await cluster.connect(d, "app") for d in discovery.databases()}
    yield opened
    for connection in opened.values():
        await connection.close()


PLANS = {
    "generic": ["SET plan_cache_mode = force_generic_plan"],
    "custom": ["SET plan_cache_mode = force_custom_plan"],
    "parallel": [
        "SET debug_parallel_query = on",
        "SET parallel_setup_cost = 0",
        "SET parallel_tuple_cost = 0",
        "SET min_parallel_table_scan_size = 0",
    ],
    "without indexes": ["SET enable_indexscan = off", "SET enable_bitmapscan = off"],
}


@pytest.mark.parametrize(("database", "table"), OWNED, ids=lambda part: getattr(part, "name", part))
@pytest.mark.parametrize("plan", PLANS)
async def test_a_kept_plan_serves_each_tenant_its_own_rows(
    cluster, connections, database, table, plan
):
    if "SELECT" not in cluster.declared[database][table.name].get(f"{database}_app", ()):
        return  # there is nothing to read, as the attacks show
    connection = connections[database]
    for setting in PLANS[plan]:
        await connection.execute(setting)
    statement = await connection.prepare(f'SELECT tenant_id FROM "{table.name}"')
    counted = await connection.prepare(f'SELECT count(*) FROM "{table.name}" WHERE tenant_id = $1')
    seen = []

    for tenant in (*TENANTS * 4, None):
        async with connection.transaction():
            if tenant:
                await connection.execute("SELECT tenancy.enter($1)", tenant)
            other = "lyon" if tenant == "paris" else "paris"
            seen.append((tenant, {row[0] for row in await statement.fetch()}))
            assert await counted.fetchval(other) == 0
    await connection.execute("RESET ALL")

    assert seen == [(t, {t}) for t in TENANTS * 4] + [(None, set())]
