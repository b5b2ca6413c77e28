"""How many requests are under way at once, and that no tenant has them all while others wait.

A request that finds no room waits a moment in its tenant's own queue. A slot that comes free goes
to the waiting tenant that holds the fewest, so one tenant's crowd is never in another's way.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import Problem, Refused

AT_ONCE = 64
WAITING = 256
WAIT_SECONDS = 3.0


class Slots:
    """`at_once` requests in all; of one tenant half of them, and half of those who may wait."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._free = at_once
        self._share = at_once // 2
        self._most_waiting = waiting
        self._waiting = 0
        self._held: dict[str, int] = {}
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def one(self, tenant: str) -> AsyncIterator[None]:
        """Holds a slot for the block.

        Raises:
            Refused: 503 TENANT_BUSY when the tenant's own requests are in the way, else 503
                GATEWAY_BUSY.
        """
        if self._free and self._held.get(tenant, 0) < self._share:
            self._take(tenant)
        else:
            await self._turn(tenant)
        try:
            yield
        finally:
            self._give_back(tenant)

    def _take(self, tenant: str) -> None:
        self._free -= 1
        self._held[tenant] = self._held.get(tenant, 0) + 1

    def _give_back(self, tenant: str) -> None:
        self._free += 1
        self._held[tenant] -= 1
        if not self._held[tenant]:
            del self._held[tenant]
        self._hand_on()

    async def _turn(self, tenant: str) -> None:
        """Waits until a slot was taken in the tenant's name."""
        queue = self._queues.setdefault(tenant, deque())
        if self._waiting >= self._most_waiting or len(queue) >= self._most_waiting // 2:
            self._forget_empty(tenant)
            raise self._busy(tenant)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn
        except BaseException as error:
            self._leave(tenant, turn)
            if isinstance(error, TimeoutError):
                raise self._busy(tenant) from None
            raise

    def _leave(self, tenant: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._give_back(tenant)  # it was handed a slot while it went away
            return
        if turn in self._queues.get(tenant, ()):
            self._queues[tenant].remove(turn)
            self._waiting -= 1
            self._forget_empty(tenant)

    def _hand_on(self) -> None:
        while self._free and self._queues and (tenant := self._next()) is not None:
            turn = self._queues[tenant].popleft()
            self._waiting -= 1
            self._queues.move_to_end(tenant)
            self._forget_empty(tenant)
            if not turn.done():  # a done one went away while it waited
                self._take(tenant)
                turn.set_result(None)

    def _next(self) -> str | None:
        """The waiting tenant with the fewest slots that has not its share; of equals, the first."""
        tenant = min(self._queues, key=lambda one: self._held.get(one, 0), default=None)
        return tenant if tenant and self._held.get(tenant, 0) < self._share else None

    def _forget_empty(self, tenant: str) -> None:
        if not self._queues.get(tenant, True):
            del self._queues[tenant]

    def _busy(self, tenant: str) -> Refused:
        if self._held.get(tenant, 0) >= self._share:
            code, text = "TENANT_BUSY", "This shop has too many requests under way; try again"
        else:
            code, text = "GATEWAY_BUSY", "Too many requests are under way; try again"
        return Refused(Problem(503, "unavailable", code, text, headers={"retry-after": "1"}))
