"""How often something may be tried for one account: counted in PostgreSQL, so never forgotten.

An attempt is counted before it is judged, so a hundred at once are a hundred. E-mails that nobody
has are counted like all others, or the limit would tell which exist.
"""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.db import Database
from services.kernel.errors import ResourceExhausted
from services.tenant_registry.sessions import queries

MOST = 10
WINDOW = timedelta(minutes=15)
_AT_ONCE = 2


class Attempts:
    """Counts attempts at accounts' doors; each door opens by itself, WINDOW after the first."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # Guesses at one account wait for one row: here, not on connections that others need.
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def count(self, account: str, *, most: int = MOST) -> None:
        """Counts an attempt, whatever comes of it.

        Raises:
            ResourceExhausted: LOGIN_LIMITED, with the seconds to wait.
        """
        now = datetime.now(UTC)
        async with self._places, self._db.housekeeping() as session:
            number, since = await queries.count_attempt(
                session, hashed(account), window=WINDOW, now=now
            )
        if number == 1:
            # A transaction of its own: one that holds its row would wait for others' rows in turn.
            async with self._db.housekeeping() as session:
                await queries.forget_old_attempts(session, before=now - WINDOW)
        if number > most:
            seconds = max(1, int((since + WINDOW - now).total_seconds()))
            raise ResourceExhausted(
                "LOGIN_LIMITED",
                "Too many attempts for this account. Wait, or log in another way.",
                retry_after_seconds=str(seconds),
            )


async def forget(session: AsyncSession, account: str) -> None:
    """Begins again at nothing, after a success."""
    await queries.forget_attempts(session, hashed(account))


def hashed(account: str) -> bytes:
    """What stands for an account here: an address that nobody has is stored nowhere in clear."""
    return hashlib.sha256(account.encode()).digest()
