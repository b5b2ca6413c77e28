"""Events that come in floods: the first is recorded at once, repeats within a second as one."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass

from services.kernel.call.errors import ServiceError
from services.kernel.process.logs import logger

WINDOW_SECONDS = 1.0
_MOST_WINDOWS = 4096

_log = logger()
RecordEvent = Callable[[int], Coroutine[None, None, None]]
"""Records an event that stands for this many."""


@dataclass
class _Window:
    recording: "asyncio.Task[None]"
    repeats: int = 0


class Coalescer:
    """Counts repeats of the same key within a second of the first."""

    def __init__(self) -> None:
        self._windows: OrderedDict[Hashable, _Window] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()

    async def count(self, key: Hashable, record: RecordEvent) -> None:
        """Returns once the first event of a key is recorded, or its window has counted this one.

        Raises:
            Exception: what `record` raised, to everyone waiting on it; the next call starts anew.
        """
        window = self._windows.get(key)
        if window is None:
            window = self._open(key, record)
        else:
            window.repeats += 1
        await asyncio.shield(window.recording)

    def _open(self, key: Hashable, record: RecordEvent) -> _Window:
        if len(self._windows) >= _MOST_WINDOWS:
            self._windows.popitem(last=False)  # its own closing still records what it counted
        window = _Window(asyncio.create_task(record(1)))
        self._windows[key] = window
        closing = asyncio.create_task(self._close(key, window, record))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return window

    async def _close(self, key: Hashable, window: _Window, record: RecordEvent) -> None:
        await asyncio.wait([window.recording])
        if window.recording.exception() is None:
            await asyncio.sleep(WINDOW_SECONDS)
        if self._windows.get(key) is window:
            del self._windows[key]
        if window.repeats and window.recording.exception() is None:
            try:
                await record(window.repeats)
            except ServiceError as error:
                _log.error("events_uncounted", repeats=window.repeats, reason=error.reason)
