"""What a name costs that no memory knows: bounded for strangers, and alike for closed and none."""

import asyncio
import uuid

import pytest

from gateway.cache.redis import key as redis_key
from gateway.limits import plans
from gateway.limits.plans import Quota
from gateway.medusa.errors import GATEWAY_BUSY, Refused
from services.values.api_keys import PUBLISHABLE, new_key
from tests.gateway.two import BASE, HERE, until

ELSEWHERE = "198.51.100.7"


class Noted:
    """Notes the steps of a look-up: what is asked of Redis, of the registry, and of the limits."""

    def __init__(self, inner, steps):
        self._inner = inner
        self._steps = steps

    def __getattr__(self, name):
        self._steps.append(name)
        return getattr(self._inner, name)


@pytest.fixture
def steps_of():
    """Tells the steps of each of two requests for a name that finds nobody."""

    async def measure(gateway, look_up):
        steps: list[str] = []
        found: list[list[str]] = []
        parts = gateway._shared, gateway._questions
        gateway._memory.forget_unknown()
        gateway._shared, gateway._questions = (Noted(part, steps) for part in parts)
        for _ in range(2):
            assert await look_up() is None
            await asyncio.gather(*gateway._behind)
            found.append(steps.copy())
            steps.clear()
        gateway._shared, gateway._questions = parts
        return found

    return measure


async def names_of(two):
    """Each way to name Lyon, and the same way to name nobody."""
    return {
        "owner": (f"{two.lyon}.{BASE}", f"nobody.{BASE}"),
        "shop": (two.lyon, "nobody"),
        "owner_of_key": (await two.publishable_key(two.lyon), new_key(PUBLISHABLE)),
    }


@pytest.mark.parametrize("way", ["owner", "shop", "owner_of_key"])
async def test_a_closed_shops_name_takes_the_steps_of_nobodys(two, redis_url, steps_of, way):
    closed, nobodys = (await names_of(two))[way]
    gateway = two.gateway(redis_url)
    await two.suspend(two.lyon)
    await gateway.changed(two.lyon)
    assert (await gateway.find(two.lyon)).state == "suspended"  # as its admins find it
    assert (await gateway.shop(two.paris, HERE)).id == two.paris

    look_up = getattr(gateway, way)
    of_closed = await steps_of(gateway, lambda: look_up(closed, HERE))
    of_nobodys = await steps_of(gateway, lambda: look_up(nobodys, HERE))

    question = {"owner": "shop_at", "shop": "shop", "owner_of_key": "shop_of_key"}[way]
    assert of_closed == of_nobodys == [["owner_hint", "count", question], []]


@pytest.mark.parametrize("way", ["owner", "shop", "owner_of_key"])
async def test_a_shop_that_closed_is_soon_looked_up_as_nobodys(
    two, redis_url, redis, steps_of, way
):
    name, nobodys = (await names_of(two))[way]
    gateway = two.gateway(redis_url)
    look_up = getattr(gateway, way)
    assert (await look_up(name, HERE)).id == two.lyon
    await asyncio.gather(*gateway._behind)
    await two.suspend(two.lyon)
    await gateway.changed(two.lyon)

    assert await look_up(name, HERE) is None
    await asyncio.gather(*gateway._behind)

    assert await redis.keys("souk:host:*") == await redis.keys("souk:publishable-key:*") == []
    assert await redis.exists(redis_key("shop", two.lyon)) == 0
    of_closed = await steps_of(gateway, lambda: look_up(name, HERE))
    assert of_closed == await steps_of(gateway, lambda: look_up(nobodys, HERE))


@pytest.mark.parametrize("way", ["owner", "shop", "owner_of_key"])
async def test_a_shop_that_opens_again_is_found_at_once_and_by_all(two, redis_url, way):
    name, _ = (await names_of(two))[way]
    here, there = two.gateway(redis_url, listening=True), two.gateway(redis_url, listening=True)
    await two.suspend(two.lyon)
    await here.changed(two.lyon)
    assert await getattr(here, way)(name, HERE) is None
    assert await getattr(there, way)(name, HERE) is None

    await two.activate(two.lyon)
    await here.changed(two.lyon)

    assert (await getattr(here, way)(name, HERE)).id == two.lyon

    async def found_there():
        await here.changed(two.lyon)  # again, because a busy Redis may have lost the first notice
        return await getattr(there, way)(name, HERE) is not None

    await until(found_there)


async def scan(gateway, number, address):
    """Asks for random hosts; gives how many were refused."""
    refused = 0
    for _ in range(number):
        try:
            assert await gateway.owner(f"{uuid.uuid4().hex}.example", address) is None
        except Refused as error:
            refused += error.problem is GATEWAY_BUSY
    return refused


async def test_one_addresss_scan_asks_little_and_nobody_elses_first_look_up_waits_for_it(
    two, redis_url, monkeypatch
):
    monkeypatch.setattr(plans, "LOOKUPS_OF_ADDRESS", Quota(0.001, 5))
    monkeypatch.setattr(plans, "LOOKUPS", Quota(0.001, 8))
    gateway = two.gateway(redis_url)

    assert await scan(gateway, 50, HERE) == 45
    assert len(two.asked) == 5
    assert (await gateway.owner(two.host, ELSEWHERE)).id == two.paris
    assert (await gateway.shop(two.lyon, ELSEWHERE)).id == two.lyon
    # What is known is served to whoever scans, too.
    assert (await gateway.owner(two.host, HERE)).id == two.paris


async def test_all_addresses_together_cause_a_bounded_number_of_lookups(
    two, redis_url, monkeypatch
):
    monkeypatch.setattr(plans, "LOOKUPS", Quota(0.001, 8))
    gateway, other = two.gateway(redis_url), two.gateway(redis_url)

    refused = [await scan(gateway, 1, f"203.0.113.{number}") for number in range(50)]

    assert refused == [0] * 8 + [1] * 42
    assert len(two.asked) == 8
    assert (await other.owner(two.host, HERE)).id == two.paris  # each process has its own


async def test_what_redis_knows_costs_no_question_and_is_found_past_every_bound(
    two, redis_url, redis, monkeypatch
):
    here, there = two.gateway(redis_url), two.gateway(redis_url)
    hosts = {two.host: two.paris, f"{two.lyon}.{BASE}": two.lyon}
    for host in hosts:
        await here.owner(host, HERE)
    await asyncio.gather(*here._behind)
    monkeypatch.setattr(plans, "LOOKUPS_OF_ADDRESS", Quota(0.001, 1))
    await scan(there, 3, HERE)

    assert {host: (await there.owner(host, HERE)).id for host in hosts} == hosts


async def test_who_waits_for_the_same_name_is_not_refused_for_who_may_not_ask(
    two, redis_url, monkeypatch
):
    monkeypatch.setattr(plans, "LOOKUPS_OF_ADDRESS", Quota(0.001, 1))
    gateway = two.gateway(redis_url)
    await scan(gateway, 1, HERE)

    found = await asyncio.gather(
        *(gateway.owner(two.host, address) for address in (HERE, ELSEWHERE, ELSEWHERE)),
        return_exceptions=True,
    )

    assert isinstance(found[0], Refused)
    assert [getattr(one, "id", one) for one in found[1:]] == [two.paris, two.paris]
    assert two.asked.count(two.host) == 1
