"""Limits on attempts at customers' accounts, counted per tenant in PostgreSQL.

An attempt is counted before it is checked, so concurrent ones all count. Unknown e-mails are
counted too, or the limit would reveal which exist.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.customers import login_queries
from services.kernel.call.errors import ResourceExhausted
from services.kernel.data.database import Database


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` within `window`, which begins with the first of them."""

    most: int
    window: timedelta


GUESSES = Limit(10, timedelta(minutes=15))
RESETS = Limit(5, timedelta(minutes=15))
RESETS_A_DAY = Limit(20, timedelta(days=1))
_MAX_CONCURRENT = 2


class Attempts:
    """Counts attempts in transactions of their own, whatever becomes of the attempt."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # Guesses at one account wait for one row: they wait here, not holding connections.
        self._semaphore = asyncio.Semaphore(_MAX_CONCURRENT)

    async def count(self, counted: str, limit: Limit = GUESSES) -> None:
        """Counts an attempt at the tenant of the scope.

        Raises:
            ResourceExhausted: LOGIN_LIMITED, with the seconds to wait.
        """
        now = datetime.now(UTC)
        async with self._semaphore, self._db.tenant() as session:
            number, ends = await login_queries.count_attempt(
                session, _hashed(counted), window=limit.window, now=now
            )
        if number == 1:
            # In its own transaction: one that holds its row could deadlock on others' rows.
            async with self._db.tenant() as session:
                await login_queries.delete_old_attempts(session, now=now)
        if number > limit.most:
            raise ResourceExhausted(
                "LOGIN_LIMITED",
                "Too many attempts for this account. Wait, then try again.",
                retry_after_seconds=str(max(1, int((ends - now).total_seconds()))),
            )


async def reset(session: AsyncSession, counted: str) -> None:
    """Resets the count, after a success."""
    await login_queries.delete_attempts(session, _hashed(counted))


def _hashed(counted: str) -> bytes:
    """Hashes what is counted, so that unknown addresses are never stored in clear text."""
    return hashlib.sha256(counted.encode()).digest()
