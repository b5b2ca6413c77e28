"""Refusals of those who are known: each leaves an event before it is sent.

A flood is bounded: the same refusal again within a second is counted, and all that were counted
are one event at the end of it. The first one is always recorded before anybody is told.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace

from google.protobuf.message import Message

from services.kernel import audit
from services.kernel.db import Database
from services.kernel.errors import ServiceError
from services.kernel.redaction import redacted
from services.kernel.scope import current_method, current_scope
from services.kernel.telemetry import logger

WINDOW_SECONDS = 1.0
_MOST_WINDOWS = 4096
_LONGEST_NAME = 200  # in bytes, as the audit service counts

_log = logger()


@dataclass(frozen=True)
class Denial:
    """What was refused; `tenant` is whose log tells it, None for the scope's own.

    `attempt` is what was tried when that is not the call being served.
    """

    resource: str
    reason: str
    actor: str = ""
    tenant: str | None = None
    attempt: str = ""


@dataclass
class _Window:
    recording: "asyncio.Task[None]"
    repeats: int = 0


class Denials:
    """Records refusals in short transactions of their own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._windows: OrderedDict[tuple[object, ...], _Window] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()

    async def record(self, denial: Denial) -> None:
        """Returns when the refusal of the call being served is recorded, or a window counts it.

        Raises:
            ServiceError: the database does not take it: then nobody may be told either.
        """
        scope = current_scope()
        # Who tries many ways to one place leaves one event a second, of the first of them.
        key = (scope.tenant, scope.actor, current_method(), replace(denial, attempt=""))
        window = self._windows.get(key)
        if window is None:
            window = self._open(key, denial)
        else:
            window.repeats += 1
        await asyncio.shield(window.recording)

    def _open(self, key: tuple[object, ...], denial: Denial) -> _Window:
        if len(self._windows) >= _MOST_WINDOWS:
            self._windows.popitem(last=False)  # what it counted is told by its own closing
        window = _Window(asyncio.create_task(self._leave(denial, times=1)))
        self._windows[key] = window
        closing = asyncio.create_task(self._close(key, window, denial))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return window

    async def _close(self, key: tuple[object, ...], window: _Window, denial: Denial) -> None:
        await asyncio.wait([window.recording])
        if window.recording.exception() is None:
            await asyncio.sleep(WINDOW_SECONDS)
        if self._windows.get(key) is window:
            del self._windows[key]
        if window.repeats and window.recording.exception() is None:
            try:
                await self._leave(denial, times=window.repeats)
            except ServiceError as error:
                _log.error("denials_uncounted", repeats=window.repeats, reason=error.reason)

    async def _leave(self, denial: Denial, *, times: int) -> None:
        door = self._db.platform() if current_scope().tenant is None else self._db.tenant()
        async with door as session:
            audit.record(
                session,
                resource=denial.resource,
                tenant=denial.tenant,
                outcome="DENIED",
                actor=denial.actor,
                attempt=denial.attempt,
                reason=denial.reason,
                times=times,
            )


def about(request: Message) -> str:
    """Tells what a request was about, as far as a log may keep what somebody made up."""
    for field in ("name", "parent"):
        named = getattr(request, field, "")
        if isinstance(named, str) and named:
            return spelled(named)
    return ""


def spelled(name: str) -> str:
    """Gives a name that somebody asked for as an event may have it."""
    cut = name.replace("\x00", "").encode(errors="replace")[:_LONGEST_NAME]
    return redacted(cut.decode(errors="ignore"))
