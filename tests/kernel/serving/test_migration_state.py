"""A service waits until its database has the tables of its version."""

import json

import pytest_asyncio

from deploy.local import health, ports
from deploy.local.processes import start
from services.kernel.serving import migration_state
from tests.cluster import ROOT

AUDIT = ROOT / "services/audit/migrations"


@pytest_asyncio.fixture
async def noted(cluster):
    """Notes another migration on audit's database; the true one is put back afterwards."""
    async with cluster.session("audit") as superuser:

        async def note(version):
            await superuser.execute(f"COMMENT ON TABLE alembic_version IS '{version}'")

        yield note
        await note(migration_state.newest(AUDIT))


async def test_the_roles_of_a_service_can_tell_which_migration_there_is(cluster):
    for role in ("app", "platform", "owner"):
        async with cluster.session("audit", role) as connection:
            found = await connection.fetchval(migration_state.STATEMENT)
        assert found == migration_state.newest(AUDIT)


async def test_a_database_without_migrations_is_older_than_any(cluster):
    async with cluster.session("audit") as superuser:
        transaction = superuser.transaction()
        await transaction.start()
        await superuser.execute("DROP TABLE alembic_version")
        found = await superuser.fetchval(migration_state.STATEMENT)
        await transaction.rollback()

    assert found == ""


async def first_of(child, *events):
    """Waits until a service has logged one of these; returns which."""
    logged: list[str] = []

    async def found():
        lines = [json.loads(line)["event"] for line in child.log.read_text().splitlines()]
        logged[:] = [event for event in lines if event in events]
        return bool(logged)

    await health.wait(child, found)
    return logged[0]


@pytest_asyncio.fixture
async def early(cluster, noted):
    """Starts audit on a database at another migration."""
    children = []

    async def start_at(version):
        await noted(version)
        [port] = ports.free(1)
        log = cluster.folder / f"audit-{port}.log"
        children.append(await start(cluster.program("audit", port), log))
        return children[-1]

    yield start_at
    for child in children:
        await child.stop()


async def test_a_service_does_not_serve_before_its_tables_are_there(early, noted):
    child = await early("0001")

    assert await first_of(child, "migrations_awaited", "serving") == "migrations_awaited"

    await noted(migration_state.newest(AUDIT))
    assert await first_of(child, "serving") == "serving"


async def test_a_service_serves_with_the_tables_of_a_newer_version(early):
    child = await early("9999")

    assert await first_of(child, "migrations_awaited", "serving") == "serving"
