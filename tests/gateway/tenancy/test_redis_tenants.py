"""What is believed of what stands in Redis."""

import asyncio
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.cache.redis import CALL_SECONDS, client, key
from gateway.tenancy.tenant import known
from tests.gateway.two import HERE, until


async def test_an_older_version_never_replaces_a_newer_one(two, redis_url, redis):
    gateway = two.gateway(redis_url)
    for tenant in (two.paris, two.lyon):
        older = await two.config(tenant)
        await two.rename(tenant, "Renamed")
        newer = await two.config(tenant)

        for one in (newer, older):
            await gateway._shared.put(known(one), one.SerializeToString())
            gateway._memory.put(known(one), asked_at=time.monotonic())

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
async def test_what_somebody_else_wrote_into_redis_is_never_served(two, redis_url, redis, write):
    await two.gateway(redis_url).find(two.lyon)
    await until(lambda: redis.exists(key("tenant", two.lyon)))
    held = await redis.hgetall(key("tenant", two.lyon))
    await write(redis, key("tenant", two.paris), two.paris, held)

    paris = await two.gateway(redis_url).find(two.paris)

    assert paris == known(await two.config(two.paris))
    assert paris.currency_code == "EUR"


async def test_a_tenant_forged_with_a_stolen_key_is_forgotten_with_the_key(two, redis_url, redis):
    gateway, keys = two.gateway(redis_url), [b"stolen"]
    gateway._shared._keys = lambda: tuple(keys)
    genuine = {tenant: await two.config(tenant) for tenant in (two.paris, two.lyon)}
    for tenant, config in genuine.items():
        forged = TenantConfig.FromString(config.SerializeToString())
        forged.version = 999_999
        forged.tenant.display_name = "Forged"
        await gateway._shared.put(known(forged), forged.SerializeToString())
        assert (await gateway.find(tenant)).display_name == "Forged"
    await asyncio.gather(*gateway._behind)

    keys[:] = [b"new"]

    for tenant, config in genuine.items():
        assert await gateway.find(tenant) == known(config)
        assert (await gateway.shop(tenant, HERE)).display_name == "Souk"


@pytest.mark.parametrize("hint", [b"LYON", b"", b"../LYON", b"nobody", b"x" * 1000, b"\xff\xfe"])
async def test_a_hint_in_redis_gives_no_host_to_somebody_else(two, redis_url, redis, hint):
    await redis.set(key("host", two.host), hint.replace(b"LYON", two.lyon.encode()))

    assert (await two.gateway(redis_url).owner(two.host, HERE)).id == two.paris


async def test_a_process_that_knew_nothing_checks_what_redis_told_it(two, redis_url, redis):
    await two.gateway(redis_url).find(two.paris)
    await until(lambda: redis.exists(key("tenant", two.paris)))
    await two.suspend(two.paris)
    gateway = two.gateway(redis_url)

    await gateway.find(two.paris)

    async def checked():
        return not (await gateway.find(two.paris)).is_open

    await until(checked)


async def test_nonsense_on_the_channel_is_passed_over(two, redis_url, redis):
    gateway = two.gateway(redis_url, listening=True)
    await until(lambda: _subscribed(redis))
    await gateway.find(two.paris)

    for message in (b"", b"\xff", b"[]", b'{"tenant": 1, "version": {}}', b"[" * 5000, b"null"):
        await redis.publish("souk:tenant-changed", message)
    await two.suspend(two.paris)
    change = {"tenant": two.paris, "version": (await two.config(two.paris)).version}
    await redis.publish("souk:tenant-changed", json.dumps(change))

    async def heard():
        return not (await gateway.find(two.paris)).is_open

    await until(heard)


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
