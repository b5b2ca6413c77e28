"""The kernel's sessions on a real PostgreSQL, with a table of the test's own."""

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import ProgrammingError

from services.kernel.call.errors import Aborted
from services.kernel.data import database
from tests.kernel.stalls import DATABASE, Stall, scope

pytestmark = pytest.mark.usefixtures("stalls")


async def test_a_session_reads_only_its_tenants_rows_without_being_told(doors):
    read = {}
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            async with doors.tenant() as session:
                read[tenant] = [stall.goods for stall in await session.scalars(select(Stall))]

    assert read == {"paris": [["bread", "oil"]], "lyon": [["salt"]]}


async def test_a_session_sends_the_tenant_as_a_predicate_too(doors):
    """The second wall: it routes to one shard, and holds should row-level security ever fail."""
    sent = []
    with scope("paris"):
        async with doors.tenant() as session:
            connection = (await session.connection()).sync_connection
            event.listen(connection, "before_cursor_execute", lambda *a: sent.append((a[2], a[3])))
            await session.scalars(select(Stall))
            await session.execute(update(Stall).values(goods=[]))
            await session.rollback()

    assert len(sent) == 2
    assert all("stall.tenant_id = " in statement for statement, _ in sent)
    assert all("paris" in parameters for _, parameters in sent)


async def test_raw_sql_meets_row_level_security(doors):
    with scope("paris"):
        async with doors.tenant() as session:
            found = (await session.execute(text("SELECT tenant_id FROM stall"))).scalars().all()

    assert found == ["paris"]


async def test_a_read_of_one_round_trip_is_bound_too(doors):
    read = {}
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            read[tenant] = [row["goods"] for row in await doors.call("SELECT * FROM stalls($1)")]

    assert read == {"paris": [["bread", "oil"]], "lyon": [["salt"]]}


async def test_all_statements_of_a_read_see_one_moment(doors):
    level = "SELECT $1::text AS tenant, current_setting('transaction_isolation') AS level"
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            [row] = await doors.call(level)
        assert tuple(row) == (tenant, "repeatable read")


async def test_a_transaction_cannot_be_bound_to_a_second_tenant(doors):
    with scope("paris"), pytest.raises(ProgrammingError, match="already bound"):
        async with doors.tenant() as session:
            await session.execute(text("SELECT tenancy.enter('lyon')"))


async def test_a_savepoint_keeps_the_binding(doors):
    with scope("lyon"):
        async with doors.tenant() as session, session.begin_nested():
            assert len((await session.scalars(select(Stall))).all()) == 1


async def test_a_tenants_session_needs_a_tenant(doors):
    with scope(None), pytest.raises(RuntimeError, match="without a tenant"):
        async with doors.tenant():
            pass
    with scope(None), pytest.raises(RuntimeError, match="without a tenant"):
        await doors.call("SELECT * FROM stalls($1)")


async def test_the_platforms_door_sees_everybody(doors):
    with scope(None):
        async with doors.platform() as session:
            found = {stall.tenant_id for stall in await session.scalars(select(Stall))}

    assert found == {"paris", "lyon"}


async def test_a_role_that_owns_tables_is_refused_at_the_start(cluster):
    owner = database.Database(
        cluster.url(DATABASE, "owner"),
        cluster.url(DATABASE, "platform"),
        secrets=cluster.secrets,
        head_office="hq",
        sign=bytes,
    )

    with pytest.raises(SystemExit, match="row-level security does not bind"):
        await owner.open()
    await owner.close()


async def test_an_array_is_read_although_set_config_is_revoked(doors):
    """Why RestrictedConnection exists: asyncpg would call set_config to look up an array's type."""
    with scope("paris"), pytest.raises(ProgrammingError, match="permission denied"):
        async with doors.tenant() as session:
            await session.execute(text("SELECT set_config('app.tenant_id', 'lyon', true)"))
    with scope("paris"):
        async with doors.tenant() as session:
            parameter = {"ids": ["one"]}
            query = text("SELECT goods FROM stall WHERE stall_id = ANY(CAST(:ids AS text[]))")
            assert (await session.scalars(query, parameter)).all() == [["bread", "oil"]]


async def test_a_session_that_sent_nothing_leaves_its_tenant_on_no_connection(doors):
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            async with doors.tenant() as session:
                driver = (await (await session.connection()).get_raw_connection()).driver_connection
                assert driver.tenant_to_bind == tenant
        assert driver.tenant_to_bind is None


@pytest.mark.parametrize("tenant", ["", "paris'); --", "Paris", "paris\n"])
async def test_an_invalid_tenant_id_is_never_bound(doors, tenant):
    with scope(tenant), pytest.raises(ValueError, match="not a tenant id"):
        async with doors.tenant() as session:
            await session.execute(text("SELECT tenant_id FROM stall"))

    for known in ("paris", "lyon"):
        with scope(known):
            async with doors.tenant() as session:
                found = await session.scalars(text("SELECT tenant_id FROM stall"))
                assert found.all() == [known]


async def test_a_row_that_came_meanwhile_is_a_conflict(doors):
    for tenant in ("paris", "lyon"):
        with scope(tenant), pytest.raises(Aborted) as refusal:
            async with doors.tenant() as session:
                await session.execute(text("INSERT INTO stall SELECT * FROM stall"))

        assert refusal.value.reason == "CONFLICT"
