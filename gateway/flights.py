"""One task in flight per key, which all who want its result wait for."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """A waiter that goes away does not take the task with it: the others still wait."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, asyncio.Task[T]] = {}
        # Not the context of whoever asks first: that one's deadline is not everybody's.
        self._context = contextvars.copy_context()

    def start(self, key: Hashable, fetch: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        task = self._flying.get(key)
        if task is None:
            task = asyncio.create_task(fetch(), context=self._context.copy())
            self._flying[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    def __contains__(self, key: Hashable) -> bool:
        """Tells whether somebody waits for it already."""
        return key in self._flying

    async def join(self, key: Hashable, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await asyncio.shield(self.start(key, fetch))

    def _landed(self, key: Hashable, task: asyncio.Task[T]) -> None:
        del self._flying[key]
        # Looked at, so that a failure which nobody waited for is not reported as forgotten.
        if not task.cancelled():
            task.exception()

    async def close(self) -> None:
        flying = list(self._flying.values())
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
