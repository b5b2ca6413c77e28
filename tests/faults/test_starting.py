"""Processes start in any order, and many clients at once after an outage bring down nobody."""

import asyncio
import itertools
import random

import httpx

from tests.faults.breaking import descendants, gone
from tests.faults.shops import HOSTS, canary
from tests.platform import connect

STOPPED = ("tenant-registry", "catalog-opt-in", "audit", "gateway", "postgres", "valkey")
CLIENTS = 200
MOST_CONNECTIONS = 120


async def test_services_start_in_any_order_with_everything_down(ground):
    platform = ground.platform
    orders = random.Random(4).sample([*itertools.permutations(STOPPED)], 2)
    for order in orders:
        family = descendants(platform.pid("postgres"))
        for name in STOPPED:
            await platform.kill(name)
        await gone(family)

        # Each is started when the one before it has begun to, ready or not.
        starts = []
        for name in order:
            starts.append(asyncio.create_task(platform.start(name)))
            await asyncio.sleep(0.1)
        await asyncio.gather(*starts)

        await ground.recovered()


async def test_a_herd_of_shoppers_after_an_outage_is_served(ground):
    platform = ground.platform
    await platform.kill("catalog-opt-in")
    await platform.start("catalog-opt-in")

    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(
        base_url=platform.url, timeout=20, trust_env=False, limits=limits
    ) as http:

        async def visit(tenant):
            for _ in range(20):
                answer = await http.get("/store/products", headers=HOSTS[tenant])
                assert answer.status_code in (200, 429, 503, 504), answer.text
                if answer.status_code == 200:
                    assert canary(tenant) in answer.text
                    return
                after = int(answer.headers.get("retry-after", 1))
                await asyncio.sleep(random.uniform(0.5, 1.5) * after)
            raise AssertionError("never served")

        await asyncio.gather(*(visit(tenant) for tenant in ("paris", "lyon") * (CLIENTS // 2)))

    connection = await connect(platform, "catalog-opt-in", "superuser")
    held = await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename <> ''")
    await connection.close()
    assert held <= MOST_CONNECTIONS
    await ground.recovered()
