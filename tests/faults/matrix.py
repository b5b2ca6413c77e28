"""The fault matrix: what is broken, and what must hold while it is.

Common to all rows, and checked by whoever runs one: what was acknowledged is there, every act has
exactly one event and no event lacks its act, no tenant sees another's word, nobody waits past the
deadline, nothing is answered with a 500, and when the fault ends everything serves again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.faults.ledger import Ledger, read_databases
from tests.faults.load import Load
from tests.faults.proxied_platform import (
    CONNECTIONS,
    Connections,
    ProxiedPlatform,
    proxied_platform,
)
from tests.faults.shops import HOSTS, TENANTS, open_shops, token

SERVED = frozenset({200})
REFUSED = frozenset({200, 503})
"""503 at once; 200 for what was under way, or does not need what is broken."""
LATE = frozenset({200, 503, 504})
"""A write of which it is not known whether it was done; a read has nothing to be in doubt of."""
LOST = frozenset({0, 200, 503, 504})
"""No answer at all is possible only where the gateway itself, or the way to it, is broken."""
RECOVERED_WITHIN_SECONDS = 20.0
_HELD_WITHIN_SECONDS = 30.0


@dataclass
class Testbed:
    """A platform with two shops, and clients that use it."""

    platform: ProxiedPlatform
    token: str
    ledger: Ledger

    def load(self, **more: Any) -> Load:
        return Load((self.platform.public_url,), self.token, self.ledger, **more)

    async def recovered(self) -> float:
        """Waits until both shops and a write answer well; tells how long that took."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            asyncio.timeout(RECOVERED_WITHIN_SECONDS),
            httpx.AsyncClient(
                base_url=self.platform.public_url, headers=headers, timeout=5, trust_env=False
            ) as client,
        ):
            while not await self._serves(client):
                await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _serves(self, client: httpx.AsyncClient) -> bool:
        try:
            shops = [
                await client.get("/store/products", headers=HOSTS[tenant]) for tenant in TENANTS
            ]
            # Nothing changes, so it is no act; but a right is resolved and a row is locked.
            wrote = await client.post("/admin/tenants/paris/activate")
        except httpx.TransportError:
            return False
        return all(answer.status_code in (200, 409) for answer in (*shops, wrote))


@asynccontextmanager
async def running_testbed(*, connections: Connections = CONNECTIONS) -> AsyncIterator[Testbed]:
    async with proxied_platform(connections) as platform:
        testbed = Testbed(platform, await token(platform), Ledger())
        headers = {"Authorization": f"Bearer {testbed.token}"}
        async with httpx.AsyncClient(
            base_url=platform.url, headers=headers, timeout=10, trust_env=False
        ) as admin:
            await open_shops(admin)
        await testbed.recovered()
        yield testbed


Injection = Callable[[Testbed], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Row:
    """One fault, and the statuses and times that shoppers and admins may see while it lasts."""

    name: str
    inject: Injection
    reads: frozenset[int] = SERVED
    writes: frozenset[int] = SERVED
    reads_within: float = 4.0
    needs: tuple[int, int] = (10, 4)
    """How many answers to reads and writes it lasts; (0, 0) is half a second, of silence."""
    writes_within: float = 12.0
    """Seconds, twice what is expected: they catch a wait that nothing ends, not a slow machine."""


@dataclass(frozen=True)
class Outcome:
    """What a run of a row saw."""

    reads: int
    writes: int
    refused: int
    """How many of both were not answered with 200."""
    slowest_read: float
    slowest_write: float
    recovered_after: float


async def check_row(testbed: Testbed, row: Row, *, times: int = 1) -> Outcome:
    """Injects a fault under load, ends it, and compares the acknowledged with the stored.

    `times` is how many times as many answers as needed it lasts.
    """
    ledger = testbed.ledger
    async with testbed.load().on():
        await ledger.wait_for_answers(reads=2, writes=1, within=_HELD_WITHIN_SECONDS)
        async with row.inject(testbed):
            ledger.begin()
            await _keep_broken(ledger, row, times)
            counts = dict(ledger.reads), dict(ledger.writes)
            slowest = ledger.slowest_read, ledger.slowest_write
        recovered_after = await testbed.recovered()
    summary = f"{row.name}: reads {counts[0]}, writes {counts[1]}"
    assert counts[0].keys() <= row.reads, summary
    assert counts[1].keys() <= row.writes, summary
    assert slowest[0] < row.reads_within, f"{summary}, slowest {slowest}"
    assert slowest[1] < row.writes_within, f"{summary}, slowest {slowest}"
    ledger.check_answers()
    (await read_databases(testbed.platform)).check(ledger)
    reads, writes = (sum(by_status.values()) for by_status in counts)
    served = sum(by_status.get(200, 0) for by_status in counts)
    return Outcome(reads, writes, reads + writes - served, *slowest, recovered_after)


async def _keep_broken(ledger: Ledger, row: Row, times: int) -> None:
    reads, writes = (times * count for count in row.needs)
    if reads or writes:
        await ledger.wait_for_answers(
            reads=reads, writes=writes, within=times * _HELD_WITHIN_SECONDS
        )
    else:
        await asyncio.sleep(0.5 * times)
