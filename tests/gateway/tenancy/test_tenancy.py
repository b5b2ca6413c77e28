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
from tests.gateway.two_tenants import BASE, HERE, NOWHERE, make_older, wait_until


async def test_each_host_finds_its_own_tenant(tenants, redis_url):
    gateway = tenants.gateway(redis_url)

    found = [
        await gateway.owner(host, HERE)
        for host in (tenants.host, f"{tenants.paris}.{BASE}", f"{tenants.lyon}.{BASE}")
    ]

    assert [tenant.id for tenant in found] == [tenants.paris, tenants.paris, tenants.lyon]
    assert [tenant.currency_code for tenant in found] == ["EUR", "EUR", "TND"]


async def test_a_known_tenant_is_not_asked_for_again(tenants, redis_url):
    gateway = tenants.gateway(redis_url)

    for _ in range(100):
        await gateway.owner(tenants.host, HERE)
        await gateway.find(tenants.lyon)

    assert sorted(tenants.lookups) == sorted([tenants.host, f"tenants/{tenants.lyon}"])


async def test_concurrent_requests_for_one_tenant_share_one_lookup(tenants, redis_url):
    gateway = tenants.gateway(redis_url)

    with tenants.registry_process.paused():
        waiting = [asyncio.create_task(gateway.owner(tenants.host, HERE)) for _ in range(500)]
        await wait_until(tenants.has_lookups)
    found = await asyncio.gather(*waiting)

    assert {tenant.id for tenant in found} == {tenants.paris}
    assert tenants.lookups == [tenants.host]


async def test_a_look_up_goes_on_for_others_when_its_first_caller_hangs_up(tenants, redis_url):
    gateway = tenants.gateway(redis_url)

    with tenants.registry_process.paused():
        first, second = (asyncio.create_task(gateway.owner(tenants.host, HERE)) for _ in range(2))
        await wait_until(tenants.has_lookups)
        first.cancel()

    assert (await second).id == tenants.paris
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_another_process_learns_of_a_tenant_from_redis(tenants, redis_url, redis):
    hosts = {tenants.host: tenants.paris, f"{tenants.lyon}.{BASE}": tenants.lyon}
    here, there = tenants.gateway(redis_url), tenants.gateway(redis_url, port=1)
    for host in hosts:
        await here.owner(host, HERE)
    names = [key("host", host) for host in hosts] + [key("tenant", hosts[host]) for host in hosts]

    async def all_shared():
        return await redis.exists(*names) == len(names)

    await wait_until(all_shared)

    assert {host: (await there.owner(host, HERE)).id for host in hosts} == hosts


async def test_an_unknown_host_is_looked_up_once_and_not_stored(tenants, redis_url, redis):
    gateway = tenants.gateway(redis_url)

    found = [await gateway.owner("nobody.example", HERE) for _ in range(50)]

    assert set(found) == {None}
    assert tenants.lookups == ["nobody.example"]
    assert await redis.dbsize() == 0


async def test_a_scan_of_random_hosts_grows_neither_memory_nor_redis(
    tenants, redis_url, redis, monkeypatch
):
    monkeypatch.setattr(memory, "_UNKNOWN", 100)
    monkeypatch.setattr(plans, "LOOKUPS", Quota(1000, 1000))
    gateway = tenants.gateway(redis_url)

    for number in range(300):
        await gateway.owner(f"scan-{number}.example", f"10.0.0.{number % 250}")

    assert len(tenants.lookups) == 300
    assert len(gateway._memory._unknown) <= 100
    assert await redis.dbsize() == 0


async def test_a_new_domain_is_found_at_once_where_it_was_unknown_before(tenants, redis_url):
    here, there = (
        tenants.gateway(redis_url, listening=True),
        tenants.gateway(redis_url, listening=True),
    )
    assert await here.owner(tenants.new_host, HERE) is None
    assert await there.owner(tenants.new_host, HERE) is None

    await tenants.add(tenants.lyon, tenants.new_host)
    await here.publish_change(tenants.lyon)

    assert (await here.owner(tenants.new_host, HERE)).id == tenants.lyon

    async def found_there():
        return await there.owner(tenants.new_host, HERE) is not None

    await wait_until(found_there)


