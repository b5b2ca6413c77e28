"""A load generator: keep-alive HTTP/1.1 connections, each with one request under way at a time."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_WITHOUT_BODY = (204, 304)

NextRequest = Callable[[int, int], bytes]
"""Gives the bytes of a connection's n-th request: (connection, n) -> bytes."""


@dataclass
class Result:
    """What one run saw; latencies in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def __add__(self, other: "Result") -> "Result":
        counts = Counter(self.statuses) + Counter(other.statuses)
        latencies = self.latencies + other.latencies
        return Result(self.seconds + other.seconds, latencies, dict(counts))

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies) or [0.0]
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Connection(asyncio.Protocol):
    def __init__(self, number: int, next_request: NextRequest, result: Result, ends: float) -> None:
        self._number, self._next_request = number, next_request
        self._result, self._ends = result, ends
        self._buffer, self._missing = bytearray(), -1
        self._sent, self._count = 0.0, 0
        self.first = 0.0  # the seconds until the first answer
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._next_request(self._number, self._count))
        self._count += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._missing < 0 and not self._read_head():
            return
        if len(self._buffer) >= self._missing:
            self._answered()

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end])
        status = int(head[9:12])
        length = _LENGTH.search(head)
        assert length or status in _WITHOUT_BODY, f"no content-length in {head!r}"
        self._result.statuses[status] = self._result.statuses.get(status, 0) + 1
        self._missing = end + 4 + (int(length[1]) if length else 0)
        return True

    def _answered(self) -> None:
        now = time.perf_counter()
        self._result.latencies.append(now - self._sent)
        self.first = self.first or now - self._sent
        self._buffer.clear()
        self._missing = -1
        if now >= self._ends:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def load(port: int, connections: int, seconds: float, next_request: NextRequest) -> Result:
    """Sends requests on so many connections for so long, and awaits what is under way then."""
    loop, result, started = asyncio.get_running_loop(), Result(), time.perf_counter()
    made = [
        await loop.create_connection(
            lambda number=number: _Connection(number, next_request, result, started + seconds),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        for number in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    result.seconds = time.perf_counter() - started
    return result


async def crowd(
    port: int, connections: int, seconds: float, next_request: NextRequest
) -> list[float]:
    """Connects all at once, and returns how long each waited for the first of its answers."""
    loop, result, ends = asyncio.get_running_loop(), Result(), time.perf_counter() + seconds
    made = await asyncio.gather(
        *(
            loop.create_connection(
                lambda number=number: _Connection(number, next_request, result, ends),  # type: ignore[misc]
                "127.0.0.1",
                port,
            )
            for number in range(connections)
        )
    )
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return [protocol.first for _, protocol in made]
