"""The kernel's sessions on a real PostgreSQL, with a table of the test's own."""

import json
from typing import Any, cast

import asyncpg
import pytest
import pytest_asyncio
from souk.catalog_opt_in.v1 import listing_service_pb2
from sqlalchemy import ARRAY, MetaData, Text, delete, event, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kernel import audit, db, migrations
from services.kernel.errors import ServiceError
from services.kernel.scope import Scope, bound
from services.kernel.tables import NAMING, AuditLeaf, Key, TenantOwned

DATABASE = "tenant_registry"
METHOD = (
    listing_service_pb2.DESCRIPTOR.services_by_name["ListingService"].full_name + "/CreateListing"
)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Stall(TenantOwned, Base):
    __tablename__ = "stall"

    stall_id: Mapped[str] = mapped_column(Key, primary_key=True)
    goods: Mapped[list[str]] = mapped_column(ARRAY(Text))


class _Statements:
    """Just enough of Alembic's operations for the helpers of services.kernel.migrations."""

    def __init__(self):
        self.made = []

    def execute(self, statement):
        self.made.append(statement)


def scope(tenant):
    return bound(Scope(tenant, "admins/user_1", frozenset(), request_id="r"), METHOD)


@pytest_asyncio.fixture(scope="module")
async def doors(cluster):
    """A copy of a migrated database with the table `stall` in it, opened as its service would."""
    superuser = await cluster.connect(DATABASE)
    statements = _Statements()
    migrations.isolate(cast(Any, statements), DATABASE, "stall")
    await superuser.execute(
        f'CREATE TABLE stall (tenant_id text COLLATE "C", stall_id text, goods text[],'
        f" PRIMARY KEY (tenant_id, stall_id)); ALTER TABLE stall OWNER TO {DATABASE}_owner;"
        + ";".join(statements.made)
        + ";CREATE FUNCTION stalls(p text) RETURNS SETOF stall LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM tenancy.enter(p); RETURN QUERY SELECT * FROM stall; END $$"
    )
    async with cluster.doors(DATABASE) as opened:
        yield opened
    await superuser.execute("DROP FUNCTION stalls; DROP TABLE stall; DELETE FROM audit_leaf")
    await superuser.close()


@pytest_asyncio.fixture(autouse=True)
async def stalls(doors, cluster):
    """One stall of paris and one of lyon, under the same id."""
    superuser = await cluster.connect(DATABASE)
    await superuser.execute("TRUNCATE stall; TRUNCATE audit_leaf")
    await superuser.execute(
        "INSERT INTO stall VALUES ('paris', 'one', '{bread,oil}'), ('lyon', 'one', '{salt}')"
    )
    yield
    await superuser.close()


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


async def add_a_row(session):
    session.add(Stall(stall_id="two", goods=[]))


async def change_a_loaded_row(session):
    stall = await session.scalar(select(Stall))
    stall.goods = ["sand"]


async def delete_a_loaded_row(session):
    await session.delete(await session.scalar(select(Stall)))


def send(statement):
    async def change(session):
        await session.execute(statement)

    return change


@pytest.mark.parametrize(
    "change",
    [
        add_a_row,
        change_a_loaded_row,
        delete_a_loaded_row,
        send(delete(Stall)),
        send(update(Stall).values(goods=[])),
        send(delete(Base.metadata.tables["stall"])),
        send(text("DELETE FROM stall")),
        send(text("WITH gone AS (DELETE FROM stall RETURNING 1) SELECT * FROM gone")),
    ],
)
@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_a_change_without_an_event_is_rolled_back(doors, change, tenant):
    async def act():
        async with doors.tenant() as session:
            await change(session)

    with scope(tenant), pytest.raises(db.AuditMissing):
        await act()

    assert await goods(doors) == BEFORE


async def kept(doors):
    """What is told in each tenant's log."""
    async with doors.housekeeping() as session:
        leaves = (await session.scalars(select(AuditLeaf))).all()
    return {leaf.tenant_id: json.loads(leaf.envelope) for leaf in leaves}


