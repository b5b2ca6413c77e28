"""Processes start in any order, and many clients at once after an outage bring down nobody."""

import asyncio
import random

import httpx

from deploy.manifest import SERVICES
from tests.faults.injections import ALL, kill_all, start_all
from tests.faults.shops import HOSTS, canary
from tests.platform import connect

CLIENTS = 100
MOST_CONNECTIONS = 120


async def test_services_start_in_any_order_with_everything_down(testbed):
    await kill_all(testbed)
    awaited = {service.name: times_awaited(testbed, service.name) for service in SERVICES}

    # Each before whom it needs; the campaign takes random orders.
    async with asyncio.TaskGroup() as group:
        group.create_task(start_all(testbed, ("gateway", *ALL[:5])))
        async with asyncio.timeout(60):
            while any(times_awaited(testbed, name) == awaited[name] for name in awaited):
                await asyncio.sleep(0.05)
        group.create_task(start_all(testbed, ("valkey", "postgres")))

    await testbed.recovered()


def times_awaited(testbed, name):
    """Counts how often a service said that it waits for its database."""
    log = testbed.platform.state.logs / f"{name}.log"
    return log.read_text().count("database_awaited")


async def test_a_herd_of_shoppers_after_an_outage_is_served(testbed):
    platform = testbed.platform
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
    await testbed.recovered()
