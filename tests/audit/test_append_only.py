"""Events stay as they were written, whichever of the database's own roles asks."""

import asyncpg
import pytest

COLUMNS = (
    "tenant_id, event_id, service, method, resource, actor, occur_time, outcome, record_time,"
    " envelope, signature"
)
INSERT = (
    f"INSERT INTO event ({COLUMNS}) VALUES ($1, $2, 's', 'm', 'r', 'a', now(), 'DONE', now(), '',"
    " decode(repeat('00', 68), 'hex'))"
)
CHANGES = [
    "UPDATE event SET actor = 'somebody_else'",
    "DELETE FROM event",
    "TRUNCATE event",
    f"{INSERT} ON CONFLICT (tenant_id, event_id) DO UPDATE SET actor = 'x'",
]


@pytest.fixture
async def rows(audit, event):
    events = {tenant: event(tenant) for tenant in ("paris", "lyon")}
    await audit.record(*events.values())
    return {tenant: e.name.rpartition("/")[2] for tenant, e in events.items()}


@pytest.mark.parametrize("statement", CHANGES)
@pytest.mark.parametrize("role", ["app", "platform"])
async def test_a_service_role_may_not_change_or_remove_events(cluster, rows, role, statement):
    connection = await cluster.connect("audit", role)
    arguments = ("paris", rows["paris"]) if "$1" in statement else ()
    try:
        async with connection.transaction():
            if role == "app":
                await connection.execute("SELECT tenancy.enter('paris')")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, *arguments)
    finally:
        await connection.close()


@pytest.mark.parametrize("statement", CHANGES[:2])
@pytest.mark.parametrize("tenant", ["paris", None])
async def test_even_the_owner_changes_and_removes_nothing(cluster, rows, statement, tenant):
    connection = await cluster.connect("audit", "owner")
    try:
        async with connection.transaction():
            if tenant:
                await connection.execute("SELECT tenancy.enter($1)", tenant)
            done = await connection.execute(statement)
    finally:
        await connection.close()

    assert done.split()[-1] == "0"


async def test_the_tenants_role_may_not_write_its_own_events(cluster, rows):
    connection = await cluster.connect("audit", "app")
    try:
        async with connection.transaction():
            await connection.execute("SELECT tenancy.enter('paris')")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(INSERT, "paris", "evt_forged")
    finally:
        await connection.close()
