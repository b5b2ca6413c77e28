"""Where tenants are known from, and what is believed of what stands in Redis."""

import asyncio
import signal
import time

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from gateway.tenancy import lookup, shared
from gateway.tenancy.shared import key
from gateway.tenancy.tenant import known
from services.kernel.errors import NotFound, Unavailable
from tests.gateway.registry import config, serving

NOWHERE = "redis://127.0.0.1:1/0"


@pytest_asyncio.fixture
async def two():
    """A registry with paris and lyon."""
    async with serving() as (registry, tenancy):
        registry.put(config("paris", hosts=["paris.example"]), config("lyon", currency="TND"))
        yield registry, tenancy


async def until(condition):
    async with asyncio.timeout(5):
        while not await condition():
            await asyncio.sleep(0.01)


def age(tenancy, seconds):
    """Makes all that a process knows this much older."""
    memory = tenancy._memory
    for tenant_id in memory._tenants.all_keys():
        memory.confirm_at(tenant_id, memory.tenant(tenant_id).confirmed_at - seconds)


async def test_each_host_finds_its_own_tenant(two, redis_url):
    _, tenancy = two
    gateway = tenancy(redis_url)

    found = [
        await gateway.owner(host)
        for host in ("paris.example", "paris.impactnutrition.com", "lyon.impactnutrition.com")
    ]

    assert [tenant.id for tenant in found] == ["paris", "paris", "lyon"]
    assert [tenant.currency_code for tenant in found] == ["EUR", "EUR", "TND"]


async def test_a_known_tenant_is_not_asked_for_again(two, redis_url):
    registry, tenancy = two
    gateway = tenancy(redis_url)

    for _ in range(100):
        await gateway.owner("paris.example")
        await gateway.find("lyon")

    assert sorted(registry.asked) == ["paris.example", "tenants/lyon"]


async def test_many_who_want_one_tenant_ask_once(two, redis_url):
    registry, tenancy = two
    registry.gate.clear()
    gateway = tenancy(redis_url)

    waiting = [asyncio.create_task(gateway.owner("paris.example")) for _ in range(500)]
    await asyncio.sleep(0.1)
    registry.gate.set()
    found = await asyncio.gather(*waiting)

    assert {tenant.id for tenant in found} == {"paris"}
    assert registry.asked == ["paris.example"]


