"""The proxy itself: what the other fault tests lean on."""

import asyncio
import contextlib
import socket
import struct
import time
from contextlib import asynccontextmanager

import pytest

from deploy.local import ports
from tests.faults import packet_loss
from tests.faults.proxy import Fault, Proxy


@asynccontextmanager
async def echo():
    """An echo server behind a proxy, and a connection to it."""

    async def answer(reader, writer):
        with contextlib.suppress(ConnectionResetError):
            while data := await reader.read(100):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    proxy = Proxy(ports.free(1)[0], f"{host}:{port}")
    await proxy.listen()
    reader, writer = await asyncio.open_connection(*proxy.address.split(":"))
    try:
        yield proxy, reader, writer
    finally:
        writer.close()
        await proxy.refuse()
        server.close()


async def test_without_a_fault_everything_arrives_and_so_does_the_end():
    async with echo() as (proxy, reader, writer):
        writer.write(b"x" * 100_000)
        writer.write_eof()

        assert await reader.read(-1) == b"x" * 100_000
        assert proxy.requests.passed == proxy.answers.passed == 100_000


async def test_latency_holds_up_each_way():
    async with echo() as (proxy, reader, writer):
        with proxy.degraded(Fault(latency=0.1)):
            began = time.monotonic()
            writer.write(b"souks")
            await reader.readexactly(5)

            assert time.monotonic() - began >= 0.2


async def test_a_silent_way_says_nothing_until_it_is_mended():
    async with echo() as (proxy, reader, writer):
        with proxy.degraded(answers=Fault(silent=True)):
            writer.write(b"souks")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)

        assert await reader.readexactly(5) == b"souks"


async def test_an_abandoned_connection_stays_silent_and_a_new_one_works():
    async with echo() as (proxy, reader, writer):
        writer.write(b"souks")
        await reader.readexactly(5)
        proxy.abandon()
        writer.write(b"souks")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)

        reader, writer = await asyncio.open_connection(*proxy.address.split(":"))
        writer.write(b"souks")
        assert await reader.readexactly(5) == b"souks"
        writer.close()


@pytest.mark.skipif(not packet_loss.is_allowed(), reason="this kernel lets only root lose packets")
async def test_lost_packets_are_sent_again_and_arrive():
    async with echo() as (proxy, reader, writer), asyncio.timeout(30):
        with proxy.degraded(Fault(loss=0.3)):
            while not sent_again(writer):
                writer.write(b"souks")
                assert await reader.readexactly(5) == b"souks"


def sent_again(writer):
    """How many segments the kernel has sent more than once: tcpi_total_retrans of <linux/tcp.h>."""
    tcp_info = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("I", tcp_info, 100)[0]


async def test_a_cut_lets_that_many_bytes_through_and_resets():
    async with echo() as (proxy, reader, writer):
        with proxy.degraded(answers=Fault(cut_after=3, piece=2)):
            writer.write(b"souks")

            assert await reader.readexactly(3) == b"sou"
            with pytest.raises(ConnectionResetError):
                await reader.read(1)


async def test_bandwidth_bounds_the_bytes_a_second():
    async with echo() as (proxy, reader, writer):
        with proxy.degraded(requests=Fault(bandwidth=10_000, piece=100)):
            began = time.monotonic()
            writer.write(b"x" * 1_000)
            await reader.readexactly(1_000)

            assert time.monotonic() - began >= 0.1


async def test_a_proxy_that_refuses_ends_what_there_is_and_takes_nothing_new():
    async with echo() as (proxy, reader, writer):
        writer.write(b"souks")
        await reader.readexactly(5)

        await proxy.refuse()

        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*proxy.address.split(":"))
