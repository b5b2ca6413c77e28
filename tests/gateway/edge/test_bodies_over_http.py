"""Bodies that come late, in crowds or from strangers, at a gateway that runs in this process."""

import asyncio
import json

import pytest
import pytest_asyncio
import uvicorn

from gateway.app import create_app
from gateway.edge import body_budget, guard
from gateway.edge.body_budget import ADDRESS_BYTES
from gateway.edge.protocol import SoukProtocol
from gateway.edge.sizes import MAX_BODY_BYTES
from gateway.settings import GatewaySettings
from services.kernel.process.settings import load
from tests.gateway.raw_http import exchange

# So many bodies of one address are in memory at a time.
SHARE = ADDRESS_BYTES // MAX_BODY_BYTES
LOGIN = b"POST /auth/user/emailpass HTTP/1.1\r\nContent-Type: application/json\r\n"
HOSTS = [b"paris.impactnutrition.com", b"impactnutrition.com.tn"]


@pytest_asyncio.fixture
async def gateway(platform, monkeypatch):
    """A gateway whose limits a test may change; this machine is a proxy that it trusts."""
    program = await asyncio.to_thread(platform.topology.program, "gateway")
    for name, value in program.environment.items():
        if name.startswith("SOUK_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("SOUK_TRUSTED_PROXIES", "127.0.0.0/8")
    app = create_app(load(GatewaySettings))
    config = uvicorn.Config(app, port=0, http=SoukProtocol, lifespan="on", log_config=None)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        await server.shutdown()


async def everything(url, *parts):
    """Sends these parts, and reads until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "begun", [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"]
)
async def test_a_late_body_is_408_at_the_deadline_and_the_connection_closed(
    gateway, monkeypatch, host, begun
):
    monkeypatch.setattr(guard, "ARRIVAL_SECONDS", 0.2)
    monkeypatch.setattr(body_budget, "LINGER_SECONDS", 0.1)

    answer = await everything(gateway, LOGIN + b"Host: %b\r\n" % host + begun)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "REQUEST_TIMEOUT"


async def test_a_write_whose_body_is_late_has_done_nothing(gateway, monkeypatch, admin_token):
    monkeypatch.setattr(guard, "ARRIVAL_SECONDS", 0.5)
    monkeypatch.setattr(body_budget, "LINGER_SECONDS", 0.1)
    head = (
        b"PATCH /admin/tenants/paris HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n" % admin_token.encode()
    )

    answer = await everything(gateway, head, b'{"display_name": "Never"}')

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_bodies_of_one_address_take_up_their_share_and_no_more(gateway):
    port = int(gateway.rpartition(":")[2])
    head = LOGIN + b"Host: localhost\r\nX-Forwarded-For: 203.0.113.%d\r\nContent-Length: %d\r\n\r\n"
    crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(SHARE + 4)]
    for _, writer in crowd:
        writer.write(head % (1, MAX_BODY_BYTES) + b" " * (MAX_BODY_BYTES - 1))
    refused: list[bytes] = []
    async with asyncio.timeout(10):
        waiting = {asyncio.create_task(reader.readline()) for reader, _ in crowd}
        while len(refused) < len(crowd) - SHARE:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            refused += [task.result().split()[1] for task in done]

    neighbour = await exchange(gateway, head % (2, 2) + b"{}")

    assert set(refused) == {b"503"}
    assert (neighbour.status, neighbour.json["code"]) == (400, "REQUEST_INVALID")
    for task in waiting:
        task.cancel()
    for _, writer in crowd:
        writer.transport.abort()
