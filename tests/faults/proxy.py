"""A TCP proxy that does on purpose what networks do by accident; one is in each connection.

with proxy.degraded(Fault(latency=0.3)):              # both ways
with proxy.degraded(answers=Fault(silent=True)):      # one way: what the server says gets lost
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.faults.packet_loss import lose

_CHUNK = 65_536
# With this, closing resets: the other side is told that what it sent may not have arrived.
_RESETS = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one way of a connection."""

    latency: float = 0.0
    """Seconds by which each piece comes late."""
    jitter: float = 0.0
    """Up to this many seconds more."""
    piece: int = _CHUNK
    """Bytes that travel at once."""
    bandwidth: float = float("inf")
    """Bytes a second, on each connection."""
    silent: bool = False
    """Nothing arrives, and nobody is told; what was sent meanwhile arrives when this ends."""
    loss: float = 0.0
    """The share of packets that get lost, and are sent again."""
    cut_after: int | None = None
    """Bytes, of all connections together, after which each connection is reset."""


NONE = Fault()


class Way:
    """One way of a connection, and how many bytes went it since its fault began."""

    def __init__(self) -> None:
        self.fault, self.passed = NONE, 0
        self._ends = set[socket.socket]()
        self._heard = asyncio.Event()
        self._heard.set()

    def begin(self, fault: Fault) -> None:
        if fault.loss != self.fault.loss:
            for end in self._ends:
                lose(end, fault.loss)
        self.fault, self.passed = fault, 0
        (self._heard.clear if fault.silent else self._heard.set)()

    @contextmanager
    def from_(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Has packets get lost, if they shall, that come in at a connection."""
        end = writer.get_extra_info("socket")
        if self.fault.loss:
            lose(end, self.fault.loss)
        self._ends.add(end)
        try:
            yield
        finally:
            self._ends.discard(end)

    async def carry(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        """Hands bytes on as the fault has it; False when the connection must be reset."""
        while data:
            size = min(self.fault.piece, len(data))
            await self._hold_up(size)
            if (room := self._room()) is not None and size >= room:
                writer.write(data[:room])
                await writer.drain()
                self.passed += room
                return False
            piece, data = data[:size], data[size:]
            writer.write(piece)
            await writer.drain()
            self.passed += size
        return True

    async def _hold_up(self, size: int) -> None:
        fault = self.fault
        delay = fault.latency + random.uniform(0, fault.jitter) + size / fault.bandwidth
        if delay:
            await asyncio.sleep(delay)
        await self._heard.wait()

    def _room(self) -> int | None:
        after = self.fault.cut_after
        return None if after is None else max(after - self.passed, 0)


class Proxy:
    """Listens on `port` and stands for `target`; whole until told otherwise."""

    def __init__(self, port: int, target: str) -> None:
        self.address = f"127.0.0.1:{port}"
        self.requests, self.answers = Way(), Way()
        self._port = port
        self._host, _, target_port = target.rpartition(":")
        self._target_port = int(target_port)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def refuse(self) -> None:
        """Takes no new connection and resets those there are, until `listen`."""
        if self._server is not None:
            self._server.close()
        self.reset()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def reset(self) -> None:
        """Resets every connection."""
        for connection in self._connections:
            connection.cancel()

    def abandon(self) -> None:
        """Carries nothing any more on the connections that there are, and tells nobody.

        As a firewall does that forgot them. New ones are whole.
        """
        self.begin(Fault(silent=True))
        self.requests, self.answers = Way(), Way()

    @contextmanager
    def degraded(
        self, both: Fault = NONE, *, requests: Fault = NONE, answers: Fault = NONE
    ) -> Iterator[None]:
        """Has a fault in both ways, or in one of them, until the block ends."""
        self.requests.begin(both if requests is NONE else requests)
        self.answers.begin(both if answers is NONE else answers)
        try:
            yield
        finally:
            self.begin(NONE)

    def begin(self, both: Fault) -> None:
        """Has a fault in both ways from now on."""
        self.requests.begin(both)
        self.answers.begin(both)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            _abort(writer)
        finally:
            self._connections.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection(self._host, self._target_port)
        with self.requests.from_(writer), self.answers.from_(there):
            await self._carry(reader, writer, there_reader, there)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        ways = (
            asyncio.create_task(_pump(reader, there, self.requests)),
            asyncio.create_task(_pump(there_reader, writer, self.answers)),
        )
        try:
            # One way may end before the other does, and in good order.
            for way in asyncio.as_completed(ways):
                if not await way:
                    raise ConnectionResetError
        except (OSError, asyncio.CancelledError):
            for end in (there, writer):
                _abort(end)
            raise
        finally:
            for one in ways:
                one.cancel()
            for end in (there, writer):
                end.close()
            await asyncio.gather(*ways, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> bool:
    """Carries until the end; tells whether that was a good one."""
    while data := await reader.read(_CHUNK):
        if not await way.carry(data, writer):
            return False
    with contextlib.suppress(OSError):
        writer.write_eof()
    return True


def _abort(writer: asyncio.StreamWriter) -> None:
    end = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)
    writer.transport.abort()
