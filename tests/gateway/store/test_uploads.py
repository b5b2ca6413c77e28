"""Pictures as a shop's host serves them: again only when needed, and in nobody's way."""

import asyncio
import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from gateway.edge.fair_queue import AT_ONCE
from tests.pictures import png

SHOPS = ("paris", "hq")


@pytest.fixture
def upload(admin):
    """Uploads a picture at a tenant; gives its path."""

    async def make(tenant, content):
        headers = {"X-Tenant-ID": tenant}
        files = {"files": ("photo.png", content, "image/png")}
        answer = await admin.post("/admin/uploads", files=files, headers=headers)
        answer.raise_for_status()
        return answer.json()["files"][0]["url"]

    return make


async def test_a_picture_of_another_shop_is_not_known_to_be_current(http, admin, upload, host):
    shared, own = await upload("hq", png(note=b"hq")), await upload("paris", png(note=b"paris"))

    async def status(path, shop):
        known = {"If-None-Match": f'"{path.rpartition("/")[2]}"'}
        return (await http.get(path, headers=host(shop) | known)).status_code

    assert [await status(shared, shop) for shop in SHOPS] == [304, 304]
    assert [await status(own, shop) for shop in SHOPS] == [304, 404]
    (await admin.delete(f"/admin{shared}", headers={"X-Tenant-ID": "hq"})).raise_for_status()
    assert [await status(shared, shop) for shop in SHOPS] == [404, 404]


async def test_slow_readers_of_pictures_hold_up_nothing_else(platform, http, admin, upload, host):
    """As many as there are slots for everything else, of two shops, take the head and no more."""
    path = await upload("hq", png(note=b"x" * 7_000_000))
    url = urlsplit(platform.url)
    loop = asyncio.get_running_loop()

    async def begin(shop):
        connection = open_.enter_context(socket.socket())
        connection.setblocking(False)
        # So little that the picture stays in the gateway.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(connection, (url.hostname, url.port))
        head = f"GET {path} HTTP/1.1\r\nHost: {host(shop)['Host']}\r\n\r\n"
        await loop.sock_sendall(connection, head.encode())
        return await loop.sock_recv(connection, 12)

    with ExitStack() as open_:
        async with asyncio.timeout(20):
            begun = await asyncio.gather(*(begin(SHOPS[n % 2]) for n in range(AT_ONCE)))

        assert begun == [b"HTTP/1.1 200"] * AT_ONCE
        for shop in SHOPS:
            assert (await admin.get(f"/admin/tenants/{shop}")).status_code == 200
            assert (await http.head(path, headers=host(shop))).status_code == 200
