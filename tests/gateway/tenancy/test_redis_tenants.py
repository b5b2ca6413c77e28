"""What is believed of what stands in Redis."""

import asyncio
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.cache.redis import CALL_SECONDS, client, key
from gateway.tenancy.tenant import known_tenant
from tests.gateway.two_tenants import HERE, wait_until


async def test_an_older_version_never_replaces_a_newer_one(tenants, redis_url, redis):
    gateway = tenants.gateway(redis_url)
    for tenant in (tenants.paris, tenants.lyon):
        older = await tenants.config(tenant)
        await tenants.rename(tenant, "Renamed")
        newer = await tenants.config(tenant)

        for one in (newer, older):
            await gateway._redis.put(known_tenant(one), one.SerializeToString())
            gateway._memory.put(known_tenant(one), requested_at=time.monotonic())

        assert await redis.hget(key("tenant", tenant), "version") == b"%d" % newer.version
        assert (await gateway.find(tenant)).display_name == "Renamed"


def forged(tenant, held):
    """Makes of another tenant's value one that names this tenant, newer than all."""
    config = TenantConfig.FromString(held[b"config"])
    config.tenant.name, config.version = f"tenants/{tenant}", 999_999
    return held | {b"version": b"999999", b"config": config.SerializeToString()}


# Each is given a tenant's id, and what the gateway itself keeps there for another tenant.
RUBBISH = {
    "bytes": lambda redis, name, *_: redis.set(name, b"\xff" * 100),
    "a list": lambda redis, name, *_: redis.rpush(name, "a", "b"),
    "an empty hash": lambda redis, name, *_: redis.hset(name, "x", "y"),
    "a hash of nonsense": lambda redis, name, *_: redis.hset(
        name, mapping={"version": "x", "confirmed": "y", "config": b"\xff", "mac": b"z"}
    ),
    "a forged configuration": lambda redis, name, tenant, held: redis.hset(
        name, mapping=forged(tenant, held)
    ),
    "another tenant's value": lambda redis, name, _, held: redis.hset(name, mapping=held),
    "a megabyte": lambda redis, name, *_: redis.hset(name, "config", b"x" * 1_000_000),
}


@pytest.mark.parametrize("write", RUBBISH.values(), ids=RUBBISH.keys())
async def test_data_in_redis_without_a_valid_mac_is_never_served(tenants, redis_url, redis, write):
    await tenants.gateway(redis_url).find(tenants.lyon)
    await wait_until(lambda: redis.exists(key("tenant", tenants.lyon)))
    held = await redis.hgetall(key("tenant", tenants.lyon))
    await write(redis, key("tenant", tenants.paris), tenants.paris, held)

    paris = await tenants.gateway(redis_url).find(tenants.paris)

    assert paris == known_tenant(await tenants.config(tenants.paris))
    assert paris.currency_code == "EUR"


async def test_a_tenant_forged_with_a_stolen_key_is_forgotten_with_it(tenants, redis_url, redis):
    gateway, keys = tenants.gateway(redis_url), [b"stolen"]
    gateway._redis._keys = lambda: tuple(keys)
    genuine = {tenant: await tenants.config(tenant) for tenant in (tenants.paris, tenants.lyon)}
    for tenant, config in genuine.items():
        forged = TenantConfig.FromString(config.SerializeToString())
        forged.version = 999_999
        forged.tenant.display_name = "Forged"
        await gateway._redis.put(known_tenant(forged), forged.SerializeToString())
        assert (await gateway.find(tenant)).display_name == "Forged"
    await asyncio.gather(*gateway._background)

    keys[:] = [b"new"]

    for tenant, config in genuine.items():
        assert await gateway.find(tenant) == known_tenant(config)
        assert (await gateway.shop(tenant, HERE)).display_name == "Souk"


@pytest.mark.parametrize("hint", [b"LYON", b"", b"../LYON", b"nobody", b"x" * 1000, b"\xff\xfe"])
async def test_a_hint_in_redis_gives_no_host_to_somebody_else(tenants, redis_url, redis, hint):
    await redis.set(key("host", tenants.host), hint.replace(b"LYON", tenants.lyon.encode()))

    assert (await tenants.gateway(redis_url).owner(tenants.host, HERE)).id == tenants.paris


async def test_a_process_that_knew_nothing_checks_what_redis_told_it(tenants, redis_url, redis):
    await tenants.gateway(redis_url).find(tenants.paris)
    await wait_until(lambda: redis.exists(key("tenant", tenants.paris)))
    await tenants.suspend(tenants.paris)
    gateway = tenants.gateway(redis_url)

    await gateway.find(tenants.paris)

    async def checked():
        return not (await gateway.find(tenants.paris)).is_open

    await wait_until(checked)


async def test_nonsense_on_the_channel_is_passed_over(tenants, redis_url, redis):
    gateway = tenants.gateway(redis_url, listening=True)
    await wait_until(lambda: _subscribed(redis))
    await gateway.find(tenants.paris)

    for message in (b"", b"\xff", b"[]", b'{"tenant": 1, "version": {}}', b"[" * 5000, b"null"):
        await redis.publish("souk:tenant-changed", message)
    await tenants.suspend(tenants.paris)
    change = {"tenant": tenants.paris, "version": (await tenants.config(tenants.paris)).version}
    await redis.publish("souk:tenant-changed", json.dumps(change))

    async def heard():
        return not (await gateway.find(tenants.paris)).is_open

    await wait_until(heard)


async def _subscribed(redis):
    return (await redis.pubsub_numsub("souk:tenant-changed"))[0][1] > 0


_NAMES = st.lists(st.text(alphabet=":1a"), min_size=1, max_size=3)


@given(_NAMES, _NAMES)
@example(["a:a"], ["a", "a"])
def test_two_names_never_meet_in_one_key(one, other):
    assert (key("kind", *one) == key("kind", *other)) is (one == other)


def test_the_libraries_own_timeouts_are_not_used():
    made = client("redis://127.0.0.1:1/0", timeout=CALL_SECONDS)

    given_arguments = made.connection_pool.connection_kwargs
    assert given_arguments["socket_timeout"] == CALL_SECONDS
    assert given_arguments["retry"]._retries == 0
