"""Counts requests: frequent kinds in this process, rare and sensitive kinds directly in Redis.

Local counts are sent to Redis a few times a second, and the total of all processes comes back.
Without Redis, each process counts alone and allows half the rate, so limits never fail open.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from gateway.limits.plans import Limit
from gateway.limits.redis_counts import RedisCounts, Spent

SETTLE_SECONDS = 0.15
_COUNTS = 20_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may proceed, and its tightest limit for the response headers."""

    limits: tuple[Limit, ...]
    tightest: Limit
    remaining: int
    reset_seconds: int
    is_refused: bool = False

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Returns RateLimit and RateLimit-Policy as in draft-ietf-httpapi-ratelimit-headers."""
        policies = ", ".join(
            [f'"{one.name}";q={one.quota.burst};w={one.quota.window}' for one in self.limits]
        )
        state = f'"{self.tightest.name}";r={self.remaining};t={self.reset_seconds}'
        return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", state.encode())]


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
        self._counts: LRUCache[str, Count] = LRUCache(_COUNTS)
        self._unsent: LRUCache[str, Count] = LRUCache(_COUNTS)
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
        now = self._clock()
        counts = [self._count(limit, now) for limit in limits]
        for one in counts:
            over = one.ends - now + self._costs(one.limit) - one.limit.quota.tolerance
            if over > 1e-9:
                return _refusal(limits, one.limit, over)
        for one in counts:
            one.ends += self._costs(one.limit)
            if not one.unsent:
                self._unsent[one.limit.key] = one
            one.unsent += 1
        return _verdict(limits, [one.ends - now for one in counts])

    async def ask(self, limits: tuple[Limit, ...]) -> Verdict:
        """Counts one request in Redis, exactly across all processes."""
        spent = await self._shared.spend(limits)
        self.is_alone = spent is None
        if spent is None:
            return self.count(limits)
        self._learn(limits, spent.debts)
        if spent.refused is not None:
            return _refusal(limits, spent.refused, _over(spent, limits))
        return _verdict(limits, spent.debts)

    async def settle(self) -> None:
        """Sends local counts since the last time to Redis, and receives the totals."""
        waiting = [self._unsent.get(name) for name in list(self._unsent)[:_AT_ONCE]]
        counts = [one for one in waiting if one is not None]
        if not counts:
            return
        sent = [(one.limit, one.unsent) for one in counts]
        debts = await self._shared.add(sent)
        self.is_alone = debts is None
        if debts is None:
            return
        for one, (limit, number) in zip(counts, sent, strict=True):
            one.unsent -= number
            if not one.unsent:
                self._unsent.pop(limit.key, None)
        self._learn([one.limit for one in counts], debts)

    async def _settling(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            await self.settle()

    def _costs(self, limit: Limit) -> float:
        return limit.quota.interval * (2 if self.is_alone else 1)

    def _count(self, limit: Limit, now: float) -> Count:
        count = self._counts.get(limit.key)
        if count is None:
            count = Count(limit, now)
            self._counts[limit.key] = count
        # If the plan has changed, what was used stays used.
        count.limit, count.ends = limit, max(count.ends, now)
        return count

    def _learn(self, limits: Sequence[Limit], debts: Sequence[float]) -> None:
        now = self._clock()
        for limit, debt in zip(limits, debts, strict=True):
            count = self._count(limit, now)
            count.ends = max(count.ends, now + debt + count.unsent * limit.quota.interval)


def _verdict(limits: tuple[Limit, ...], debts: Sequence[float]) -> Verdict:
    def remaining_of(limit: Limit, debt: float) -> int:
        return max(0, int((limit.quota.tolerance - debt) / limit.quota.interval + 1e-6))

    remaining, index = min(
        (remaining_of(limit, debt), index)
        for index, (limit, debt) in enumerate(zip(limits, debts, strict=True))
    )
    return Verdict(limits, limits[index], remaining, max(1, math.ceil(debts[index])))


def _refusal(limits: tuple[Limit, ...], by: Limit, seconds: float) -> Verdict:
    return Verdict(limits, by, 0, max(1, math.ceil(seconds)), is_refused=True)


def _over(spent: Spent, limits: Sequence[Limit]) -> float:
    for limit, debt in zip(limits, spent.debts, strict=True):
        if limit is spent.refused:
            return debt + limit.quota.interval - limit.quota.tolerance
    return 0.0
