"""How many requests are under way at once, and that no tenant has them all while others wait.

A request that finds no room waits a moment in a queue of its tenant's requests of that kind. A slot
that comes free goes to the waiting queue that holds the fewest, so one tenant's crowd is never in
another's way, and what takes long is not in the way of the same tenant's shoppers.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from gateway.errors import GATEWAY_BUSY, Refused
from gateway.limits.kinds import Kind

AT_ONCE = 64
WAITING = 256
WAIT_SECONDS = 3.0
# Whoever comes along waits for the work that is under way, and reads are worked on by one core
# here and one behind: these few keep both busy. A write waits for disks, a login for its turn.
SHARES: Mapping[Kind, int] = {
    Kind.STORE_READ: 4,
    Kind.ADMIN_READ: 8,
    Kind.WRITE: 16,
    Kind.LOGIN: 24,
}
REFUSALS_PER_SECOND = 100
REFUSAL_SECONDS = 1.0

TENANT_BUSY = replace(
    GATEWAY_BUSY,
    code="TENANT_BUSY",
    message="This shop has too many requests in progress. Try again in a moment.",
)
Holder = tuple[str, Kind]


class Pace:
    """Lets refusals go one after the other, so that a flood of them is little work.

    Who sends again the moment that they are refused waits, on their own connection, and no longer
    than REFUSAL_SECONDS.
    """

    def __init__(self) -> None:
        self._next = 0.0

    async def turn(self) -> None:
        now = asyncio.get_running_loop().time()
        at = max(self._next, now)
        self._next = min(at + 1 / REFUSALS_PER_SECOND, now + REFUSAL_SECONDS)
        if at > now:
            await asyncio.sleep(at - now)


class Slots:
    """`at_once` requests in all; of one tenant its share of each kind, and half of who may wait."""

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
    async def one(self, holder: Holder) -> AsyncIterator[None]:
        """Holds a slot for the block.

        Raises:
            Refused: 503 TENANT_BUSY when the tenant's own requests are in the way, else 503
                GATEWAY_BUSY.
        """
        if self._free and not self._has_its_share(holder):
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
        self._hand_on()

    async def _turn(self, holder: Holder) -> None:
        """Waits until a slot was taken in the holder's name."""
        queue = self._queues.setdefault(holder, deque())
        if len(queue) >= self._most_waiting // 2 or not self._make_room(len(queue)):
            self._forget_empty(holder)
            raise self._busy(holder)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn
        except BaseException as error:
            self._leave(holder, turn)
            if isinstance(error, TimeoutError):
                raise self._busy(holder) from None
            raise

    def _make_room(self, queued: int) -> bool:
        """Sends the last of the longest queue away for somebody whose queue is shorter."""
        if self._waiting < self._most_waiting:
            return True
        holder = max(self._queues, key=lambda one: len(self._queues[one]))
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
                self._give_back(holder)  # it was handed a slot while it went away
            return
        if turn in self._queues.get(holder, ()):
            self._queues[holder].remove(turn)
            self._waiting -= 1
            self._forget_empty(holder)

    def _hand_on(self) -> None:
        while self._free and self._queues and (holder := self._next()) is not None:
            turn = self._queues[holder].popleft()
            self._waiting -= 1
            self._queues.move_to_end(holder)
            self._forget_empty(holder)
            if not turn.done():  # a done one went away while it waited
                self._take(holder)
                turn.set_result(None)

    def _next(self) -> Holder | None:
        """Of who waits and lacks of its share, the one with the fewest; of equals, the first."""
        able = (one for one in self._queues if not self._has_its_share(one))
        return min(able, key=lambda one: self._held.get(one, 0), default=None)

    def _has_its_share(self, holder: Holder) -> bool:
        return self._held.get(holder, 0) >= self._shares[holder[1]]

    def _forget_empty(self, holder: Holder) -> None:
        if not self._queues.get(holder, True):
            del self._queues[holder]

    def _busy(self, holder: Holder) -> Refused:
        return Refused(TENANT_BUSY if self._has_its_share(holder) else GATEWAY_BUSY)
