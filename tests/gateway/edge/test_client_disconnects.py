"""Who goes away takes their work with them: calls are cancelled, transactions rolled back."""

import asyncio
import json
import uuid
from urllib.parse import urlsplit

import pytest_asyncio

from gateway.edge.guard import CLIENT_GONE
from tests.platform import connect


@pytest_asyncio.fixture
async def tenants(admin):
    """Two shops of the test's own."""
    names = [f"{name}-{uuid.uuid4().hex[:8]}" for name in ("paris", "lyon")]
    for name in names:
        shop = {
            "id": name,
            "display_name": "Before",
            "country_code": "fr",
            "currency_code": "eur",
            "default_locale": "fr",
        }
        (await admin.post("/admin/tenants", json=shop)).raise_for_status()
    return names


async def rename(url, token, tenant):
    """Sends a write, and gives the connection on which its answer would come."""
    body = json.dumps({"display_name": "After"}).encode()
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(
        b"PATCH /admin/tenants/%b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (tenant.encode(), token.encode(), len(body), body)
    )
    await writer.drain()
    return reader, writer


async def waiting(watcher):
    return await watcher.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = 'tenant_registry' AND wait_event_type = 'Lock'"
    )


async def until(watcher, number):
    async with asyncio.timeout(10):
        while await waiting(watcher) != number:
            await asyncio.sleep(0.01)


async def status_of_write(platform, tenant):
    """Waits for the gateway's log line about the write to a tenant; returns the status in it."""
    log = platform.state.logs / "gateway.log"
    async with asyncio.timeout(10):
        while True:
            for line in log.read_text().splitlines():
                if '"PATCH"' in line and f'"/admin/tenants/{tenant}"' in line:
                    return json.loads(line)["status"]
            await asyncio.sleep(0.05)


async def test_a_write_whose_client_left_is_rolled_back(platform, admin, admin_token, tenants):
    paris, lyon = tenants
    holder = await connect(platform, "tenant-registry", "superuser")
    watcher = await connect(platform, "tenant-registry", "superuser")
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM tenant WHERE tenant_id = $1 FOR UPDATE", paris)
            _, writer = await rename(platform.url, admin_token, paris)
            await until(watcher, 1)

            writer.transport.abort()
            await until(watcher, 0)
            # PostgreSQL itself gives up on a lock after two seconds, which would be answered.
            assert await status_of_write(platform, paris) == CLIENT_GONE
    finally:
        await holder.close()
        await watcher.close()

    reader, writer = await rename(platform.url, admin_token, lyon)
    assert (await reader.readline()).split()[1] == b"200"
    writer.close()
    names = [
        (await admin.get(f"/admin/tenants/{tenant}")).json()["tenant"]["display_name"]
        for tenant in tenants
    ]
    assert names == ["Before", "After"]


async def test_a_client_that_went_is_no_fault_of_ours(platform, admin_token, tenants):
    log = platform.state.logs / "gateway.log"
    before = len(log.read_bytes())
    for _ in range(5):
        _, writer = await rename(platform.url, admin_token, tenants[0])
        writer.transport.abort()
    reader, writer = await rename(platform.url, admin_token, tenants[1])
    await reader.readline()
    writer.close()

    logged = log.read_bytes()[before:]
    assert b"Traceback" not in logged
    assert b"request_failed" not in logged
