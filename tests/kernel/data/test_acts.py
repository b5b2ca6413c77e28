"""Acts without an ORM, on a real PostgreSQL: bound to one tenant, and never without their event."""

import asyncio

import asyncpg
import pytest

from services.kernel.call.errors import Unavailable
from services.kernel.data.acts import AuditMissing
from services.kernel.evidence import audit
from tests.kernel.evidence.test_audit import BEFORE, goods, recorded_events
from tests.kernel.stalls import scope

pytestmark = [pytest.mark.usefixtures("stalls"), pytest.mark.parametrize("name", ["paris", "lyon"])]

ALL = "SELECT tenant_id FROM stall WHERE $1::text IS NOT NULL"
INSERT = "INSERT INTO stall VALUES ($1, $2, '{}')"


async def test_an_act_is_bound_to_its_tenant(doors, name):
    with scope(name):
        async with doors.act() as act:
            found = [row["tenant_id"] for row in await act.read(ALL)]

    assert found == [name]


async def test_a_statement_of_an_act_takes_its_tenant(doors, name):
    async def act_without():
        async with doors.act() as act:
            await act.read("SELECT tenant_id FROM stall")

    with scope(name), pytest.raises(Unavailable) as refused:
        await act_without()

    assert "expects 0 arguments" in str(refused.value.__cause__)


async def test_an_act_commits_with_its_event(doors, name):
    with scope(name):
        async with doors.act() as act:
            await act.change(INSERT, "two")
            audit.record(act, resource=f"tenants/{name}/stalls/two")

    assert await goods(doors) == {**BEFORE, (name, "two"): []}
    assert [*await recorded_events(doors)] == [name]


async def test_an_act_without_an_event_is_rolled_back(doors, name):
    async def act_in_silence():
        async with doors.act() as act:
            await act.change(INSERT, "two")

    with scope(name), pytest.raises(AuditMissing):
        await act_in_silence()

    assert await goods(doors) == BEFORE


async def test_an_act_writes_no_row_of_another_tenant(doors, name):
    other = {"paris": "lyon", "lyon": "paris"}[name]

    async def act_for_another():
        async with doors.act() as act:
            await act.change("INSERT INTO stall SELECT $2::text, $1, '{}'", other)

    with scope(name), pytest.raises(asyncpg.InsufficientPrivilegeError):
        await act_for_another()

    assert await goods(doors) == BEFORE


@pytest.mark.parametrize("end", [RuntimeError, asyncio.CancelledError])
async def test_an_act_that_fails_leaves_nothing_on_its_connection(doors, name, end):
    async def act_and_fail():
        async with doors.act() as act:
            await act.change(INSERT, "two")
            audit.record(act, resource=f"tenants/{name}/stalls/two")
            raise end

    with scope(name), pytest.raises(end):
        await act_and_fail()

    for other in ("paris", "lyon"):
        with scope(other):
            async with doors.act() as act:
                assert [row["tenant_id"] for row in await act.read(ALL)] == [other]
    assert await goods(doors) == BEFORE
    assert await recorded_events(doors) == {}


async def test_an_act_needs_a_tenant(doors, name):
    with scope(None), pytest.raises(RuntimeError, match="with a tenant"):
        async with doors.act():
            pass


async def test_all_tenants_rows_are_read_through_the_platforms_door(doors, name):
    with scope(name):
        rows = await doors.call_platform("SELECT tenant_id FROM stall ORDER BY 1")

    assert [row["tenant_id"] for row in rows] == ["lyon", "paris"]
