"""Events of what comes in floods: the first of a kind is left at once, a second's others as one."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass

from services.kernel.errors import ServiceError
from services.kernel.telemetry import logger

WINDOW_SECONDS = 1.0
_MOST_WINDOWS = 4096

_log = logger()
Leave = Callable[[int], Coroutine[None, None, None]]
"""Leaves an event that tells of so many."""


@dataclass
class _Window:
    recording: "asyncio.Task[None]"
    repeats: int = 0


class Counting:
    """Counts what is alike within a second, beginning with the first."""

    def __init__(self) -> None:
        self._windows: OrderedDict[Hashable, _Window] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()

    async def count(self, key: Hashable, leave: Leave) -> None:
        """Returns when `leave(1)` has left the first event of a key, or its window counts one more.

        Raises:
            Exception: what `leave` raised, to all who waited for it; the next one is the first.
        """
        window = self._windows.get(key)
        if window is None:
            window = self._open(key, leave)
        else:
            window.repeats += 1
        await asyncio.shield(window.recording)

    def _open(self, key: Hashable, leave: Leave) -> _Window:
        if len(self._windows) >= _MOST_WINDOWS:
            self._windows.popitem(last=False)  # what it counted is told by its own closing
        window = _Window(asyncio.create_task(leave(1)))
        self._windows[key] = window
        closing = asyncio.create_task(self._close(key, window, leave))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return window

    async def _close(self, key: Hashable, window: _Window, leave: Leave) -> None:
        await asyncio.wait([window.recording])
        if window.recording.exception() is None:
            await asyncio.sleep(WINDOW_SECONDS)
        if self._windows.get(key) is window:
            del self._windows[key]
        if window.repeats and window.recording.exception() is None:
            try:
                await leave(window.repeats)
            except ServiceError as error:
                _log.error("events_uncounted", repeats=window.repeats, reason=error.reason)
