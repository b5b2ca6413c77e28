"""Limits on attempts, counted in PostgreSQL so that restarts forget nothing.

An attempt is counted before it is checked, so concurrent ones all count. Unknown e-mails are
counted too, or the limit would reveal which exist.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import ResourceExhausted
from services.kernel.data.database import Database
from services.tenant_registry.accounts import session_queries


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` within `window`, which begins with the first of them."""

    most: int
    window: timedelta


GUESSES = Limit(10, timedelta(minutes=15))
_MAX_CONCURRENT = 2


class Attempts:
    """Counts attempts in transactions of their own, whatever becomes of the attempt."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # Guesses at one account wait for one row: they wait here, not holding connections.
        self._semaphore = asyncio.Semaphore(_MAX_CONCURRENT)

    async def count(self, counted: str, limit: Limit = GUESSES) -> None:
        """Counts an attempt.

        Raises:
            ResourceExhausted: LOGIN_LIMITED, with the seconds to wait.
        """
        now = datetime.now(UTC)
        async with self._semaphore, self._db.housekeeping() as session:
            number, ends = await session_queries.count_attempt(
                session, hashed(counted), window=limit.window, now=now
            )
        if number == 1:
            # In its own transaction: one that holds its row could deadlock on others' rows.
            async with self._db.housekeeping() as session:
                await session_queries.delete_old_attempts(session, now=now)
        if number > limit.most:
            raise ResourceExhausted(
                "LOGIN_LIMITED",
                "Too many attempts for this account. Wait, or log in another way.",
                retry_after_seconds=str(seconds_until(ends, now)),
            )


async def reset(session: AsyncSession, counted: str) -> None:
    """Resets the count, after a success."""
    await session_queries.delete_attempts(session, hashed(counted))


def hashed(counted: str) -> bytes:
    """Hashes what is counted, so that unknown addresses are never stored in clear text."""
    return hashlib.sha256(counted.encode()).digest()


def seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, int((moment - now).total_seconds()))
