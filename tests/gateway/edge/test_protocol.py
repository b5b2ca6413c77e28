"""Clients that only take up connections: they keep nobody else out for long."""

import asyncio
import os
import resource
import socket
from contextlib import contextmanager

import httpx
import pytest

from gateway.edge import protocol
from gateway.edge.protocol import MOST_PIPELINED, SPARE_FILES
from tests.gateway.edge.serving import Transport
from tests.gateway.raw_http import ask, exchange
from tests.platform import gateway_process

ROOM = 20
HOSTS = (b"paris.impactnutrition.com", b"impactnutrition.com.tn")


@contextmanager
def few_files(pid):
    """Lets a process open hardly more files than it has open."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    most = len(os.listdir(f"/proc/{pid}/fd")) + SPARE_FILES + ROOM
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@pytest.fixture
async def gateway(platform):
    """A gateway of its own, for what would harm other tests: its URL and process id."""
    async with gateway_process(platform) as found:
        yield found


async def test_past_the_file_limit_only_new_connections_are_refused(gateway, host):
    url, pid = gateway
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        (await http.get("/store/regions", headers=host("paris"))).raise_for_status()
        with few_files(pid):
            idle = [socket.create_connection(address) for _ in range(SPARE_FILES + 3 * ROOM)]
            for name in ("paris", "hq"):
                assert (await http.get("/store/regions", headers=host(name))).status_code == 200
                refused = await exchange(url, b"")
                assert (refused.status, refused.json["code"]) == (503, "GATEWAY_BUSY")
                assert refused.headers["retry-after"] == "1"

            for one in idle:
                one.close()
            async with asyncio.timeout(10):
                for shop in HOSTS:
                    while (await ask(url, shop)).status == 503:
                        await asyncio.sleep(0.05)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: pa"])
async def test_a_client_that_never_sends_a_head_is_disconnected(monkeypatch, serving, sent):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    transport, connection = Transport(), serving()

    connection.connection_made(transport)
    connection.data_received(sent or b"\r\n")
    async with asyncio.timeout(5):
        while not transport.is_closed:
            await asyncio.sleep(0.01)

    assert transport.sent.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TIMEOUT" in transport.sent


async def test_a_request_whose_head_has_arrived_is_not_timed_out(monkeypatch, serving):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    transport, connection = Transport(), serving()

    connection.connection_made(transport)
    connection.data_received(b"GET /silent HTTP/1.1\r\nHost: paris.example\r\n\r\n")
    await asyncio.sleep(0.15)

    assert (transport.sent, transport.is_closed) == (b"", False)
    connection.connection_lost(None)


async def test_a_client_that_connects_just_before_a_stop_is_answered(serving):
    transport, connection = Transport(), serving()
    connection.connection_made(transport)

    connection.shutdown()
    assert not transport.is_closed
    connection.data_received(b"GET / HTTP/1.1\r\nHost: paris.example\r\n\r\n")
    async with asyncio.timeout(5):
        while not transport.sent:
            await asyncio.sleep(0.01)

    assert transport.sent.startswith(b"HTTP/1.1 204 ")
    connection.shutdown()
    assert transport.is_closed


async def test_a_stop_closes_a_connection_that_sends_nothing_after_a_moment(monkeypatch, serving):
    monkeypatch.setattr(protocol, "NEWCOMER_SECONDS", 0.05)
    transport, connection = Transport(), serving()
    connection.connection_made(transport)

    connection.shutdown()
    async with asyncio.timeout(5):
        while not transport.is_closed:
            await asyncio.sleep(0.01)


async def test_empty_lines_do_not_keep_an_idle_connection_open(monkeypatch, serving):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    transport, connection = Transport(), serving()

    connection.connection_made(transport)
    connection.data_received(b"GET / HTTP/1.1\r\nHost: paris.example\r\n\r\n")
    async with asyncio.timeout(5):
        while not transport.sent:
            await asyncio.sleep(0)
        connection.data_received(b"\r\n")
        while not transport.is_closed:
            await asyncio.sleep(0.01)

    assert transport.sent.startswith(b"HTTP/1.1 204 ")
    assert b"HTTP/1.1 408 " in transport.sent


async def answered(transport):
    async with asyncio.timeout(5):
        while not transport.sent.endswith(b"0\r\n\r\n"):
            await asyncio.sleep(0)
    return transport.sent


SMUGGLED = (
    *("X-Tenant-ID: paris", "Host: paris.impactnutrition.com", "Authorization: Bearer x"),
    *("X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7", "Cookie: a=b"),
    *("Expect: 100-continue", "Idempotency-Key: k", "X-Anything: y"),
)


@pytest.mark.parametrize("field", SMUGGLED)
@pytest.mark.parametrize("pieces", ["at once", "byte by byte"])
async def test_a_field_after_the_body_is_no_header(serving, field, pieces):
    transport, connection = Transport(), serving()
    connection.connection_made(transport)
    request = (
        b"POST /headers HTTP/1.1\r\nHost: souk.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\n{}\r\n0\r\n" + field.encode() + b"\r\n\r\n"
    )

    size = len(request) if pieces == "at once" else 1
    for start in range(0, len(request), size):
        connection.data_received(request[start : start + size])

    sent = await answered(transport)
    assert b'["host", "transfer-encoding"]' in sent
    assert sent.count(b"HTTP/1.1 ") == 1


async def test_fields_after_the_body_are_bounded(serving):
    transport, connection = Transport(), serving()
    connection.connection_made(transport)
    connection.data_received(
        b"POST /silent HTTP/1.1\r\nHost: souk.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    )

    for number in range(1000):
        if not transport.is_closed:
            connection.data_received(b"X-Field-%d: %b\r\n" % (number, b"x" * 100))

    assert transport.sent.startswith(b"HTTP/1.1 431 ")
    connection.connection_lost(None)


async def test_more_pipelined_requests_than_may_wait_are_not_taken(serving):
    transport, connection = Transport(), serving()
    connection.connection_made(transport)

    connection.data_received(b"GET / HTTP/1.1\r\nHost: souk.example\r\n\r\n" * 1000)
    async with asyncio.timeout(5):
        while not transport.is_closed:
            await asyncio.sleep(0)

    assert transport.sent.count(b"HTTP/1.1 204 ") == MOST_PIPELINED + 1
    assert transport.sent.count(b"HTTP/1.1 ") == MOST_PIPELINED + 1


async def test_nonsense_after_a_request_is_not_answered_in_its_place(serving):
    transport, connection = Transport(), serving()
    connection.connection_made(transport)

    connection.data_received(b"GET / HTTP/1.1\r\nHost: souk.example\r\n\r\nnonsense\r\n\r\n")
    async with asyncio.timeout(5):
        while not transport.is_closed:
            await asyncio.sleep(0)

    assert transport.sent.startswith(b"HTTP/1.1 204 ")
    assert transport.sent.count(b"HTTP/1.1 ") == 1
