"""Redis comes back from an old dump: what it says of the past is not believed."""

import asyncio
from contextlib import asynccontextmanager

import httpx
from redis.asyncio import Redis

from tests.faults.shops import HOSTS, token


@asynccontextmanager
async def old_dump(platform):
    """What Redis holds now is all that it holds, after a restart, when the block ends."""
    async with Redis.from_url(platform.topology.redis) as redis:
        dump = {key: await redis.dump(key) or b"" async for key in redis.scan_iter()}
    assert any(b"lyon" in key for key in dump)
    yield
    await platform.restart("valkey")
    async with Redis.from_url(platform.topology.redis) as redis:
        await redis.flushall()
        for key, value in dump.items():
            await redis.restore(key, 0, value)


async def statuses(http, session):
    shops = [await http.get("/store/products", headers=host) for host in HOSTS.values()]
    mine = await http.get("/admin/tenants", headers={"Authorization": f"Bearer {session}"})
    return [answer.status_code for answer in (*shops, mine)]


async def until_closed(http, session):
    async with asyncio.timeout(5):
        while await statuses(http, session) != [200, 404, 401]:
            await asyncio.sleep(0.05)


async def test_data_from_an_old_redis_dump_is_not_trusted(testbed):
    platform, session = testbed.platform, await token(testbed.platform)
    admin = {"Authorization": f"Bearer {testbed.token}"}
    async with httpx.AsyncClient(base_url=platform.url, trust_env=False, timeout=10) as http:
        assert await statuses(http, session) == [200, 200, 200]
        async with old_dump(platform):
            mine = {"Authorization": f"Bearer {session}"}
            (await http.delete("/auth/session", headers=mine)).raise_for_status()
            path = "/admin/tenants/lyon"
            (await http.post(f"{path}/suspend", headers=admin)).raise_for_status()
            await until_closed(http, session)
        try:
            for _ in range(20):
                assert await statuses(http, session) == [200, 404, 401]
            # One that remembers nothing asks Redis, and the registry behind the first answer.
            await platform.restart("gateway")
            await until_closed(http, session)
            for _ in range(20):
                assert await statuses(http, session) == [200, 404, 401]
        finally:
            (await http.post(f"{path}/activate", headers=admin)).raise_for_status()
    await testbed.recovered()
