"""Limits on attempts per account, counted in PostgreSQL so that restarts forget nothing.

An attempt is counted before it is checked, so concurrent ones all count. Unknown e-mails are
counted too, or the limit would reveal which exist.
"""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import ResourceExhausted
from services.kernel.data.database import Database
from services.tenant_registry.accounts import session_queries

MOST = 10
WINDOW = timedelta(minutes=15)
_AT_ONCE = 2


class Attempts:
    """Counts attempts per account; a limit is lifted WINDOW after the first attempt."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # Guesses at one account wait for one row: they wait here, not holding connections.
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def count(self, account: str, *, most: int = MOST) -> None:
        """Counts an attempt, whatever its outcome.

        Raises:
            ResourceExhausted: LOGIN_LIMITED, with the seconds to wait.
        """
        now = datetime.now(UTC)
        async with self._places, self._db.housekeeping() as session:
            number, since = await session_queries.count_attempt(
                session, hashed(account), window=WINDOW, now=now
            )
        if number == 1:
            # In its own transaction: one that holds its row could deadlock on others' rows.
            async with self._db.housekeeping() as session:
                await session_queries.forget_old_attempts(session, before=now - WINDOW)
        if number > most:
            seconds = max(1, int((since + WINDOW - now).total_seconds()))
            raise ResourceExhausted(
                "LOGIN_LIMITED",
                "Too many attempts for this account. Wait, or log in another way.",
                retry_after_seconds=str(seconds),
            )


async def forget(session: AsyncSession, account: str) -> None:
    """Resets the count, after a success."""
    await session_queries.forget_attempts(session, hashed(account))


def hashed(account: str) -> bytes:
    """Hashes an account, so that unknown addresses are never stored in clear text."""
    return hashlib.sha256(account.encode()).digest()
