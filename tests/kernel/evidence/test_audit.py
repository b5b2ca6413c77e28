"""Acts and their events, which leave with the COMMIT: neither without the other."""

import json
from typing import Any, cast

import asyncpg
import pytest
from sqlalchemy import Table, delete, event, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError

from services.kernel.call.errors import ServiceError
from services.kernel.data.acts import AuditMissing
from services.kernel.data.tables import AuditLeaf
from services.kernel.evidence import audit
from tests.kernel.stalls import METHOD, Base, Stall, scope

pytestmark = pytest.mark.usefixtures("stalls")


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

    with scope(tenant), pytest.raises(AuditMissing):
        await act()

    assert await goods(doors) == BEFORE


async def recorded_events(doors):
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

    with scope(tenant), pytest.raises(RuntimeError, match="not in a savepoint"):
        await act()

    assert await goods(doors) == BEFORE
    assert await recorded_events(doors) == {}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_a_savepoint_ends_without_an_event_and_its_transaction_does_not(doors, tenant):
    with scope(tenant):
        async with doors.tenant() as session:
            async with session.begin_nested():
                session.add(Stall(stall_id="two", goods=[]))
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    assert await goods(doors) == {**BEFORE, (tenant, "two"): []}
    assert set(await recorded_events(doors)) == {tenant}


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
    assert await recorded_events(doors) == {}


@pytest.mark.parametrize("tenant", ["paris", "lyon", None])
@pytest.mark.parametrize("word", ["BEGIN", "ROLLBACK"])
async def test_no_connection_comes_back_in_a_transaction_that_failed_to_begin_or_to_end(
    doors, monkeypatch, word, tenant
):
    async def act(statement):
        with scope(tenant):
            async with doors.tenant() if tenant else doors.platform() as session:
                await session.execute(text(statement))
                audit.record(session, resource="products/two", outcome="DENIED")

    async def refuse(self, query, *args, **options):
        if query.startswith(word):
            raise asyncpg.QueryCanceledError("somebody cancelled it")
        return await execute(self, query, *args, **options)

    execute = asyncpg.Connection.execute
    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", refuse)
        with pytest.raises((DBAPIError, ServiceError)):
            await act("SELECT 1/0")

    for _ in range(3):
        await act("SELECT 1")
    assert set(await recorded_events(doors)) == {tenant or "hq"}


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_a_caller_is_told_when_its_event_was_not_sent(doors, tenant):
    """As on a connection in a transaction that SQLAlchemy does not know, and so does not commit."""

    async def act():
        async with doors.tenant() as session:
            connection = await (await session.connection()).get_raw_connection()
            await connection.driver_connection.execute("START TRANSACTION")
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    with scope(tenant), pytest.raises(AuditMissing, match="before its events were sent"):
        await act()

    assert await recorded_events(doors) == {}
    with scope(tenant):
        async with doors.tenant() as session:
            assert len((await session.scalars(select(Stall))).all()) == 1


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_an_event_alone_is_kept_too(doors, tenant):
    with scope(tenant):
        async with doors.tenant() as session:
            audit.record(session, resource=f"tenants/{tenant}/stalls/two", outcome="DENIED")

    assert {t: facts["outcome"] for t, facts in (await recorded_events(doors)).items()} == {
        tenant: "DENIED"
    }


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_an_event_that_was_rolled_back_comes_with_no_later_one(doors, tenant):
    with scope(tenant):
        async with doors.tenant() as session:
            audit.record(session, resource=f"tenants/{tenant}/stalls/two")
            await session.rollback()
        async with doors.tenant() as session:
            await session.scalars(select(Stall))

    assert await recorded_events(doors) == {}


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

    assert drivers[0].statement_before_commit is None
    with scope("paris"):
        async with doors.tenant() as session:
            await session.scalars(select(Stall))
    assert await recorded_events(doors) == {}


@pytest.mark.parametrize(("tenant", "other"), [("paris", "lyon"), ("lyon", "paris")])
async def test_a_refused_commit_rolls_everything_back_and_leaves_the_connection_usable(
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
    assert await recorded_events(doors) == {}


@pytest.mark.parametrize("typed", ["'); DROP TABLE stall; --", "\\'; --", "$1 %s :id {}", "ö€😀\n"])
async def test_text_from_callers_is_not_sql_in_an_event(doors, typed):
    with scope("paris"):
        async with doors.tenant() as session:
            audit.record(session, resource=f"tenants/paris/stalls/{typed}", reason=typed)

    facts = (await recorded_events(doors))["paris"]
    assert (facts["resource"], facts["reason"]) == (f"tenants/paris/stalls/{typed}", typed)
    assert await goods(doors) == BEFORE


@pytest.mark.parametrize("tenant", ["'", "x', '', now(), '', '', '') --", "Paris", "paris\n"])
async def test_an_invalid_tenant_id_is_not_written_into_an_event(doors, tenant):
    async def act():
        async with doors.platform() as session:
            audit.record(session, resource="products/x", tenant=tenant)

    with scope(None), pytest.raises(ValueError, match="must not be written into a statement"):
        await act()

    assert await recorded_events(doors) == {}


async def test_an_event_commits_with_its_change_in_its_tenants_log(doors):
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            async with doors.tenant() as session:
                session.add(Stall(stall_id="two", goods=[]))
                audit.record(session, resource=f"tenants/{tenant}/stalls/two")

    events = await recorded_events(doors)
    assert {tenant: facts["resource"] for tenant, facts in events.items()} == {
        "paris": "tenants/paris/stalls/two",
        "lyon": "tenants/lyon/stalls/two",
    }
    for facts in events.values():
        assert (facts["service"], facts["method"]) == ("catalog-opt-in", METHOD)
        assert facts["permission"] == "listing:write"


async def test_a_service_can_neither_read_nor_remove_its_leaves(doors):
    for statement in ("SELECT * FROM audit_leaf", "DELETE FROM audit_leaf"):
        with scope("paris"), pytest.raises(ProgrammingError, match="permission denied"):
            async with doors.tenant() as session:
                await session.execute(text(statement))


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_a_table_that_says_so_changes_without_an_event(doors, tenant, monkeypatch):
    monkeypatch.setitem(cast(Table, Stall.__table__).info, "audited", False)
    with scope(tenant):
        async with doors.tenant() as session:
            session.add(Stall(stall_id="two", goods=[]))
            await session.flush()
            await session.execute(
                update(Stall).where(Stall.stall_id == "two").values(goods=["tea"])
            )

    assert await goods(doors) == {**BEFORE, (tenant, "two"): ["tea"]}
    assert await recorded_events(doors) == {}
