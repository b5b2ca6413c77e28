"""Background work: mail, and whatever must not affect how long an answer takes."""

import asyncio
import smtplib
from collections.abc import Coroutine
from email.message import EmailMessage
from typing import Any

from services.kernel.call.errors import ResourceExhausted, ServiceError
from services.kernel.mail.senders import Sender, compose, is_final, sender_of
from services.kernel.mail.settings import MailSettings
from services.kernel.process.logs import logger

_MOST_WAITING = 100
_MAX_CONCURRENT = 4
# Mail servers are mostly away for moments, not hours, and tokens live for minutes.
_RETRY_AFTER_SECONDS = (2.0, 15.0, 60.0)
_log = logger()


class Mailer:
    """Sends mail in the background.

    Mail that is under way or waiting for a retry is lost when the process ends; whoever needs it
    asks again.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._from = settings.sender
        self._sender = sender_of(settings)
        self._running: set[asyncio.Task[None]] = set()
        self._retries: set[asyncio.Task[None]] = set()
        self._semaphore = asyncio.Semaphore(_MAX_CONCURRENT)

    def refuse_when_full(self) -> None:
        """Refuses a request that needs no account while too much is waiting.

        Raises:
            ResourceExhausted: LOGIN_BUSY.
        """
        if len(self._running) >= _MOST_WAITING:
            raise ResourceExhausted("LOGIN_BUSY", "Too many requests at once. Retry in a second.")

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work in the background, in the scope of the call.

        Never refuses, because the change that the mail reports is already committed.
        """
        task = asyncio.create_task(self._run(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def send(self, to: str, subject: str, text: str, html: str = "") -> None:
        """Sends a mail; a failed one is retried in the background, a few times.

        Logs contain neither its address nor its text.
        """
        if self._sender is None:
            _log.warning("mail_not_sent", subject=subject, why="SOUK_MAIL is not set")
            return
        mail = compose(self._from, to, subject, text, html)
        if not await self._is_settled(self._sender, mail) and len(self._retries) < _MOST_WAITING:
            task = asyncio.create_task(self._retry(self._sender, mail))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)

    async def _retry(self, sender: Sender, mail: EmailMessage) -> None:
        for seconds in _RETRY_AFTER_SECONDS:
            await asyncio.sleep(seconds)
            async with self._semaphore:
                if await self._is_settled(sender, mail):
                    return
        _log.error("mail_given_up", subject=mail["Subject"])

    async def _is_settled(self, sender: Sender, mail: EmailMessage) -> bool:
        """Tries to send a mail; returns whether it was sent or refused for good."""
        try:
            await sender.send(mail)
        except (OSError, smtplib.SMTPException) as error:
            _log.error("mail_not_sent", subject=mail["Subject"], why=type(error).__name__)
            return is_final(error)
        return True

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        async with self._semaphore:
            try:
                await work
            except ServiceError as error:
                _log.error("work_failed", reason=error.reason)
            except Exception:
                _log.exception("work_broke")
