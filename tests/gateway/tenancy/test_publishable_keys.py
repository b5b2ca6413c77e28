"""Keys of storefronts: a signal that must agree with the others, at no cost to who sends none."""

import pytest
import pytest_asyncio

from gateway.cache.redis import key as redis_key
from gateway.tenancy import memory
from services.values.api_keys import PUBLISHABLE, SECRET, digest, new_key
from tests.gateway.tenancy.test_signals import HQ, LYON, PARIS, PLATFORM, shop
from tests.gateway.two_tenants import HERE, NOWHERE, wait_until

KEYS = "/admin/tenants/{}/api-keys"


@pytest_asyncio.fixture
async def key_of(admin):
    """Makes a publishable key; revoked after the test, because a tenant has few."""
    made = []

    async def create(tenant):
        body = {"type": "publishable", "title": "Shop"}
        answer = await admin.post(KEYS.format(tenant), json=body)
        key = answer.raise_for_status().json()["api_key"]
        made.append(f"{KEYS.format(tenant)}/{key['id']}")
        return key["token"]

    yield create
    for path in made:
        await admin.delete(path)


def signal(key):
    return {"x_publishable_api_key": key}


async def test_on_a_shops_host_its_own_key_is_fine_and_every_other_refused_alike(platform, key_of):
    paris, hq = await key_of("paris"), await key_of("hq")

    assert await shop(platform, PARIS, **signal(paris)) == "paris"
    assert await shop(platform, HQ, **signal(hq)) == "hq"
    for wrong in (hq, new_key(PUBLISHABLE), new_key(SECRET), paris + "x", "pk_", "é"):
        assert await shop(platform, PARIS, **signal(wrong)) == "PUBLISHABLE_KEY_INVALID"
    assert await shop(platform, PARIS) == "paris"
    assert await shop(platform, PARIS, **signal("")) == "paris"


@pytest.mark.parametrize("host", PLATFORM)
async def test_on_the_platforms_hosts_a_key_names_the_shop(platform, key_of, host):
    keys = {tenant: await key_of(tenant) for tenant in ("paris", "hq")}

    for tenant, key in keys.items():
        assert await shop(platform, host, **signal(key)) == tenant
    for wrong in (new_key(PUBLISHABLE), "pk_x"):
        assert await shop(platform, host, **signal(wrong)) == "PUBLISHABLE_KEY_INVALID"


async def test_there_it_must_agree_with_prefix_and_header(platform, key_of):
    key, at_paris = await key_of("paris"), "/t/paris/store/regions"

    assert await shop(platform, "localhost", at_paris, **signal(key)) == "paris"
    assert await shop(platform, "localhost", X_Tenant_ID="paris", **signal(key)) == "paris"
    for path, tenant in (("/t/hq/store/regions", ""), ("/store/regions", "hq")):
        given = signal(key) | {"X_Tenant_ID": tenant}
        assert await shop(platform, "localhost", path, **given) == "TENANT_SIGNALS_DISAGREE"
    made_up = signal(new_key(PUBLISHABLE))
    assert await shop(platform, "localhost", at_paris, **made_up) == "PUBLISHABLE_KEY_INVALID"


async def test_a_key_of_a_closed_shop_opens_nothing(platform, key_of):
    key, lyon = await key_of("lyon"), "/t/lyon/store/regions"

    assert await shop(platform, "localhost", **signal(key)) == "PUBLISHABLE_KEY_INVALID"
    assert await shop(platform, "localhost", lyon, **signal(key)) == "PUBLISHABLE_KEY_INVALID"
    assert await shop(platform, LYON, **signal(key)) == await shop(platform, LYON)


async def test_a_revoked_key_is_refused_at_once_where_it_was_revoked(platform, admin, key_of):
    key = await key_of("paris")
    assert await shop(platform, PARIS, **signal(key)) == "paris"
    assert await shop(platform, "localhost", **signal(key)) == "paris"

    listed = (await admin.get(KEYS.format("paris"))).json()["api_keys"]
    [found] = [one for one in listed if key.startswith(one["redacted"].removesuffix("***"))]
    await admin.delete(f"{KEYS.format('paris')}/{found['id']}")

    for host in (PARIS, "localhost"):
        assert await shop(platform, host, **signal(key)) == "PUBLISHABLE_KEY_INVALID"


async def test_a_key_moves_no_admin_to_another_tenant(admin, key_of):
    headers = {"x-publishable-api-key": await key_of("paris")}

    assert (await admin.get("/admin/tenants/paris", headers=headers)).is_success
    refused = await admin.get("/admin/tenants/hq", headers=headers)
    assert refused.json()["code"] == "TENANT_SIGNALS_DISAGREE"


async def test_a_publishable_key_is_resolved_once_and_its_config_serves_other_lookups(
    tenants, redis_url
):
    gateway = tenants.gateway(redis_url)
    keys = {
        tenants.paris: await tenants.publishable_key(tenants.paris),
        tenants.lyon: await tenants.publishable_key(tenants.lyon),
    }

    for _ in range(20):
        for tenant, key in keys.items():
            assert (await gateway.owner_of_key(key, HERE)).id == tenant
    assert (await gateway.find(tenants.paris)).has_key(keys[tenants.paris])
    assert not (await gateway.find(tenants.paris)).has_key(keys[tenants.lyon])
    assert tenants.lookups == []  # neither a host nor an id was asked for


async def test_a_hint_in_redis_that_lies_finds_nobody(tenants, redis, redis_url):
    key = await tenants.publishable_key(tenants.paris)
    await redis.set(redis_key("publishable-key", digest(key).hex()), tenants.lyon)

    assert (await tenants.gateway(redis_url).owner_of_key(key, HERE)).id == tenants.paris


async def test_another_process_finds_a_key_with_the_registry_down(tenants, redis, redis_url):
    key = await tenants.publishable_key(tenants.paris)
    here, there = tenants.gateway(redis_url), tenants.gateway(redis_url, port=1)
    await here.owner_of_key(key, HERE)
    await wait_until(lambda: redis.exists(redis_key("publishable-key", digest(key).hex())))

    assert (await there.owner_of_key(key, HERE)).id == tenants.paris


async def test_keys_that_were_made_up_grow_nothing(tenants, redis, redis_url, monkeypatch):
    monkeypatch.setattr(memory, "_UNKNOWN", 16)
    gateway = tenants.gateway(redis_url)
    before = await redis.dbsize()

    for number in range(50):
        assert await gateway.owner_of_key(new_key(PUBLISHABLE), f"10.0.0.{number}") is None

    assert len(gateway._memory._unknown) == 16
    assert len(gateway._memory._owners) == 0
    assert await redis.dbsize() == before


async def test_a_misspelled_key_costs_no_question(tenants):
    gateway = tenants.gateway(NOWHERE, port=1)

    assert await gateway.owner_of_key(new_key(PUBLISHABLE)[:-1], HERE) is None
