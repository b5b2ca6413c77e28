"""Password hashing: slow on purpose, on two threads with a short queue."""

import asyncio
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from services.kernel.call.errors import ResourceExhausted
from services.values.passwords import canonical_password, is_too_long

THREADS = 2
QUEUE = 16
T = TypeVar("T")


class Passwords:
    """Hashes and verifies with argon2id (19 MiB, two passes), at about 45 ms of one core each.

    More than THREADS + QUEUE at once are refused (LOGIN_BUSY) instead of queued: a flood of guesses
    must not delay other logins by more than half a second.

    A password is hashed in its canonical spelling. Hashes from before that are of the password as
    it was typed, so a spelling that is not canonical is tried as well; that takes twice as long
    for everybody, known or not.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._queue = threading.BoundedSemaphore(THREADS + QUEUE)
        self._dummy_hash = self._hasher.hash(secrets.token_urlsafe())

    async def match(self, stored: str | None, password: str) -> bool:
        """Verifies a password; without a stored hash it takes as long and returns False.

        An account that never had a password stores a marker, which counts as no hash.
        """
        usable = stored if stored and stored.startswith("$argon2") else None
        spellings = [] if is_too_long(password) else [canonical_password(password)]
        if password not in spellings:
            spellings.append(password)
        matched = await self._run(
            lambda: any(self._verify(usable or self._dummy_hash, text) for text in spellings)
        )
        return matched and usable is not None

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(canonical_password(password)))

    async def renewed(self, stored: str, password: str) -> str:
        """Returns the hash to keep of a password that matched: `stored`, unless it is outdated."""
        canonical = canonical_password(password)
        is_current = not self._hasher.check_needs_rehash(stored) and (
            canonical == password or await self._run(lambda: self._verify(stored, canonical))
        )
        return stored if is_current else await self.hash(password)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._queue.acquire(blocking=False):
            raise ResourceExhausted("LOGIN_BUSY", "Too many logins at once. Retry in a second.")
        job = self._threads.submit(work)
        # On the job, not on the await: the job runs on if its caller goes away.
        job.add_done_callback(lambda _: self._queue.release())
        return await asyncio.wrap_future(job)
