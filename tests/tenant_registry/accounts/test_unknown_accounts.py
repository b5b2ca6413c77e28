"""Refusals about accounts that nobody has: counted at once, one event a minute."""

import asyncio
import json

import pytest
from sqlalchemy import delete, select

from services.kernel.call.scope import Scope, bound
from services.kernel.data.tables import AuditLeaf
from services.tenant_registry.accounts import unknown_accounts
from services.tenant_registry.accounts.unknown_accounts import count_refusal
from services.tenant_registry.models import UnknownAccountRefusal
from tests.cluster import cluster  # noqa: F401 - a fixture

LOGIN = "souk.tenant_registry.v1.AccessService/Login"
RESET = "souk.tenant_registry.v1.AccountService/ResetPassword"


@pytest.fixture
async def doors(cluster):  # noqa: F811
    async with cluster.doors("tenant_registry") as opened:
        async with opened.housekeeping() as session:
            for table in (UnknownAccountRefusal, AuditLeaf):
                await session.execute(delete(table))
        yield opened


async def refused(doors, method, *, times, actor="services/gateway", address="192.0.2.1"):
    with bound(Scope(None, actor, frozenset(), address=address), method):
        for _ in range(times):
            await count_refusal(doors, f"REASON_OF_{method.rpartition('/')[2]}")


async def recorded(doors):
    async with doors.housekeeping() as session:
        leaves = (await session.scalars(select(AuditLeaf))).all()
    return [
        (leaf.tenant_id, json.loads(leaf.envelope), json.loads(leaf.payload)) for leaf in leaves
    ]


async def test_many_refusals_become_one_event_each_with_their_number(doors):
    await refused(doors, LOGIN, times=30)
    await refused(doors, RESET, times=30, address="192.0.2.2")
    assert await recorded(doors) == []

    for _ in range(2):
        await unknown_accounts.seal(doors)

        found = {
            facts["method"]: (tenant, facts["reason"], facts["outcome"], facts["times"])
            for tenant, facts, _ in await recorded(doors)
        }
        assert found == {
            LOGIN: ("hq", "REASON_OF_Login", "DENIED", 30),
            RESET: ("hq", "REASON_OF_ResetPassword", "DENIED", 30),
        }
        assert len(await recorded(doors)) == 2


async def test_an_event_of_many_says_who_called_and_names_no_address(doors):
    await refused(doors, LOGIN, times=2)
    await refused(doors, LOGIN, times=1, actor="services/other")

    await unknown_accounts.seal(doors)

    events = await recorded(doors)
    assert {(facts["actor"], facts["times"]) for _, facts, _ in events} == {
        ("services/gateway", 2),
        ("services/other", 1),
    }
    for _, facts, payload in events:
        assert facts["resource"] == "admins/unknown"
        assert (facts["service"], payload["address"]) == ("tenant-registry", "")


async def test_instances_that_seal_while_others_count_lose_and_double_nothing(doors):
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(refused(doors, LOGIN, times=10))
            tasks.create_task(unknown_accounts.seal(doors))
    await unknown_accounts.seal(doors)

    assert sum(facts["times"] for _, facts, _ in await recorded(doors)) == 40