async def test_whoever_asked_first_may_leave_and_the_others_are_answered(two, redis_url):
    registry, tenancy = two
    registry.gate.clear()
    gateway = tenancy(redis_url)

    first, second = (asyncio.create_task(gateway.owner("paris.example")) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    registry.gate.set()

    assert (await second).id == "paris"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_another_process_learns_of_a_tenant_from_redis(two, redis_url, redis):
    registry, tenancy = two
    await tenancy(redis_url).owner("paris.example")
    await until(lambda: redis.exists(key("host", "paris.example")))
    registry.is_down = True

    assert (await tenancy(redis_url).owner("paris.example")).id == "paris"


async def test_an_unknown_host_is_asked_for_once_and_leaves_nothing_in_redis(two, redis_url, redis):
    registry, tenancy = two
    gateway = tenancy(redis_url)

    found = [await gateway.owner("nobody.example") for _ in range(50)]

    assert set(found) == {None}
    assert registry.asked == ["nobody.example"]
    assert await redis.dbsize() == 0


async def test_a_scan_of_random_hosts_grows_neither_memory_nor_redis(two, redis_url, redis):
    _, tenancy = two
    gateway = tenancy(redis_url)

    for number in range(6000):
        await gateway.owner(f"scan-{number}.example")

    assert len(gateway._memory._unknown) <= 4096
    assert await redis.dbsize() == 0


async def test_a_new_domain_is_found_at_once_where_it_was_unknown_before(two, redis_url):
    registry, tenancy = two
    here, there = tenancy(redis_url, listening=True), tenancy(redis_url, listening=True)
    assert await here.owner("new.example") is None
    assert await there.owner("new.example") is None

    registry.put(config("lyon", version=2, hosts=["new.example"]))
    await here.changed("lyon")

    assert (await here.owner("new.example")).id == "lyon"

    async def found_there():
        return await there.owner("new.example") is not None

    await until(found_there)


async def test_a_host_that_moved_is_its_new_owners_alone(two, redis_url):
    registry, tenancy = two
    here, there = tenancy(redis_url, listening=True), tenancy(redis_url, listening=True)
    for gateway in (here, there):
        assert (await gateway.owner("paris.example")).id == "paris"

    registry.put(config("paris", version=2), config("lyon", version=9, hosts=["paris.example"]))
    await here.changed("paris")
    await here.changed("lyon")

    assert (await here.owner("paris.example")).id == "lyon"

    async def moved_there():
        return (await there.owner("paris.example")).id == "lyon"

    await until(moved_there)


async def test_other_processes_hear_of_a_suspension(two, redis_url):
    registry, tenancy = two
    here, there = tenancy(redis_url, listening=True), tenancy(redis_url, listening=True)
    assert (await there.find("paris")).is_open

    registry.put(config("paris", version=2, state=Tenant.STATE_SUSPENDED))
    await here.changed("paris")

    assert not (await here.find("paris")).is_open

    async def closed_there():
        return not (await there.find("paris")).is_open

    await until(closed_there)


async def test_an_older_version_never_replaces_a_newer_one(two, redis_url, redis):
    _, tenancy = two
    gateway = tenancy(redis_url)
    older, newer = config("paris", version=4), config("paris", version=7, currency="USD")

    for one in (newer, older):
        await gateway._shared.put(known(one), one.SerializeToString())
        gateway._memory.put(known(one), asked_at=time.monotonic())

    assert await redis.hget(key("tenant", "paris"), "version") == b"7"
    assert (await gateway.find("paris")).currency_code == "USD"


async def _old_value(redis, _):
    """What stood there before, put back by hand: true once, and signed."""
    held = await redis.hgetall(key("tenant", "lyon"))
    await redis.hset(key("tenant", "paris"), mapping=held)


RUBBISH = {
    "bytes": lambda redis, name: redis.set(name, b"\xff" * 100),
    "a list": lambda redis, name: redis.rpush(name, "a", "b"),
    "an empty hash": lambda redis, name: redis.hset(name, "x", "y"),
    "a hash of nonsense": lambda redis, name: redis.hset(
        name, mapping={"version": "x", "confirmed": "y", "config": b"\xff", "mac": b"z"}
    ),
    "a forged configuration": lambda redis, name: redis.hset(
        name,
        mapping={
            "version": "999999",
            "confirmed": str(time.time()),
            "config": config("paris", version=999999, currency="USD").SerializeToString(),
            "mac": b"0" * 32,
        },
    ),
    "another tenant's value": _old_value,
    "a megabyte": lambda redis, name: redis.hset(name, "config", b"x" * 1_000_000),
}


@pytest.mark.parametrize("write", RUBBISH.values(), ids=RUBBISH.keys())
async def test_what_somebody_else_wrote_into_redis_is_never_served(two, redis_url, redis, write):
    _, tenancy = two
    await tenancy(redis_url).find("lyon")
    await until(lambda: redis.exists(key("tenant", "lyon")))
    await write(redis, key("tenant", "paris"))

    paris = await tenancy(redis_url).find("paris")

    assert (paris.id, paris.version, paris.currency_code) == ("paris", 1, "EUR")


@pytest.mark.parametrize("hint", ["lyon", "", "../lyon", "nobody", "x" * 1000, b"\xff\xfe"])
async def test_a_hint_in_redis_gives_no_host_to_somebody_else(two, redis_url, redis, hint):
    _, tenancy = two
    await redis.set(key("host", "paris.example"), hint)

    assert (await tenancy(redis_url).owner("paris.example")).id == "paris"


async def test_a_process_that_knew_nothing_checks_what_redis_told_it(two, redis_url, redis):
    registry, tenancy = two
    await tenancy(redis_url).find("paris")
    await until(lambda: redis.exists(key("tenant", "paris")))
    registry.put(config("paris", version=2, state=Tenant.STATE_SUSPENDED))
    gateway = tenancy(redis_url)

    await gateway.find("paris")

    async def checked():
        return not (await gateway.find("paris")).is_open

    await until(checked)


async def test_nonsense_on_the_channel_is_passed_over(two, redis_url, redis):
    registry, tenancy = two
    gateway = tenancy(redis_url, listening=True)
    await until(lambda: _subscribed(redis))
    await gateway.find("paris")

    for message in (b"", b"\xff", b"[]", b'{"tenant": 1, "version": {}}', b"[" * 5000, b"null"):
        await redis.publish("souk:tenant-changed", message)
    registry.put(config("paris", version=2, state=Tenant.STATE_SUSPENDED))
    await redis.publish("souk:tenant-changed", b'{"tenant": "paris", "version": 2}')

    async def heard():
        return not (await gateway.find("paris")).is_open

    await until(heard)


async def _subscribed(redis):
    return (await redis.pubsub_numsub("souk:tenant-changed"))[0][1] > 0


@pytest.mark.parametrize("seconds", [lookup.SOFT_SECONDS + 1, lookup.HARD_SECONDS + 1, 3600])
async def test_known_tenants_go_on_when_neither_redis_nor_the_registry_answers(two, seconds):
    registry, tenancy = two
    gateway = tenancy(NOWHERE)
    for tenant in ("paris", "lyon"):
        await gateway.find(tenant)
    registry.is_down = True
    age(gateway, seconds)

    began = time.perf_counter()
    found = [(await gateway.find(t)).id for t in ("paris", "lyon")]

    assert found == ["paris", "lyon"]
    assert time.perf_counter() - began < 1


async def test_a_hanging_registry_holds_up_one_request_and_not_all(two):
    registry, tenancy = two
    gateway = tenancy(NOWHERE)
    await gateway.find("paris")
    registry.gate.clear()
    age(gateway, lookup.HARD_SECONDS + 1)

    await gateway.find("paris")
    began = time.perf_counter()
    for _ in range(100):
        assert (await gateway.find("paris")).id == "paris"

    assert time.perf_counter() - began < 0.1


async def test_a_tenant_that_nobody_knows_is_unavailable_and_not_unknown(two):
    registry, tenancy = two
    registry.is_down = True
    gateway = tenancy(NOWHERE)

    for question in (gateway.find("paris"), gateway.owner("lyon.impactnutrition.com")):
        with pytest.raises(Unavailable):
            await question


async def test_a_paused_redis_costs_milliseconds(two, valkey, redis_url):
    _, tenancy = two
    gateway = tenancy(redis_url)
    valkey[1].signal(signal.SIGSTOP)
    try:
        began = time.perf_counter()
        found = [(await gateway.find(tenant)).id for tenant in ("paris", "lyon")]
        took = time.perf_counter() - began
    finally:
        valkey[1].signal(signal.SIGCONT)

    assert found == ["paris", "lyon"]
    assert took < 0.5


async def test_a_refresh_finds_what_changed_without_anybody_telling(two):
    registry, tenancy = two
    gateway = tenancy(NOWHERE)
    await gateway.find("paris")
    registry.put(config("paris", version=2, state=Tenant.STATE_SUSPENDED))

    age(gateway, lookup.SOFT_SECONDS + 1)
    await gateway.find("paris")

    async def seen():
        return not (await gateway.find("paris")).is_open

    await until(seen)


async def test_a_broken_row_leaves_the_last_good_configuration(two):
    registry, tenancy = two
    gateway = tenancy(NOWHERE)
    await gateway.find("paris")
    registry.put(config("paris", version=2, currency="??"))

    age(gateway, lookup.HARD_SECONDS + 1)

    assert (await gateway.find("paris")).currency_code == "EUR"


@pytest.mark.parametrize("name", ["", "Paris", "-paris", "paris-", "p" * 64, "tenants/paris", "é"])
async def test_what_is_no_tenant_id_is_asked_of_nobody(two, redis_url, name):
    registry, tenancy = two
    gateway = tenancy(redis_url)

    assert await gateway.find(name) is None
    with pytest.raises(NotFound):
        await gateway.tenant(name)
    assert registry.asked == []


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_two_names_never_meet_in_one_key(one, other):
    if one != other and ":" not in one[0] + other[0]:
        assert key(*one) != key(*other)


def test_the_libraries_own_timeouts_are_not_used():
    client = shared._client("redis://127.0.0.1:1/0", timeout=shared.CALL_SECONDS)

    given_arguments = client.connection_pool.connection_kwargs
    assert given_arguments["socket_timeout"] == shared.CALL_SECONDS
    assert given_arguments["retry"]._retries == 0
