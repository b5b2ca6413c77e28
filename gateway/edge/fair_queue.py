"""Limits concurrent requests, and shares the slots fairly between tenants.

A request without a slot waits briefly in a queue of its tenant and kind. A free slot goes to the
waiting queue that holds the fewest slots, so one tenant's crowd never blocks another, and slow
requests do not block the same tenant's shoppers.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from gateway.limits.kinds import Holder, Kind
from gateway.medusa.errors import GATEWAY_BUSY, Refused

AT_ONCE = 64
WAITING = 256
WAIT_SECONDS = 3.0
# A new request waits for the work in progress. Reads use one core here and one in the service, so
# a few keep both busy. Writes wait for disks, and logins for their turn at hashing.
SHARES: Mapping[Kind, int] = {
    Kind.STORE_READ: 4,
    Kind.ADMIN_READ: 8,
    Kind.WRITE: 16,
    Kind.LOGIN: 24,
    Kind.PICTURE: 64,
}
# Slow readers hold a picture's slot for long, at a chunk of memory each. Pictures have a queue of
# their own, so that all of them together take no slot from anything else.
PICTURES_AT_ONCE = 256
REFUSALS_PER_SECOND = 100
REFUSAL_SECONDS = 1.0

TENANT_BUSY = replace(
    GATEWAY_BUSY,
    code="TENANT_BUSY",
    message="This shop has too many requests in progress. Try again in a moment.",
)


class RefusalPace:
    """Paces refusals, so that a flood of them costs little.

    A client that retries immediately waits on its own connection, at most REFUSAL_SECONDS.
    """

    def __init__(self) -> None:
        self._next = 0.0

    async def turn(self) -> None:
        now = asyncio.get_running_loop().time()
        at = max(self._next, now)
        self._next = min(at + 1 / REFUSALS_PER_SECOND, now + REFUSAL_SECONDS)
        if at > now:
            await asyncio.sleep(at - now)


class FairQueue:
    """`at_once` slots in total; a tenant may use its share of each kind and half of the queue."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
        shares: Mapping[Kind, int] = SHARES,
    ) -> None:
        self._free = at_once
        self._shares = shares
        self._most_waiting = waiting
        self._waiting = 0
        self._held: dict[Holder, int] = {}
        self._queues: OrderedDict[Holder, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def slot(self, holder: Holder) -> AsyncIterator[None]:
        """Holds a slot for the block.

        Raises:
            Refused: 503 TENANT_BUSY if the tenant has used its share, else 503 GATEWAY_BUSY.
        """
        if self._free and not self._is_at_share(holder):
            self._take(holder)
        else:
            await self._turn(holder)
        try:
            yield
        finally:
            self._give_back(holder)

    def _take(self, holder: Holder) -> None:
        self._free -= 1
        self._held[holder] = self._held.get(holder, 0) + 1

    def _give_back(self, holder: Holder) -> None:
        self._free += 1
        self._held[holder] -= 1
        if not self._held[holder]:
            del self._held[holder]
        self._serve_waiting()

    async def _turn(self, holder: Holder) -> None:
        """Waits until the holder gets a slot."""
        queue = self._queues.setdefault(holder, deque())
        if len(queue) >= self._most_waiting // 2 or not self._make_room_in_queue(len(queue)):
            self._forget_empty(holder)
            raise self._busy(holder)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn
        except BaseException as error:
            # Also when the client goes away: its place, or the slot it just got, is free again.
            self._leave(holder, turn)
            if isinstance(error, TimeoutError):
                raise self._busy(holder) from None
            raise

    def _make_room_in_queue(self, queued: int) -> bool:
        """Refuses the last of the longest queue in favour of a shorter one."""
        if self._waiting < self._most_waiting:
            return True
        holder = max(self._queues, key=lambda waiting: len(self._queues[waiting]))
        if len(self._queues[holder]) <= queued + 1:
            return False
        turn = self._queues[holder].pop()
        self._waiting -= 1
        if not turn.done():
            turn.set_exception(self._busy(holder))
        return True

    def _leave(self, holder: Holder, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            if turn.exception() is None:
                self._give_back(holder)  # it got a slot while it was leaving
            return
        if turn in self._queues.get(holder, ()):
            self._queues[holder].remove(turn)
            self._waiting -= 1
            self._forget_empty(holder)

    def _serve_waiting(self) -> None:
        while self._free and self._queues and (holder := self._next()) is not None:
            turn = self._queues[holder].popleft()
            self._waiting -= 1
            # To the end, so that holders with equally many slots take turns.
            self._queues.move_to_end(holder)
            self._forget_empty(holder)
            if not turn.done():  # otherwise it left while it waited
                self._take(holder)
                turn.set_result(None)

    def _next(self) -> Holder | None:
        """Returns the waiting holder below its share with the fewest slots; on a tie, the first."""
        below_share = (waiting for waiting in self._queues if not self._is_at_share(waiting))
        return min(below_share, key=lambda waiting: self._held.get(waiting, 0), default=None)

    def _is_at_share(self, holder: Holder) -> bool:
        return self._held.get(holder, 0) >= self._shares[holder.kind]

    def _forget_empty(self, holder: Holder) -> None:
        if not self._queues.get(holder, True):
            del self._queues[holder]

    def _busy(self, holder: Holder) -> Refused:
        return Refused(TENANT_BUSY if self._is_at_share(holder) else GATEWAY_BUSY)
