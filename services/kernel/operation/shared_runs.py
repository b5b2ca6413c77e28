"""Work whose result is shared by all who ask before it begins, however many they are."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

# After a run, nothing runs for so many times as long, so that most of the time is left to others;
_REST = 4
# but nobody waits longer than this for the next run.
_LONGEST_REST_SECONDS = 0.25

T = TypeVar("T")


class SharedRuns(Generic[T]):
    """Runs work one at a time; whoever asks during a run shares the next one."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._next: asyncio.Task[T] | None = None
        self._turn = asyncio.Lock()
        self._rests_until = 0.0

    async def result(self) -> T:
        """Returns the result of a run that begins after the call."""
        if self._next is None:
            self._next = asyncio.create_task(self._run())
            self._next.add_done_callback(_retrieve)
        return await asyncio.shield(self._next)

    async def _run(self) -> T:
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(self._rests_until - loop.time())
            self._next = None
            began = loop.time()
            try:
                return await self._work()
            finally:
                ended = loop.time()
                self._rests_until = ended + min(_REST * (ended - began), _LONGEST_REST_SECONDS)


def _retrieve(task: asyncio.Task[T]) -> None:
    """Keeps asyncio from reporting a failure for which nobody waits any more."""
    if not task.cancelled():
        task.exception()
