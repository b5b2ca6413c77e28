"""Where tenants are known from, and how long, whatever is down."""

import asyncio
import signal
import time

import pytest

from gateway.cache.redis import key
from gateway.limits import plans
from gateway.limits.plans import Quota
from gateway.tenancy import lookup, memory
from services.kernel.call.errors import NotFound, Unavailable
from tests.gateway.two import BASE, HERE, NOWHERE, age, until


async def test_each_host_finds_its_own_tenant(two, redis_url):
    gateway = two.gateway(redis_url)

    found = [
        await gateway.owner(host, HERE)
        for host in (two.host, f"{two.paris}.{BASE}", f"{two.lyon}.{BASE}")
    ]

    assert [tenant.id for tenant in found] == [two.paris, two.paris, two.lyon]
    assert [tenant.currency_code for tenant in found] == ["EUR", "EUR", "TND"]


async def test_a_known_tenant_is_not_asked_for_again(two, redis_url):
    gateway = two.gateway(redis_url)

    for _ in range(100):
        await gateway.owner(two.host, HERE)
        await gateway.find(two.lyon)

    assert sorted(two.asked) == sorted([two.host, f"tenants/{two.lyon}"])


async def test_many_who_want_one_tenant_ask_once(two, redis_url):
    gateway = two.gateway(redis_url)

    with two.process.paused():
        waiting = [asyncio.create_task(gateway.owner(two.host, HERE)) for _ in range(500)]
        await until(two.was_asked)
    found = await asyncio.gather(*waiting)

    assert {tenant.id for tenant in found} == {two.paris}
    assert two.asked == [two.host]


async def test_whoever_asked_first_may_leave_and_the_others_are_answered(two, redis_url):
    gateway = two.gateway(redis_url)

    with two.process.paused():
        first, second = (asyncio.create_task(gateway.owner(two.host, HERE)) for _ in range(2))
        await until(two.was_asked)
        first.cancel()

    assert (await second).id == two.paris
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_another_process_learns_of_a_tenant_from_redis(two, redis_url, redis):
    hosts = {two.host: two.paris, f"{two.lyon}.{BASE}": two.lyon}
    here, there = two.gateway(redis_url), two.gateway(redis_url, port=1)
    for host in hosts:
        await here.owner(host, HERE)
    names = [key("host", host) for host in hosts] + [key("tenant", hosts[host]) for host in hosts]

    async def all_shared():
        return await redis.exists(*names) == len(names)

    await until(all_shared)

    assert {host: (await there.owner(host, HERE)).id for host in hosts} == hosts


async def test_an_unknown_host_is_asked_for_once_and_leaves_nothing_in_redis(two, redis_url, redis):
    gateway = two.gateway(redis_url)

    found = [await gateway.owner("nobody.example", HERE) for _ in range(50)]

    assert set(found) == {None}
    assert two.asked == ["nobody.example"]
    assert await redis.dbsize() == 0


async def test_a_scan_of_random_hosts_grows_neither_memory_nor_redis(
    two, redis_url, redis, monkeypatch
):
    monkeypatch.setattr(memory, "_UNKNOWN", 100)
    monkeypatch.setattr(plans, "LOOKUPS", Quota(1000, 1000))
    gateway = two.gateway(redis_url)

    for number in range(300):
        await gateway.owner(f"scan-{number}.example", f"10.0.0.{number % 250}")

    assert len(two.asked) == 300
    assert len(gateway._memory._unknown) <= 100
    assert await redis.dbsize() == 0


async def test_a_new_domain_is_found_at_once_where_it_was_unknown_before(two, redis_url):
    here, there = two.gateway(redis_url, listening=True), two.gateway(redis_url, listening=True)
    assert await here.owner(two.new_host, HERE) is None
    assert await there.owner(two.new_host, HERE) is None

    await two.add(two.lyon, two.new_host)
    await here.changed(two.lyon)

    assert (await here.owner(two.new_host, HERE)).id == two.lyon

    async def found_there():
        return await there.owner(two.new_host, HERE) is not None

    await until(found_there)