async def test_a_host_that_moved_is_its_new_owners_alone(tenants, redis_url):
    here, there = (
        tenants.gateway(redis_url, listening=True),
        tenants.gateway(redis_url, listening=True),
    )
    for gateway in (here, there):
        assert (await gateway.owner(tenants.host, HERE)).id == tenants.paris

    await tenants.remove(tenants.paris, tenants.host)
    await tenants.add(tenants.lyon, tenants.host)
    await here.publish_change(tenants.paris)
    await here.publish_change(tenants.lyon)

    assert (await here.owner(tenants.host, HERE)).id == tenants.lyon

    async def moved_there():
        return (await there.owner(tenants.host, HERE)).id == tenants.lyon

    await wait_until(moved_there)


async def test_other_processes_hear_of_a_suspension(tenants, redis_url):
    here, there = (
        tenants.gateway(redis_url, listening=True),
        tenants.gateway(redis_url, listening=True),
    )
    assert (await there.find(tenants.paris)).is_open

    await tenants.suspend(tenants.paris)
    await here.publish_change(tenants.paris)

    assert not (await here.find(tenants.paris)).is_open

    async def closed_there():
        return not (await there.find(tenants.paris)).is_open

    await wait_until(closed_there)


async def test_known_tenants_go_on_when_neither_redis_nor_the_registry_answers(tenants):
    ages = (lookup.SOFT_SECONDS + 1, lookup.HARD_SECONDS + 1, 3600)
    gateways = {seconds: tenants.gateway(NOWHERE) for seconds in ages}
    for gateway in gateways.values():
        for tenant in (tenants.paris, tenants.lyon):
            await gateway.find(tenant)
    await tenants.registry_process.child.kill()

    for seconds, gateway in gateways.items():
        make_older(gateway, seconds)
        began = time.perf_counter()
        found = [(await gateway.find(tenant)).id for tenant in (tenants.paris, tenants.lyon)]

        assert found == [tenants.paris, tenants.lyon]
        assert time.perf_counter() - began < 5


async def test_a_hanging_registry_holds_up_one_request_and_not_all(tenants):
    gateway = tenants.gateway(NOWHERE)
    await gateway.find(tenants.paris)
    make_older(gateway, lookup.HARD_SECONDS + 1)

    with tenants.registry_process.paused():
        await gateway.find(tenants.paris)
        began = time.perf_counter()
        for _ in range(100):
            assert (await gateway.find(tenants.paris)).id == tenants.paris

    assert time.perf_counter() - began < 2


async def test_a_tenant_that_nobody_knows_is_unavailable_and_not_unknown(tenants):
    gateway = tenants.gateway(NOWHERE, port=1)

    for question in (gateway.find(tenants.paris), gateway.owner(f"{tenants.lyon}.{BASE}", HERE)):
        with pytest.raises(Unavailable):
            await question


async def test_a_paused_redis_costs_milliseconds(tenants, valkey, redis_url):
    gateway = tenants.gateway(redis_url)
    valkey[1].signal(signal.SIGSTOP)
    try:
        began = time.perf_counter()
        found = [(await gateway.find(tenant)).id for tenant in (tenants.paris, tenants.lyon)]
        took = time.perf_counter() - began
    finally:
        valkey[1].signal(signal.SIGCONT)

    assert found == [tenants.paris, tenants.lyon]
    assert took < 3


async def test_a_refresh_finds_what_changed_without_anybody_telling(tenants):
    gateway = tenants.gateway(NOWHERE)
    await gateway.find(tenants.paris)
    await tenants.suspend(tenants.paris)

    make_older(gateway, lookup.SOFT_SECONDS + 1)
    await gateway.find(tenants.paris)

    async def seen():
        return not (await gateway.find(tenants.paris)).is_open

    await wait_until(seen)


async def test_a_broken_row_leaves_the_last_good_configuration(tenants):
    gateway = tenants.gateway(NOWHERE)
    await gateway.find(tenants.paris)
    await tenants.registry_process.execute(
        "UPDATE tenant SET currency_code = '??', config_version = config_version + 1"
        " WHERE tenant_id = $1",
        tenants.paris,
    )

    make_older(gateway, lookup.HARD_SECONDS + 1)

    assert (await gateway.find(tenants.paris)).currency_code == "EUR"


@pytest.mark.parametrize("name", ["", "Paris", "-paris", "paris-", "p" * 64, "tenants/paris", "é"])
async def test_an_invalid_tenant_id_is_not_looked_up(tenants, redis_url, name):
    gateway = tenants.gateway(redis_url)

    assert await gateway.find(name) is None
    with pytest.raises(NotFound):
        await gateway.tenant(name)
    assert tenants.lookups == []
