"""Known shops go on when what stands behind them is paused, killed or filled with rubbish."""

import asyncio
import signal
import time

import httpx
import pytest
from redis.asyncio import Redis

from gateway.cache.redis import key

SHOPS = {"hq": "tnd", "paris": "eur"}


async def visit(http, host, *, within=6.0):
    """Reads both shops; all must answer with their own goods, in time."""
    for tenant, currency in SHOPS.items():
        began = time.perf_counter()
        answer = await http.get("/store/products?limit=2", headers=host(tenant))
        assert answer.status_code == 200, answer.text
        prices = [
            variant["calculated_price"]["currency_code"]
            for product in answer.json()["products"]
            for variant in product["variants"]
        ]
        assert set(prices) == {currency}
        assert time.perf_counter() - began < within


async def recovered(http, host):
    async with asyncio.timeout(20):
        while True:
            try:
                return await visit(http, host)
            except AssertionError:
                await asyncio.sleep(0.1)


async def test_a_paused_redis_holds_up_nobody(platform, http, host):
    await visit(http, host)
    platform.signal("valkey", signal.SIGSTOP)
    try:
        for _ in range(5):
            await visit(http, host, within=4.0)
    finally:
        platform.signal("valkey", signal.SIGCONT)
    await visit(http, host)


@pytest.mark.parametrize("name", ["valkey", "tenant-registry", "audit"])
async def test_a_part_that_died_is_missed_by_no_shopper(platform, http, operator, host, name):
    await visit(http, host)
    await platform.kill(name)
    try:
        for _ in range(5):
            await visit(http, host)
        ready = await operator.get("/readyz")
        assert ready.status_code == 200
        part = "redis" if name == "valkey" else name
        assert ready.json()["parts"][part] == "unreachable"
    finally:
        await platform.start(name)
    await recovered(http, host)


async def test_without_the_catalogue_the_answer_is_503_soon_and_in_shape(
    platform, http, operator, host
):
    await visit(http, host)
    await platform.kill("catalog-opt-in")
    try:
        for tenant in SHOPS:
            async with asyncio.timeout(10):  # what is in memory is shown for a moment more
                while (await http.get("/store/products", headers=host(tenant))).status_code == 200:
                    await asyncio.sleep(0.05)
            began = time.perf_counter()
            answer = await http.get("/store/products", headers=host(tenant))
            assert (answer.status_code, answer.json()["type"]) == (503, "unavailable")
            assert answer.headers["retry-after"]
            assert time.perf_counter() - began < 6
            regions = await http.get("/store/regions", headers=host(tenant))
            assert regions.json()["regions"][0]["id"] == f"reg_{tenant}"
        assert (await operator.get("/readyz")).status_code == 503
    finally:
        await platform.start("catalog-opt-in")
    await recovered(http, host)


async def test_rubbish_in_redis_and_an_empty_one_change_nothing(platform, http, host):
    await visit(http, host)
    async with Redis.from_url(platform.topology.redis) as redis:
        for tenant in SHOPS:
            await redis.set(key("tenant", tenant), b"\xff rubbish")
            await redis.set(key("host", host(tenant)["Host"]), "lyon")
        await redis.publish("souk:tenant-changed", b'{"tenant": "paris", "version": 0}')
        await visit(http, host)
        await redis.flushall()
    await visit(http, host)


async def test_a_shop_that_is_suspended_closes_at_once_and_opens_again(http, admin, host):
    await visit(http, host)

    try:
        (await admin.post("/admin/tenants/paris/suspend")).raise_for_status()
        closed = await http.get("/store/products", headers=host("paris"))
        assert (closed.status_code, closed.json()["code"]) == (404, "SHOP_UNKNOWN")
        async with asyncio.timeout(10):  # the catalogue was away in the tests before
            while (await http.get("/store/products", headers=host("hq"))).status_code == 503:
                await asyncio.sleep(0.05)
        assert (await http.get("/store/products", headers=host("hq"))).status_code == 200
    finally:
        (await admin.post("/admin/tenants/paris/activate")).raise_for_status()

    await recovered(http, host)


async def test_a_killed_gateway_starts_again_and_knows_its_shops(platform, http, host):
    await platform.restart("gateway")

    await recovered(http, host)


async def test_a_gateway_that_is_told_to_stop_finishes_what_it_began(platform, http, host):
    requests = [
        asyncio.create_task(http.get("/store/products?limit=200", headers=host(tenant)))
        for tenant in [*SHOPS] * 4
    ]
    await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)

    await platform._children["gateway"].stop()
    answers = await asyncio.gather(*requests, return_exceptions=True)

    await platform.start("gateway")
    served = [answer for answer in answers if isinstance(answer, httpx.Response)]
    refused = [answer for answer in answers if not isinstance(answer, httpx.Response)]
    assert served
    assert {answer.status_code for answer in served} == {200}
    assert all(isinstance(answer, httpx.ConnectError) for answer in refused)
    await recovered(http, host)