async def test_a_host_that_moved_is_its_new_owners_alone(two, redis_url):
    here, there = two.gateway(redis_url, listening=True), two.gateway(redis_url, listening=True)
    for gateway in (here, there):
        assert (await gateway.owner(two.host, HERE)).id == two.paris

    await two.remove(two.paris, two.host)
    await two.add(two.lyon, two.host)
    await here.changed(two.paris)
    await here.changed(two.lyon)

    assert (await here.owner(two.host, HERE)).id == two.lyon

    async def moved_there():
        return (await there.owner(two.host, HERE)).id == two.lyon

    await until(moved_there)


async def test_other_processes_hear_of_a_suspension(two, redis_url):
    here, there = two.gateway(redis_url, listening=True), two.gateway(redis_url, listening=True)
    assert (await there.find(two.paris)).is_open

    await two.suspend(two.paris)
    await here.changed(two.paris)

    assert not (await here.find(two.paris)).is_open

    async def closed_there():
        return not (await there.find(two.paris)).is_open

    await until(closed_there)


async def test_known_tenants_go_on_when_neither_redis_nor_the_registry_answers(two):
    ages = (lookup.SOFT_SECONDS + 1, lookup.HARD_SECONDS + 1, 3600)
    gateways = {seconds: two.gateway(NOWHERE) for seconds in ages}
    for gateway in gateways.values():
        for tenant in (two.paris, two.lyon):
            await gateway.find(tenant)
    await two.process.child.kill()

    for seconds, gateway in gateways.items():
        age(gateway, seconds)
        began = time.perf_counter()
        found = [(await gateway.find(tenant)).id for tenant in (two.paris, two.lyon)]

        assert found == [two.paris, two.lyon]
        assert time.perf_counter() - began < 1


async def test_a_hanging_registry_holds_up_one_request_and_not_all(two):
    gateway = two.gateway(NOWHERE)
    await gateway.find(two.paris)
    age(gateway, lookup.HARD_SECONDS + 1)

    with two.process.paused():
        await gateway.find(two.paris)
        began = time.perf_counter()
        for _ in range(100):
            assert (await gateway.find(two.paris)).id == two.paris

    assert time.perf_counter() - began < 0.1


async def test_a_tenant_that_nobody_knows_is_unavailable_and_not_unknown(two):
    gateway = two.gateway(NOWHERE, port=1)

    for question in (gateway.find(two.paris), gateway.owner(f"{two.lyon}.{BASE}", HERE)):
        with pytest.raises(Unavailable):
            await question


async def test_a_paused_redis_costs_milliseconds(two, valkey, redis_url):
    gateway = two.gateway(redis_url)
    valkey[1].signal(signal.SIGSTOP)
    try:
        began = time.perf_counter()
        found = [(await gateway.find(tenant)).id for tenant in (two.paris, two.lyon)]
        took = time.perf_counter() - began
    finally:
        valkey[1].signal(signal.SIGCONT)

    assert found == [two.paris, two.lyon]
    assert took < 0.5


async def test_a_refresh_finds_what_changed_without_anybody_telling(two):
    gateway = two.gateway(NOWHERE)
    await gateway.find(two.paris)
    await two.suspend(two.paris)

    age(gateway, lookup.SOFT_SECONDS + 1)
    await gateway.find(two.paris)

    async def seen():
        return not (await gateway.find(two.paris)).is_open

    await until(seen)


async def test_a_broken_row_leaves_the_last_good_configuration(two):
    gateway = two.gateway(NOWHERE)
    await gateway.find(two.paris)
    await two.process.execute(
        "UPDATE tenant SET currency_code = '??', config_version = config_version + 1"
        " WHERE tenant_id = $1",
        two.paris,
    )

    age(gateway, lookup.HARD_SECONDS + 1)

    assert (await gateway.find(two.paris)).currency_code == "EUR"


@pytest.mark.parametrize("name", ["", "Paris", "-paris", "paris-", "p" * 64, "tenants/paris", "é"])
async def test_what_is_no_tenant_id_is_asked_of_nobody(two, redis_url, name):
    gateway = two.gateway(redis_url)

    assert await gateway.find(name) is None
    with pytest.raises(NotFound):
        await gateway.tenant(name)
    assert two.asked == []
