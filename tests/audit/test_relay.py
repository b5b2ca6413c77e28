"""From the leaf in a service's transaction to the stored event: never lost, never twice."""

import asyncio
import random
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from souk.tenant_registry.v1 import tenant_pb2
from sqlalchemy import delete, func, insert, select

from services.kernel.call.credentials import Signer
from services.kernel.call.scope import Scope, bound
from services.kernel.data.tables import AuditLeaf
from services.kernel.evidence import audit as leaves
from services.kernel.evidence import relay
from tests.audit.conftest import FACTS

METHOD = "souk.tenant_registry.v1.TenantRegistryService/UpdateTenant"


class House:
    """A service with acts and a relay, as far as the relay is concerned."""

    def __init__(self, cluster, audit, db) -> None:
        self.db = db
        self._audit = audit
        self._signer = Signer(
            "tenant-registry", (cluster.secrets / "tenant-registry.key").read_text()
        )

    async def act(self, tenant: str, resource: str, *, after: str = "New name") -> None:
        scope = Scope(tenant, "admins/user_1", frozenset(), request_id="req-7")
        with bound(scope, METHOD):
            async with self.db.tenant() as session:
                leaves.record(
                    session,
                    resource=resource,
                    before=tenant_pb2.Tenant(display_name="Old name"),
                    after=tenant_pb2.Tenant(display_name=after),
                )

    async def add_leaves(self, *facts: dict[str, Any], sign=None) -> None:
        now = datetime.now(UTC)
        async with self.db.housekeeping() as session:
            leaves = [_leaf(sign=sign or self.db.sign, now=now, **one) for one in facts]
            await session.execute(insert(AuditLeaf), leaves)

    async def waiting(self):
        async with self.db.housekeeping() as session:
            return await session.scalar(select(func.count()).select_from(AuditLeaf))

    @asynccontextmanager
    async def relay(self, stopped=None):
        stopped = stopped or asyncio.Event()
        audit = f"127.0.0.1:{self._audit.port}"
        task = asyncio.create_task(
            relay.run(self.db, to=audit, signer=self._signer, stopped=stopped)
        )
        yield task
        stopped.set()
        await asyncio.wait_for(task, 10)

    async def until_delivered(self) -> None:
        async with asyncio.timeout(30):
            while await self.waiting():
                await asyncio.sleep(0.02)

    async def resources(self, tenant: str, actor: str = "") -> Counter[str]:
        return Counter(e.resource for e in await self._audit.events(tenant, actor=actor))


def _leaf(event_id, *, sign, now, tenant_id="paris", changes=(), **facts):
    known = FACTS | {"service": "tenant-registry", "method": METHOD, "resource": ""} | facts
    known["event"] = f"tenants/{tenant_id}/events/{event_id}"
    sealed = leaves.seal(known, {"address": "", "changes": list(changes)})
    key = {"tenant_id": tenant_id, "event_id": event_id, "occur_time": now}
    return vars(sealed) | key | {"signature": sign(sealed.envelope)}


def forged_signature(envelope):
    return b"s" * 68


def big(text):
    return [{"field": "description", "before": "", "after": text, "personal": False}]


@pytest.fixture(scope="session")
async def house(cluster, audit):
    async with cluster.doors("tenant_registry") as db:
        yield House(cluster, audit, db)


@pytest.fixture(autouse=True)
async def clean(house):
    yield
    async with house.db.housekeeping() as session:
        await session.execute(delete(AuditLeaf))


async def test_an_act_becomes_an_event_and_its_leaf_goes(house, audit):
    async with house.relay():
        await house.act("paris", "tenants/paris/x/1")
        await house.until_delivered()

    [event] = await audit.events("paris", resource="tenants/paris/x/1")
    assert (event.service, event.method) == ("tenant-registry", METHOD)
    assert (event.actor, event.request_id) == ("admins/user_1", "req-7")
    [change] = event.changes
    assert (change.field, change.before, change.after) == (
        "display_name",
        '"Old name"',
        '"New name"',
    )


async def test_an_event_reaches_its_own_tenant_alone(house):
    async with house.relay():
        await asyncio.gather(
            house.act("paris", "tenants/paris/x/2"), house.act("lyon", "tenants/lyon/x/2")
        )
        await house.until_delivered()

    paris, lyon = await house.resources("paris"), await house.resources("lyon")
    assert paris["tenants/paris/x/2"] == lyon["tenants/lyon/x/2"] == 1
    assert not any("lyon" in resource for resource in paris)
    assert not any("paris" in resource for resource in lyon)


async def test_a_leaf_sent_before_a_crash_is_sent_again_and_stored_once(house, audit):
    await house.act("paris", "tenants/paris/x/3")
    crashed = relay.Relay(house.db, audit.stub)
    with bound(Scope(None, "services/tenant-registry", frozenset({"event:record"}))):
        await crashed._send(await crashed._undelivered())  # and dies before it deletes

    async with house.relay():
        await house.until_delivered()

    assert (await house.resources("paris"))["tenants/paris/x/3"] == 1