async def goods(doors):
    with scope(None):
        async with doors.platform() as session:
            stalls = (await session.scalars(select(Stall))).all()
    return {(stall.tenant_id, stall.stall_id): stall.goods for stall in stalls}


BEFORE = {("paris", "one"): ["bread", "oil"], ("lyon", "one"): ["salt"]}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_an_event_is_recorded_in_no_savepoint_which_might_take_it_along(doors, tenant):
    async def act():
        async with doors.tenant() as session, session.begin_nested():
            session.add(Stall(stall_id="two", goods=[]))
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    with scope(tenant), pytest.raises(RuntimeError, match="never to a savepoint"):
        await act()

    assert await goods(doors) == BEFORE
    assert await kept(doors) == {}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_a_savepoint_ends_without_an_event_and_its_transaction_does_not(doors, tenant):
    with scope(tenant):
        async with doors.tenant() as session:
            async with session.begin_nested():
                session.add(Stall(stall_id="two", goods=[]))
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    assert await goods(doors) == {**BEFORE, (tenant, "two"): []}
    assert set(await kept(doors)) == {tenant}


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_a_savepoint_that_is_left_open_takes_everything_back(doors, tenant, recorded):
    """SQLAlchemy would end it while it commits, after we have looked for the event."""

    async def act():
        async with doors.tenant() as session:
            if recorded:
                audit.record(session, resource=f"tenants/{tenant}/stalls/two")
            await session.begin_nested()
            session.add(Stall(stall_id="two", goods=[]))

    with scope(tenant), pytest.raises(RuntimeError, match="left open"):
        await act()

    assert await goods(doors) == BEFORE
    assert await kept(doors) == {}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_no_connection_comes_back_in_a_transaction_that_could_not_be_rolled_back(
    doors, tenant, monkeypatch
):
    async def act():
        async with doors.tenant() as session:
            await session.execute(text("SELECT 1/0"))

    async def refuse(self, query, *args, **options):
        if query == "ROLLBACK;":
            raise asyncpg.QueryCanceledError("somebody cancelled it")
        return await execute(self, query, *args, **options)

    execute = asyncpg.Connection.execute
    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", refuse)
        with scope(tenant), pytest.raises((DBAPIError, ServiceError)):
            await act()

    for _ in range(3):
        with scope(tenant):
            async with doors.tenant() as session:
                audit.record(session, resource=f"tenants/{tenant}/stalls/two", outcome="DENIED")
    assert set(await kept(doors)) == {tenant}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_who_could_not_send_an_event_is_told(doors, tenant):
    """As on a connection in a transaction that SQLAlchemy does not know, and so does not commit."""

    async def act():
        async with doors.tenant() as session:
            connection = await (await session.connection()).get_raw_connection()
            await connection.driver_connection.execute("START TRANSACTION")
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    with scope(tenant), pytest.raises(db.AuditMissing, match="before its events were sent"):
        await act()

    assert await kept(doors) == {}
    with scope(tenant):
        async with doors.tenant() as session:
            assert len((await session.scalars(select(Stall))).all()) == 1


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_an_event_alone_is_kept_too(doors, tenant):
    with scope(tenant):
        async with doors.tenant() as session:
            audit.record(session, resource=f"tenants/{tenant}/stalls/two", outcome="DENIED")

    assert {t: facts["outcome"] for t, facts in (await kept(doors)).items()} == {tenant: "DENIED"}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_an_event_that_was_rolled_back_comes_with_no_later_one(doors, tenant):
    with scope(tenant):
        async with doors.tenant() as session:
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")
            await session.rollback()
        async with doors.tenant() as session:
            await session.scalars(select(Stall))

    assert await kept(doors) == {}


class Mishap(Exception):
    """What goes wrong at the last moment."""


def fail(_session):
    raise Mishap


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_an_event_whose_commit_was_never_sent_stays_on_no_connection(doors, tenant):
    async def act():
        async with doors.tenant() as session:
            event.listen(session.sync_session, "before_commit", fail)
            connection = await (await session.connection()).get_raw_connection()
            drivers.append(connection.driver_connection)
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    drivers: list[Any] = []
    with scope(tenant), pytest.raises(Mishap):
        await act()

    assert drivers[0].leaving is None
    with scope("paris"):
        async with doors.tenant() as session:
            await session.scalars(select(Stall))
    assert await kept(doors) == {}


