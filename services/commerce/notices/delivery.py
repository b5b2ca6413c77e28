"""Delivers notices in the background: to shoppers, by mail."""

import smtplib

from services.commerce.notices import outbox
from services.commerce.notices.order_mails import order_mail
from services.commerce.notices.outbox import Notice
from services.commerce.orders import queries
from services.kernel.call.scope import Scope, bound
from services.kernel.data.database import Database
from services.kernel.mail.senders import Sender, is_final, sender_of
from services.kernel.mail.settings import MailSettings
from services.kernel.process.logs import logger
from services.kernel.process.settings import load
from services.kernel.serving.chores import repeat
from services.kernel.serving.server import Runtime

MOST_ATTEMPTS = 15
"""With the waits between them, about a day."""
_POLL_SECONDS = 2.0
_FIRST_RETRY_SECONDS = 5.0
_LAST_RETRY_SECONDS = 3 * 60 * 60.0

_log = logger()


async def run(runtime: Runtime) -> None:
    """Delivers what is due until it is cancelled."""
    settings = load(MailSettings)
    deliveries = Deliveries(runtime.db, sender_of(settings), settings.sender)

    async def deliver_all() -> None:
        while await deliveries.deliver():
            pass

    await repeat(deliver_all, every_seconds=_POLL_SECONDS, chore="notices")


class Deliveries:
    """Sends mails from one address; without a sender, notices are logged as not sent."""

    def __init__(self, db: Database, sender: Sender | None, from_address: str) -> None:
        self._db = db
        self._sender = sender
        self._from = from_address

    async def deliver(self) -> int:
        """Tries once to deliver what is due, a bounded number; returns how many it tried."""
        notices = await outbox.take_due(self._db)
        for notice in notices:
            if await self._is_settled(notice):
                await outbox.remove(self._db, notice)
            else:
                wait = _FIRST_RETRY_SECONDS * 2 ** (notice.attempts - 1)
                await outbox.retry_later(self._db, notice, min(wait, _LAST_RETRY_SECONDS))
        return len(notices)

    async def _is_settled(self, notice: Notice) -> bool:
        """Tries a notice; returns whether it was delivered, refused for good or tried too often.

        Logs contain no address and no text.
        """
        about = {"notice": notice.notice_id, "topic": notice.topic, "tenant": notice.tenant_id}
        if self._sender is None:
            _log.warning("notice_not_sent", why="SOUK_MAIL is not set", **about)
            return True
        try:
            await self._send(self._sender, notice)
        except (OSError, smtplib.SMTPException) as error:
            given_up = is_final(error) or notice.attempts >= MOST_ATTEMPTS
            log = _log.error if given_up else _log.warning
            log("notice_not_sent", why=type(error).__name__, given_up=given_up, **about)
            return given_up
        return True

    async def _send(self, sender: Sender, notice: Notice) -> None:
        with bound(Scope(notice.tenant_id, "services/commerce", frozenset())):
            async with self._db.act() as act:
                order = await queries.order_to_tell(act, notice.resource)
        if order is not None and order.email:
            await sender.send(order_mail(order, self._from, notice.notice_id))
