"""One tenant's crowd is never in another's way."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.edge.fair_queue import REFUSAL_SECONDS, REFUSALS_PER_SECOND, FairQueue, RefusalPace
from gateway.limits import Holder, Kind
from gateway.medusa.errors import Refused

SHARES = {Kind.STORE_READ: 5, Kind.ADMIN_READ: 5}


def at(tenant, kind=Kind.STORE_READ):
    return Holder(tenant, kind)


class Crowd:
    """Requests that stay under way until they are told to end."""

    def __init__(self, slots):
        self.slots = slots
        self.began: list[str] = []
        self.refused: list[str] = []
        self.tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._end = {}

    async def come(self, tenant, number, kind=Kind.STORE_READ):
        end = self._end.setdefault(tenant, asyncio.Event())
        made = [asyncio.create_task(self._one(tenant, kind, end)) for _ in range(number)]
        self.tasks.setdefault(tenant, []).extend(made)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _one(self, tenant, kind, end):
        try:
            async with self.slots.slot(at(tenant, kind)):
                self.began.append(tenant)
                await end.wait()
        except Refused as refused:
            self.refused.append(refused.problem.code)

    async def go(self, tenant, number):
        """Takes away so many of a tenant's requests, from the oldest on."""
        going, self.tasks[tenant] = self.tasks[tenant][:number], self.tasks[tenant][number:]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        await asyncio.sleep(0)


@pytest.fixture
async def crowd():
    made = Crowd(FairQueue(at_once=10, waiting=20, shares=SHARES))
    yield made
    for tenant in [*made.tasks]:
        await made.go(tenant, 100)
    assert (made.slots._free, made.slots._waiting) == (10, 0)
    assert not made.slots._held
    assert not made.slots._queues


async def test_however_many_paris_sends_lyon_never_waits_behind_them(crowd):
    await crowd.come("paris", 100)
    assert crowd.began == ["paris"] * 5

    await crowd.come("lyon", 5)

    assert crowd.began == ["paris"] * 5 + ["lyon"] * 5


async def test_a_free_slot_goes_to_the_tenant_that_holds_the_fewest(crowd):
    await crowd.come("paris", 14)
    await crowd.come("lyon", 5)
    await crowd.come("nice", 2)
    assert crowd.began.count("nice") == 0

    await crowd.go("paris", 1)
    await crowd.go("lyon", 1)

    assert crowd.began[10:] == ["nice", "nice"]


async def test_more_than_may_wait_are_refused_at_once_and_told_to_come_again(crowd):
    await crowd.come("paris", 16)
    assert crowd.refused == ["TENANT_BUSY"]

    with pytest.raises(Refused) as refusal:
        async with crowd.slots.slot(at("paris")):
            pass

    assert (refusal.value.problem.status, refusal.value.problem.code) == (503, "TENANT_BUSY")
    assert refusal.value.problem.headers["retry-after"] == "1"
    await crowd.come("lyon", 5)
    assert crowd.began.count("lyon") == 5


async def test_a_request_that_waits_too_long_is_refused_and_frees_its_place(crowd, monkeypatch):
    monkeypatch.setattr("gateway.edge.fair_queue.WAIT_SECONDS", 0.02)
    async with AsyncExitStack() as held:
        for tenant in ["paris"] * 5 + ["lyon"] * 5:
            await held.enter_async_context(crowd.slots.slot(at(tenant)))
        for tenant, code in (("paris", "TENANT_BUSY"), ("nice", "GATEWAY_BUSY")):
            with pytest.raises(Refused) as refusal:
                async with crowd.slots.slot(at(tenant)):
                    pass
            assert refusal.value.problem.code == code


async def test_a_client_that_leaves_the_queue_keeps_no_slot(crowd):
    await crowd.come("paris", 8)
    waiting = crowd.tasks["paris"][5:]
    for task in waiting:
        task.cancel()
    await crowd.go("paris", 1)
    await asyncio.gather(*waiting, return_exceptions=True)

    await crowd.come("lyon", 5)
    assert crowd.began.count("lyon") == 5


async def test_admin_requests_do_not_block_shoppers_of_the_same_shop(crowd):
    await crowd.come("paris", 15, Kind.ADMIN_READ)
    await crowd.come("paris", 5)

    assert len(crowd.began) == 10


async def test_a_tenant_at_its_share_does_not_block_others(crowd):
    """A smaller share is full with fewer, and would else be the one that is looked at for ever."""
    crowd.slots._shares = {Kind.STORE_READ: 5, Kind.ADMIN_READ: 1}
    await crowd.come("lyon", 3)
    await crowd.come("nice", 5)
    await crowd.come("paris", 2, Kind.ADMIN_READ)
    await crowd.come("nancy", 3)

    await crowd.go("lyon", 2)

    assert crowd.began.count("nancy") == 3


async def test_when_no_more_may_wait_the_longest_queue_gives_way(crowd):
    await crowd.come("paris", 15)
    await crowd.come("lyon", 15)
    assert crowd.refused == []

    await crowd.come("nice", 3)

    assert crowd.refused == ["TENANT_BUSY"] * 3
    await crowd.go("paris", 1)
    assert crowd.began[10:] == ["nice"]


async def test_refusals_go_one_after_the_other_and_nobody_waits_for_ever():
    pace, loop = RefusalPace(), asyncio.get_running_loop()
    number, began = REFUSALS_PER_SECOND // 5, loop.time()

    await asyncio.gather(*(pace.turn() for _ in range(number)))
    assert (number - 1) / REFUSALS_PER_SECOND <= loop.time() - began

    pace._next = loop.time() + 100 * REFUSAL_SECONDS
    waiting = asyncio.create_task(pace.turn())
    await asyncio.sleep(0)
    assert pace._next <= loop.time() + REFUSAL_SECONDS
    waiting.cancel()
