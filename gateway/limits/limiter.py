"""Counts requests: frequent kinds in this process, rare and sensitive kinds directly in Redis.

Local counts are sent to Redis a few times a second, and the total of all processes comes back.
Without Redis, each process counts alone and allows half the rate, so limits never fail open.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cachetools import LRUCache

from gateway.limits.plans import Limit
from gateway.limits.redis_counts import RedisCounts, Spent

SETTLE_SECONDS = 0.15
_CACHE_SIZE = 20_000
_BATCH_SIZE = 500


class Verdict(NamedTuple):
    """Whether a request may proceed, and its tightest limit for the response headers."""

    limits: tuple[Limit, ...]
    tightest: Limit
    remaining: int
    reset_seconds: int
    is_refused: bool = False

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Returns RateLimit and RateLimit-Policy as in draft-ietf-httpapi-ratelimit-headers."""
        policies = b", ".join([limit.policy for limit in self.limits])
        state = f'"{self.tightest.name}";r={self.remaining};t={self.reset_seconds}'
        return [(b"ratelimit-policy", policies), (b"ratelimit", state.encode())]


class Count:
    """When a limit is fully available again, and how many requests Redis does not know of yet."""

    __slots__ = ("ends", "limit", "unsent")

    def __init__(self, limit: Limit, now: float) -> None:
        self.limit = limit
        self.ends = now
        self.unsent = 0


class Limiter:
    def __init__(self, shared: RedisCounts, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._clock = clock
        self._counts: LRUCache[str, Count] = LRUCache(_CACHE_SIZE)
        self._unsent: LRUCache[str, Count] = LRUCache(_CACHE_SIZE)
        self._task: asyncio.Task[None] | None = None
        self.is_alone = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._settling())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._shared.close()

    def count(self, limits: tuple[Limit, ...]) -> Verdict:
        """Counts one request locally against all limits, or against none if one refuses it."""
        now, processes = self._clock(), self._processes
        counts = [self._count(limit, now) for limit in limits]
        for limit, count in zip(limits, counts, strict=True):
            quota = limit.quota
            excess = count.ends - now + quota.interval * processes - quota.tolerance
            # Not 0: sums of fractions miss it by a little, and a burst would end one request early.
            if excess > 1e-9:
                return _refusal(limits, limit, excess)
        debts = []
        for limit, count in zip(limits, counts, strict=True):
            count.ends += limit.quota.interval * processes
            debts.append(count.ends - now)
            if not count.unsent:
                self._unsent[limit.key] = count
            count.unsent += 1
        return _verdict(limits, debts)

    async def count_exactly(self, limits: tuple[Limit, ...]) -> Verdict:
        """Counts one request in Redis, exactly across all processes."""
        spent = await self._shared.spend(limits)
        self.is_alone = spent is None
        if spent is None:
            return self.count(limits)
        self._adopt_totals(limits, spent.debts)
        if spent.refused is not None:
            return _refusal(limits, spent.refused, _excess(spent, limits))
        return _verdict(limits, spent.debts)

    async def settle(self) -> None:
        """Sends local counts since the last time to Redis, and receives the totals."""
        waiting = [self._unsent.get(name) for name in list(self._unsent)[:_BATCH_SIZE]]
        counts = [count for count in waiting if count is not None]
        if not counts:
            return
        sent = [(count.limit, count.unsent) for count in counts]
        debts = await self._shared.add(sent)
        self.is_alone = debts is None
        if debts is None:
            return
        for count, (limit, number) in zip(counts, sent, strict=True):
            count.unsent -= number
            if not count.unsent:
                self._unsent.pop(limit.key, None)
        self._adopt_totals([count.limit for count in counts], debts)

    async def _settling(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            await self.settle()

    @property
    def _processes(self) -> int:
        """For how many processes a request counts: without Redis, each allows half the rate."""
        return 2 if self.is_alone else 1

    def _count(self, limit: Limit, now: float) -> Count:
        try:
            count = self._counts[limit.key]
        except KeyError:
            count = self._counts[limit.key] = Count(limit, now)
        # If the plan has changed, what was used stays used.
        count.limit = limit
        if count.ends < now:
            count.ends = now
        return count

    def _adopt_totals(self, limits: Sequence[Limit], debts: Sequence[float]) -> None:
        now = self._clock()
        for limit, debt in zip(limits, debts, strict=True):
            count = self._count(limit, now)
            # Never earlier than known here: a Redis that was restarted has forgotten its counts.
            count.ends = max(count.ends, now + debt + count.unsent * limit.quota.interval)


def _verdict(limits: tuple[Limit, ...], debts: Sequence[float]) -> Verdict:
    remaining, tightest, reset = math.inf, limits[0], 0.0
    for limit, debt in zip(limits, debts, strict=True):
        quota = limit.quota
        fits = int((quota.tolerance - debt) / quota.interval + 1e-6)
        if fits < remaining:
            remaining, tightest, reset = fits, limit, debt
    return Verdict(limits, tightest, max(0, int(remaining)), max(1, math.ceil(reset)))


def _refusal(limits: tuple[Limit, ...], refused_by: Limit, seconds: float) -> Verdict:
    return Verdict(limits, refused_by, 0, max(1, math.ceil(seconds)), is_refused=True)


def _excess(spent: Spent, limits: Sequence[Limit]) -> float:
    for limit, debt in zip(limits, spent.debts, strict=True):
        if limit is spent.refused:
            return debt + limit.quota.interval - limit.quota.tolerance
    return 0.0