async def test_an_event_that_arrives_three_times_in_any_order_is_stored_once(house, audit):
    resources = [f"tenants/{t}/x/thrice-{n}" for n in range(60) for t in ("paris", "lyon")]
    for resource in resources:
        await house.act(resource.split("/")[1], resource)
    sender = relay.Relay(house.db, audit.stub)
    leaves = [*await sender._undelivered()] * 3
    random.shuffle(leaves)

    async def send(some):
        with bound(Scope(None, "services/tenant-registry", frozenset({"event:record"}))):
            await sender._send(some)

    # A batch holds an event twice at times, and several that hold the same one come at once.
    await asyncio.gather(*(send(leaves[at : at + 40]) for at in range(0, len(leaves), 40)))
    async with house.relay():
        await house.until_delivered()

    stored = await house.resources("paris") + await house.resources("lyon")
    assert {resource: stored[resource] for resource in resources} == dict.fromkeys(resources, 1)


async def test_acts_go_on_while_audit_is_killed_and_none_is_lost_or_doubled(house, audit):
    random.seed(7)
    names = [f"tenants/{t}/storm/{n}" for n in range(150) for t in ("paris", "lyon")]

    async def act_in_bursts():
        for name in names:
            await house.act(name.split("/")[1], name)
            await asyncio.sleep(random.random() * 0.01)

    async with house.relay(), house.relay():  # two instances of the service
        acting = asyncio.create_task(act_in_bursts())
        for _ in range(3):
            await asyncio.sleep(0.2 + random.random() * 0.2)
            await audit.child.kill()
            await audit.start()
        await acting
        await house.until_delivered()

    stored = await house.resources("paris") + await house.resources("lyon")
    assert {name: stored[name] for name in names} == dict.fromkeys(names, 1)


async def test_the_relay_stops_at_once_while_audit_is_down_and_keeps_the_leaf(house, audit):
    await audit.child.kill()
    stopped = asyncio.Event()
    async with house.relay(stopped) as running:
        await house.act("paris", "tenants/paris/x/4")
        await asyncio.sleep(0.5)
        stopped.set()
        async with asyncio.timeout(8):
            await running
    await audit.start()

    assert await house.waiting() == 1
    async with house.relay():
        await house.until_delivered()
    assert (await house.resources("paris"))["tenants/paris/x/4"] == 1


async def test_the_last_leaf_is_delivered_before_the_relay_stops(house):
    async with house.relay():
        for number in range(20):
            await house.act("paris", f"tenants/paris/last/{number}")

    assert await house.waiting() == 0


async def test_a_leaf_that_is_refused_stays_and_holds_nobody_back(house, audit):
    for number in range(9):
        await house.act("paris", f"tenants/paris/near/{number}")
    await house.add_leaves({"event_id": "evt_0_poison", "resource": "x" * 5000})

    async with house.relay():
        async with asyncio.timeout(10):
            while await house.waiting() > 1:
                await asyncio.sleep(0.02)
        await house.act("paris", "tenants/paris/near/after")

    assert await house.waiting() == 1
    near = [r for r in await house.resources("paris") if r.startswith("tenants/paris/near/")]
    assert len(near) == 10


async def test_a_leaf_with_a_forged_signature_is_not_delivered_and_blocks_no_other(house):
    """Whoever can write into a service's database makes up no act of it."""
    await house.act("paris", "tenants/paris/x/before")
    await house.add_leaves(
        {"event_id": "evt_0_forged", "resource": "tenants/paris/x/forged"}, sign=forged_signature
    )
    await house.act("lyon", "tenants/lyon/x/after")

    async with house.relay(), asyncio.timeout(10):
        while await house.waiting() > 1:
            await asyncio.sleep(0.02)

    assert (await house.resources("lyon"))["tenants/lyon/x/after"] == 1
    paris = await house.resources("paris")
    assert (paris["tenants/paris/x/before"], paris["tenants/paris/x/forged"]) == (1, 0)


async def test_leaves_too_big_for_one_message_travel_in_several(house, audit):
    facts = {"actor": "admins/big", "changes": big("é" * 450_000)}
    await house.add_leaves(*(facts | {"event_id": f"evt_big_{number}"} for number in range(12)))

    async with house.relay():
        await house.until_delivered()

    assert len(await audit.events("paris", actor="admins/big")) == 12


async def test_more_than_one_batch_arrives_whole(house):
    tenants = ("paris", "lyon")
    await house.add_leaves(
        *(
            {
                "tenant_id": t,
                "event_id": f"evt_many_{n}",
                "actor": "admins/many",
                "resource": f"{n}",
            }
            for t in tenants
            for n in range(700)
        )
    )

    async with house.relay():
        await house.until_delivered()

    for tenant in tenants:
        assert await house.resources(tenant, actor="admins/many") == Counter(map(str, range(700)))


async def test_a_leaf_too_big_for_any_message_stays_and_holds_nobody_back(house):
    await house.add_leaves({"event_id": "evt_0_huge", "changes": big("x" * 5_000_000)})
    await house.act("paris", "tenants/paris/x/5")

    async with house.relay():
        async with asyncio.timeout(10):
            while await house.waiting() > 1:
                await asyncio.sleep(0.02)

    assert (await house.resources("paris"))["tenants/paris/x/5"] == 1
