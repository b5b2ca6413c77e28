"""Work that is done after the answer: mail, and what must not show in the time of an answer."""

import asyncio
import smtplib
from collections.abc import Coroutine
from typing import Any

from services.kernel.errors import ResourceExhausted, ServiceError
from services.kernel.telemetry import logger
from services.tenant_registry.mail.senders import composed, sender_of
from services.tenant_registry.mail.settings import MailSettings

_MOST_WAITING = 100
_AT_ONCE = 4
_log = logger()


class Postman:
    """Sends mail behind the answer.

    What is under way when the process ends is lost; whoever waits for it asks again.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._from = settings.sender
        self._sender = sender_of(settings)
        self._under_way: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Does some work behind the answer, in the scope of the call.

        Raises:
            ResourceExhausted: LOGIN_BUSY, too much is waiting.
        """
        if len(self._under_way) >= _MOST_WAITING:
            work.close()
            raise ResourceExhausted("LOGIN_BUSY", "too much at once; retry in a second")
        task = asyncio.create_task(self._done(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def send(self, to: str, subject: str, text: str) -> None:
        """Sends a mail; one that cannot be sent is logged, without its address and its text."""
        if self._sender is None:
            _log.warning("mail_not_sent", subject=subject, why="SOUK_MAIL is not set")
            return
        try:
            await self._sender.send(composed(self._from, to, subject, text))
        except (OSError, smtplib.SMTPException) as error:
            _log.error("mail_not_sent", subject=subject, why=type(error).__name__)

    async def _done(self, work: Coroutine[Any, Any, None]) -> None:
        async with self._places:
            try:
                await work
            except ServiceError as error:
                _log.error("work_failed", reason=error.reason)
            except Exception:
                _log.exception("work_broke")