@pytest.mark.parametrize(("tenant", "other"), [("paris", "lyon"), ("lyon", "paris")])
async def test_what_is_refused_at_commit_takes_all_along_and_spares_who_comes_next(
    doors, tenant, other
):
    """Row-level security holds for the event too, though it is sent with the commit."""

    async def act():
        async with doors.tenant() as session:
            session.add(Stall(stall_id="two", goods=[]))
            audit.record(session, resource=f"tenants/{other}/stalls/two", tenant=other)

    with scope(tenant), pytest.raises(ProgrammingError, match="row-level security"):
        await act()

    for known in ("paris", "lyon"):
        with scope(known):
            async with doors.tenant() as session:
                assert [stall.stall_id for stall in await session.scalars(select(Stall))] == ["one"]
    assert await goods(doors) == BEFORE
    assert await kept(doors) == {}


@pytest.mark.parametrize("typed", ["'); DROP TABLE stall; --", "\\'; --", "$1 %s :id {}", "ö€😀\n"])
async def test_what_people_type_is_no_sql_in_an_event(doors, typed):
    with scope("paris"):
        async with doors.tenant() as session:
            audit.record(session, resource=f"tenants/paris/stalls/{typed}", reason=typed)

    facts = (await kept(doors))["paris"]
    assert (facts["resource"], facts["reason"]) == (f"tenants/paris/stalls/{typed}", typed)
    assert await goods(doors) == BEFORE


@pytest.mark.parametrize("tenant", ["'", "x', '', now(), '', '', '') --", "Paris", "paris\n"])
async def test_what_is_no_tenants_id_is_written_into_no_event(doors, tenant):
    async def act():
        async with doors.platform() as session:
            audit.record(session, resource="products/x", tenant=tenant)

    with scope(None), pytest.raises(ValueError, match="can stand in no statement"):
        await act()

    assert await kept(doors) == {}


async def test_an_event_commits_with_its_change_in_its_tenants_log(doors):
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            async with doors.tenant() as session:
                session.add(Stall(stall_id="two", goods=[]))
                audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    told = await kept(doors)
    assert {tenant: facts["resource"] for tenant, facts in told.items()} == {
        "paris": "tenants/paris/stalls/two",
        "lyon": "tenants/lyon/stalls/two",
    }
    for facts in told.values():
        assert (facts["service"], facts["method"]) == ("catalog-opt-in", METHOD)
        assert facts["permission"] == "listing:write"


async def test_a_service_can_neither_read_nor_remove_its_leaves(doors):
    for statement in ("SELECT * FROM audit_leaf", "DELETE FROM audit_leaf"):
        with scope("paris"), pytest.raises(ProgrammingError, match="permission denied"):
            async with doors.tenant() as session:
                await session.execute(text(statement))


async def test_a_role_that_owns_tables_is_refused_at_the_start(cluster):
    owner = db.Database(
        cluster.url(DATABASE, "owner"),
        cluster.url(DATABASE, "platform"),
        secrets=cluster.secrets,
        head_office="hq",
    )

    with pytest.raises(SystemExit, match="not bound by row-level security"):
        await owner.open()
    await owner.close()


async def test_an_array_is_read_although_set_config_is_revoked(doors):
    """What HardConnection is for: asyncpg would call set_config to look up an array's type."""
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
                assert driver.entering == tenant
        assert driver.entering is None


@pytest.mark.parametrize("tenant", ["", "paris'); --", "Paris", "paris\n"])
async def test_what_is_no_tenants_id_is_bound_to_nothing(doors, tenant):
    with scope(tenant), pytest.raises(ValueError, match="no tenant's id"):
        async with doors.tenant() as session:
            await session.execute(text("SELECT tenant_id FROM stall"))

    for known in ("paris", "lyon"):
        with scope(known):
            async with doors.tenant() as session:
                found = await session.scalars(text("SELECT tenant_id FROM stall"))
                assert found.all() == [known]
