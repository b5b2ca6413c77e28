"""Work that a service does again and again, besides its calls."""

import asyncio
from collections.abc import Awaitable, Callable

from services.kernel.call.errors import ServiceError
from services.kernel.process.logs import logger

_log = logger()


async def repeat(
    work: Callable[[], Awaitable[object]], *, every_seconds: float, chore: str
) -> None:
    """Works, waits and works again until it is cancelled; no error ends it, each is logged.

    Every instance of a service does so: the work must bear to be done by two at once.
    """
    while True:
        try:
            await work()
        except ServiceError as error:
            _log.warning("chore_waits", chore=chore, reason=error.reason)
        except Exception:
            # Without this, it would not be done any more until the next start.
            _log.exception("chore_broke", chore=chore)
        await asyncio.sleep(every_seconds)
