"""The listener for operators: whoever is slow, large or many keeps nobody from a probe."""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from services.kernel.operation import endpoints, listener, metrics
from services.kernel.operation.endpoints import Answer, Readiness
from tests.gateway.raw_http import ask

LARGE = b"x" * 50_000_000


@asynccontextmanager
async def serving():
    """Runs the listener, with an endpoint whose answer no socket takes in at once."""

    async def ready():
        return Readiness(is_ready=True, parts={})

    async def large(_):
        return Answer(200, LARGE)

    app = endpoints.create_app(readiness=ready, metrics=metrics.page, more={"/large": large})
    bound = listener.bind("127.0.0.1:0")
    async with listener.serving(bound, app):
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@asynccontextmanager
async def connected(url):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def read_slowly(reader):
    """Reads small pieces until the other side has closed the connection; returns how much."""
    size = 0
    with suppress(ConnectionResetError):
        while piece := await reader.read(100):
            size += len(piece)
    return size


async def is_ready(url):
    return (await ask(url, b"any.example", target=b"/readyz")).status == 200


async def test_a_connection_serves_one_request():
    async with serving() as url, connected(url) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 2)

        answers = await reader.read()

    assert answers.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in answers


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /rea", b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"],
    ids=["no-head", "half-a-head", "slow-reader"],
)
async def test_a_client_that_does_not_send_or_read_in_time_is_cut_off(monkeypatch, sent):
    monkeypatch.setattr(listener, "CONNECTION_SECONDS", 0.2)
    async with serving() as url, connected(url) as (reader, writer):
        writer.write(sent)

        assert await read_slowly(reader) < len(LARGE)
        assert await is_ready(url)


async def test_a_head_without_end_is_cut_off():
    async with serving() as url, connected(url) as (reader, writer):
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: a\r\nX-A: " + b"x" * listener.MOST_BYTES)

        assert await read_slowly(reader) == 0
        assert await is_ready(url)


async def test_a_crowd_of_idle_connections_keeps_nobody_out():
    async with serving() as url, AsyncExitStack() as crowd:
        oldest, _ = await crowd.enter_async_context(connected(url))
        for _ in range(3 * listener.MOST_CONNECTIONS):
            await crowd.enter_async_context(connected(url))

        assert await is_ready(url)
        assert await read_slowly(oldest) == 0


async def test_scrapes_without_end_are_answered_together(monkeypatch):
    pages = []
    original = metrics.page

    async def page():
        pages.append(1)
        return await original()

    monkeypatch.setattr(metrics, "page", page)
    async with serving() as url:
        scrapes = [ask(url, b"a", target=b"/metrics") for _ in range(40)]
        answers = await asyncio.gather(*scrapes)

    assert {answer.status for answer in answers} == {200}
    assert len(pages) < 10


def test_an_address_that_is_taken_is_named_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(SystemExit, match=f"SOUK_INTERNAL_LISTEN={address}"):
            listener.bind(address)
