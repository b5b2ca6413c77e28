"""Who goes away takes their work with them: calls are cancelled, transactions rolled back."""

import asyncio
import json
import time
import uuid
from urllib.parse import urlsplit

import pytest_asyncio

from tests.platform import connect

# PostgreSQL itself gives up on a lock after two seconds.
AT_ONCE = 1.5


@pytest_asyncio.fixture
async def two(admin):
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


async def test_a_write_whose_client_went_is_rolled_back_at_once(platform, admin, admin_token, two):
    paris, lyon = two
    holder = await connect(platform, "tenant-registry", "superuser")
    watcher = await connect(platform, "tenant-registry", "superuser")
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM tenant WHERE tenant_id = $1 FOR UPDATE", paris)
            _, writer = await rename(platform.url, admin_token, paris)
            await until(watcher, 1)
            gone_at = time.monotonic()

            writer.transport.abort()
            await until(watcher, 0)
            assert time.monotonic() - gone_at < AT_ONCE
    finally:
        await holder.close()
        await watcher.close()

    reader, writer = await rename(platform.url, admin_token, lyon)
    assert (await reader.readline()).split()[1] == b"200"
    writer.close()
    names = [
        (await admin.get(f"/admin/tenants/{tenant}")).json()["tenant"]["display_name"]
        for tenant in two
    ]
    assert names == ["Before", "After"]


async def test_a_client_that_went_is_no_fault_of_ours(platform, admin_token, two):
    log = platform.state.logs / "gateway.log"
    before = len(log.read_bytes())
    for _ in range(5):
        _, writer = await rename(platform.url, admin_token, two[0])
        writer.transport.abort()
    reader, writer = await rename(platform.url, admin_token, two[1])
    await reader.readline()
    writer.close()

    said = log.read_bytes()[before:]
    assert b"Traceback" not in said
    assert b"request_failed" not in said
