"""One task in flight per key, shared by all callers that want its result."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Shares tasks by key; a caller that is cancelled does not cancel the task for the others."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}
        # A fresh context: the first caller's deadline must not apply to all.
        self._context = contextvars.copy_context()

    def start(self, key: Hashable, fetch: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(fetch(), context=self._context.copy())
            self._tasks[key] = task
            task.add_done_callback(lambda finished: self._finish(key, finished))
        return task

    def __contains__(self, key: Hashable) -> bool:
        """Returns whether a task for the key is in flight."""
        return key in self._tasks

    async def join(self, key: Hashable, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await asyncio.shield(self.start(key, fetch))

    def _finish(self, key: Hashable, task: asyncio.Task[T]) -> None:
        del self._tasks[key]
        # Retrieved, so that asyncio does not report a failure that no caller waited for.
        if not task.cancelled():
            task.exception()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
