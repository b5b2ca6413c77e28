"""Every attack on every table, from paris on lyon and from lyon on paris."""

import asyncpg
import pytest

from tests.isolation import discovery
from tests.isolation.attacks import BOUND, UNBOUND
from tests.isolation.rows import insert
from tests.isolation.target import Target, attempt

OWNED = [(d, t) for d, t in discovery.every_table() if discovery.is_owned(t)]
each_table = pytest.mark.parametrize(
    ("database", "table"), OWNED, ids=lambda part: getattr(part, "name", part)
)
each_direction = pytest.mark.parametrize(
    ("own", "other"), [("paris", "lyon"), ("lyon", "paris")], ids=lambda t: t
)
# The owner migrates: it may empty or change tables, but reads and writes rows as one tenant.
OWNERS_RIGHTS = {
    "truncates",
    "changes_the_walls",
    "makes_a_function_that_tells",
    "makes_a_temporary_table",
    "becomes_the_owner",
    "reads_statistics",
}


@pytest.fixture(scope="module")
async def connections(cluster, filled):
    opened = {
        (database, role): await cluster.connect(database, role)
        for database in discovery.databases()
        for role in ("app", "owner", "superuser")
    }
    yield opened
    for connection in opened.values():
        await connection.close()


def target(connections, filled, database, table, own, other, role="app"):
    return Target(connections[database, role], database, table, filled[database], own, other)


async def bound(t):
    await t.connection.execute("SELECT tenancy.enter($1)", t.own)


async def breaches(attacks, t, *, binds):
    """Makes all these attacks on a table, and tells which got through."""
    found = {}
    for name, attack in attacks.items():
        async with t.connection.transaction():
            if binds:
                await bound(t)
            if breach := await attempt(attack, t):
                found[name] = breach
    return found


@each_table
@each_direction
async def test_no_attack_of_a_bound_session_gets_through(
    connections, filled, database, table, own, other
):
    t = target(connections, filled, database, table, own, other)

    assert await breaches(BOUND, t, binds=True) == {}


@each_table
@each_direction
async def test_no_attack_of_an_unbound_session_gets_through(
    connections, filled, database, table, own, other
):
    t = target(connections, filled, database, table, own, other)

    assert await breaches(UNBOUND, t, binds=False) == {}


@each_table
@each_direction
async def test_the_owner_too_touches_one_tenants_rows_alone(
    connections, filled, database, table, own, other
):
    t = target(connections, filled, database, table, own, other, "owner")
    attacks = {name: attack for name, attack in BOUND.items() if name not in OWNERS_RIGHTS}

    assert await breaches(attacks, t, binds=True) == {}


@each_table
@each_direction
async def test_each_attack_works_on_the_sessions_own_rows(
    cluster, connections, filled, database, table, own, other
):
    t = target(connections, filled, database, table, own, other)
    granted = cluster.declared[database][table.name].get(f"{database}_app", frozenset())
    worked = set()

    async with t.connection.transaction():
        await bound(t)
        if "SELECT" in granted and await t.count("tenant_id = $1", own) == 1:
            worked.add("SELECT")
        if {"UPDATE", "SELECT"} <= granted:
            column = t.a_column
            sql = f'UPDATE {t.name} SET "{column}" = "{column}" WHERE tenant_id = $1'
            assert await t.tag(sql, own) == 1
            worked.add("UPDATE")
        if "INSERT" in granted:
            fresh = t.rows.make(table, own, variant="fresh")
            await insert(t.connection, table, fresh, "ON CONFLICT DO NOTHING")
            worked.add("INSERT")

    assert worked == granted - {"DELETE"}


@each_table
@each_direction
async def test_a_binding_that_is_taken_back_with_its_savepoint_leaves_none(
    connections, filled, database, table, own, other
):
    """It could be followed by another; whoever can send savepoints can begin a transaction, too."""
    t = target(connections, filled, database, table, own, other)

    async with t.connection.transaction():
        inner = t.connection.transaction()
        await inner.start()
        await bound(t)
        await inner.rollback()
        found = await breaches({"reads": UNBOUND["reads_unbound"]}, t, binds=False)

    assert found == {}


@pytest.mark.parametrize(
    ("database", "table"),
    [
        (d, t)
        for d, t in discovery.every_table()
        if not discovery.is_owned(t) and not discovery.is_open(t)
    ],
    ids=lambda part: getattr(part, "name", part),
)
async def test_a_session_without_a_tenant_reads_no_row_of_the_platforms_either(
    connections, filled, database, table
):
    t = target(connections, filled, database, table, "paris", "lyon")
    everything = connections[database, "superuser"]
    assert await everything.fetchval(f'SELECT count(*) FROM "{table.name}"')

    found = await breaches({"reads": UNBOUND["reads_unbound"]}, t, binds=False)

    assert found == {}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_every_tenant_reads_what_the_platform_shares(connections, filled, tenant):
    shared = [(d, t) for d, t in discovery.every_table() if discovery.is_shared(t)]
    assert shared
    for database, table in shared:
        app = connections[database, "app"]
        async with app.transaction():
            await app.execute("SELECT tenancy.enter($1)", tenant)
            assert await app.fetchval(f'SELECT count(*) FROM "{table.name}"'), table.name


@pytest.mark.parametrize("database", discovery.databases())
async def test_a_service_role_cannot_become_anybody_else(connections, database):
    app = connections[database, "app"]
    for name in (f"{database}_platform", f"{database}_owner", "postgres"):
        for command in ("SET ROLE", "SET SESSION AUTHORIZATION"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(f"{command} {name}")


@pytest.mark.parametrize("database", discovery.databases())
async def test_a_role_gets_into_no_other_database(cluster, database):
    others = {*discovery.databases(), "postgres", "template1"} - {database}
    for other in others:
        for role in ("app", "platform", "owner"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="database"):
                await cluster.connect(database, role, to=other)


async def test_each_table_has_rows_of_both_tenants_to_be_found(connections, filled):
    for database, table in OWNED:
        everybody = await connections[database, "superuser"].fetch(
            f'SELECT DISTINCT tenant_id FROM "{table.name}"'
        )
        assert {row["tenant_id"] for row in everybody} >= {"paris", "lyon"}, table.name
