"""What a name costs that no memory knows: bounded for strangers, and alike for closed and none."""

import asyncio
import uuid

import pytest

from gateway.cache.redis import key as redis_key
from gateway.limits import plans
from gateway.limits.plans import Quota
from gateway.medusa.errors import GATEWAY_BUSY, Refused
from services.values.api_keys import PUBLISHABLE, new_key
from tests.gateway.two_tenants import BASE, HERE, wait_until

ELSEWHERE = "198.51.100.7"


class RecordingStub:
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
        parts = gateway._redis, gateway._registry
        gateway._memory.forget_unknown()
        gateway._redis, gateway._registry = (RecordingStub(part, steps) for part in parts)
        for _ in range(2):
            assert await look_up() is None
            await asyncio.gather(*gateway._background)
            found.append(steps.copy())
            steps.clear()
        gateway._redis, gateway._registry = parts
        return found

    return measure


async def names_of(tenants):
    """Each way to name Lyon, and the same way to name nobody."""
    return {
        "owner": (f"{tenants.lyon}.{BASE}", f"nobody.{BASE}"),
        "shop": (tenants.lyon, "nobody"),
        "owner_of_key": (await tenants.publishable_key(tenants.lyon), new_key(PUBLISHABLE)),
    }


@pytest.mark.parametrize("way", ["owner", "shop", "owner_of_key"])
async def test_a_closed_shop_is_looked_up_by_the_same_steps_as_an_unknown_one(
    tenants, redis_url, steps_of, way
):
    closed, nobodys = (await names_of(tenants))[way]
    gateway = tenants.gateway(redis_url)
    await tenants.suspend(tenants.lyon)
    await gateway.publish_change(tenants.lyon)
    assert (await gateway.find(tenants.lyon)).state == "suspended"  # as its admins find it
    assert (await gateway.shop(tenants.paris, HERE)).id == tenants.paris

    look_up = getattr(gateway, way)
    of_closed = await steps_of(gateway, lambda: look_up(closed, HERE))
    of_nobodys = await steps_of(gateway, lambda: look_up(nobodys, HERE))

    question = {"owner": "shop_at", "shop": "shop", "owner_of_key": "shop_of_key"}[way]
    assert of_closed == of_nobodys == [["owner_hint", "count", question], []]


@pytest.mark.parametrize("way", ["owner", "shop", "owner_of_key"])
async def test_a_shop_that_closed_is_soon_looked_up_like_an_unknown_one(
    tenants, redis_url, redis, steps_of, way
):
    name, nobodys = (await names_of(tenants))[way]
    gateway = tenants.gateway(redis_url)
    look_up = getattr(gateway, way)
    assert (await look_up(name, HERE)).id == tenants.lyon
    await asyncio.gather(*gateway._background)
    await tenants.suspend(tenants.lyon)
    await gateway.publish_change(tenants.lyon)

    assert await look_up(name, HERE) is None
    await asyncio.gather(*gateway._background)

    assert await redis.keys("souk:host:*") == await redis.keys("souk:publishable-key:*") == []
    assert await redis.exists(redis_key("shop", tenants.lyon)) == 0
    of_closed = await steps_of(gateway, lambda: look_up(name, HERE))
    assert of_closed == await steps_of(gateway, lambda: look_up(nobodys, HERE))


@pytest.mark.parametrize("way", ["owner", "shop", "owner_of_key"])
async def test_a_shop_that_opens_again_is_found_at_once_and_by_all(tenants, redis_url, way):
    name, _ = (await names_of(tenants))[way]
    here, there = (
        tenants.gateway(redis_url, listening=True),
        tenants.gateway(redis_url, listening=True),
    )
    await tenants.suspend(tenants.lyon)
    await here.publish_change(tenants.lyon)
    assert await getattr(here, way)(name, HERE) is None
    assert await getattr(there, way)(name, HERE) is None

    await tenants.activate(tenants.lyon)
    await here.publish_change(tenants.lyon)

    assert (await getattr(here, way)(name, HERE)).id == tenants.lyon

    async def found_there():
        await here.publish_change(
            tenants.lyon
        )  # again, because a busy Redis may have lost the first notice
        return await getattr(there, way)(name, HERE) is not None

    await wait_until(found_there)


async def scan(gateway, number, address):
    """Asks for random hosts; gives how many were refused."""
    refused = 0
    for _ in range(number):
        try:
            assert await gateway.owner(f"{uuid.uuid4().hex}.example", address) is None
        except Refused as error:
            refused += error.problem is GATEWAY_BUSY
    return refused


async def test_a_scan_from_one_address_does_not_delay_look_ups_of_others(
    tenants, redis_url, monkeypatch
):
    monkeypatch.setattr(plans, "LOOKUPS_OF_ADDRESS", Quota(0.001, 5))
    monkeypatch.setattr(plans, "LOOKUPS", Quota(0.001, 8))
    gateway = tenants.gateway(redis_url)

    assert await scan(gateway, 50, HERE) == 45
    assert len(tenants.lookups) == 5
    assert (await gateway.owner(tenants.host, ELSEWHERE)).id == tenants.paris
    assert (await gateway.shop(tenants.lyon, ELSEWHERE)).id == tenants.lyon
    # What is known is served to whoever scans, too.
    assert (await gateway.owner(tenants.host, HERE)).id == tenants.paris


async def test_all_addresses_together_cause_a_bounded_number_of_lookups(
    tenants, redis_url, monkeypatch
):
    monkeypatch.setattr(plans, "LOOKUPS", Quota(0.001, 8))
    gateway, other = tenants.gateway(redis_url), tenants.gateway(redis_url)

    refused = [await scan(gateway, 1, f"203.0.113.{number}") for number in range(50)]

    assert refused == [0] * 8 + [1] * 42
    assert len(tenants.lookups) == 8
    assert (await other.owner(tenants.host, HERE)).id == tenants.paris  # each process has its own


async def test_a_name_in_redis_is_found_without_a_registry_call_past_every_limit(
    tenants, redis_url, redis, monkeypatch
):
    here, there = tenants.gateway(redis_url), tenants.gateway(redis_url)
    hosts = {tenants.host: tenants.paris, f"{tenants.lyon}.{BASE}": tenants.lyon}
    for host in hosts:
        await here.owner(host, HERE)
    await asyncio.gather(*here._background)
    monkeypatch.setattr(plans, "LOOKUPS_OF_ADDRESS", Quota(0.001, 1))
    await scan(there, 3, HERE)

    assert {host: (await there.owner(host, HERE)).id for host in hosts} == hosts


async def test_a_shared_look_up_is_not_refused_because_one_client_is_limited(
    tenants, redis_url, monkeypatch
):
    monkeypatch.setattr(plans, "LOOKUPS_OF_ADDRESS", Quota(0.001, 1))
    gateway = tenants.gateway(redis_url)
    await scan(gateway, 1, HERE)

    found = await asyncio.gather(
        *(gateway.owner(tenants.host, address) for address in (HERE, ELSEWHERE, ELSEWHERE)),
        return_exceptions=True,
    )

    assert isinstance(found[0], Refused)
    assert [getattr(one, "id", one) for one in found[1:]] == [tenants.paris, tenants.paris]
    assert tenants.lookups.count(tenants.host) == 1
