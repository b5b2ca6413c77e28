"""A crowd in one shop does not keep another's visitors out, on real processes."""

import asyncio
from urllib.parse import urlsplit

import pytest

from gateway.edge.fair_queue import AT_ONCE, SHARES, WAITING
from gateway.limits import Kind
from tests.load.generator import load

CROWD = SHARES[Kind.STORE_READ] + WAITING // 2 + 40
VISITORS = 2
SECONDS = 2.0


def read(host):
    head = f"GET /store/products?limit=1 HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
    return lambda connection, n: head


@pytest.fixture
def port(platform):
    return urlsplit(platform.url).port


async def test_visitors_of_one_shop_are_served_while_a_crowd_is_in_another(platform, port, host):
    shops = {name: read(host(name)["Host"]) for name in ("paris", "hq")}
    alone = await load(port, VISITORS, SECONDS, shops["hq"])

    crowd, visitors = await asyncio.gather(
        load(port, CROWD, SECONDS + 1, shops["paris"]), load(port, VISITORS, SECONDS, shops["hq"])
    )

    for name, result in (("alone", alone), ("crowd", crowd), ("beside it", visitors)):
        times = f"p50 {result.percentile(50):.1f} ms, p99 {result.percentile(99):.1f} ms"
        print(name, result.statuses, times)  # noqa: T201  # times are for people
    assert set(alone.statuses) == set(visitors.statuses) == {200}
    assert set(crowd.statuses) <= {200, 503}


async def test_a_slow_sender_holds_no_slot(port, admin, admin_token):
    paths = ["/admin/tenants/paris", "/admin/tenants/hq"]
    slow = []
    try:
        for number in range(AT_ONCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                b"PATCH %b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\n"
                b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
                % (paths[number % 2].encode(), admin_token.encode())
            )
            slow.append((reader, writer))
        await asyncio.gather(*(writer.drain() for _, writer in slow))

        for path in paths * 3:
            assert (await admin.patch(path, json={})).status_code == 200
    finally:
        for _, writer in slow:
            writer.transport.abort()
