"""Which version each tenant's catalogue or set-up is at: asked for, not told.

A stream of changes that was cut is believed until somebody notices; a question without an answer
is noticed at once. All tenants that somebody reads are in one question.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from cachetools import LRUCache
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListCatalogueVersionsRequest
from souk.commerce.v1.store_market_service_pb2 import ListSetupVersionsRequest

from gateway.cache.single_flight import SingleFlight
from gateway.metrics import Metrics
from services.kernel.call.client import deadline
from services.kernel.call.limits import most_entries
from services.kernel.call.scope import Scope, bound

REFRESH_SECONDS = 0.2
BELIEVED_SECONDS = 0.8
ANSWER_SECONDS = 0.5
_MOST_TENANTS = min(
    most_entries(request, "tenants")
    for request in (ListCatalogueVersionsRequest, ListSetupVersionsRequest)
)
_TENANTS = 20_000
_SCOPE = Scope(None, "services/gateway", frozenset({"storefront:watch"}))
_log = structlog.get_logger("gateway")

Fetch = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]


@dataclass(frozen=True, slots=True)
class _Known:
    version: int
    polled_at: float


class PolledVersions:
    """The versions that this process knows, refreshed while somebody reads."""

    def __init__(self, of: str, fetch: Fetch, metrics: Metrics) -> None:
        """`of` says what they are versions of; `fetch` asks for those of up to 500 tenants."""
        self._of = of
        self._fetch = fetch
        self._metrics = metrics
        self._known: LRUCache[str, _Known] = LRUCache(_TENANTS)
        self._read: set[str] = set()
        self._flights: SingleFlight[None] = SingleFlight()
        self._turn = asyncio.Lock()
        self._polls = 0
        self._changed_at = self._failed_at = float("-inf")

    async def current(self, tenant: str) -> int | None:
        """Returns a version that was the tenant's less than BELIEVED_SECONDS ago; 0 if it has none.

        None if its service does not say.
        """
        began = time.monotonic()
        self._read.add(tenant)
        self._flights.start("refresh", self._refresh)
        known = self._known.get(tenant)
        if known is not None and known.polled_at > max(began - BELIEVED_SECONDS, self._changed_at):
            return known.version
        if began - self._failed_at < REFRESH_SECONDS:
            return None
        try:
            # For the end of a poll and a whole one, as long as they are answered as they should be.
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                await self._next_poll()
        except TimeoutError:
            return None
        known = self._known.get(tenant)
        return known.version if known is not None and known.polled_at >= began else None

    def last(self, tenant: str) -> int | None:
        """Returns the version that was last heard of, without asking; None if none is, or was lost.

        It is lost when the service does not say: what it said before may no longer be so.
        """
        known = self._known.get(tenant)
        return None if known is None or known.polled_at <= self._failed_at else known.version

    def invalidate_all(self) -> None:
        """Makes each tenant's next read ask again: something may have changed until now."""
        self._changed_at = time.monotonic()

    async def close(self) -> None:
        await self._flights.close()

    async def _refresh(self) -> None:
        while self._read:
            await asyncio.sleep(REFRESH_SECONDS)
            await self._next_poll()

    async def _next_poll(self) -> None:
        """Waits for the next question, which has not begun and is about all that are read."""
        await self._flights.join(("poll", self._polls), self._poll)

    async def _poll(self) -> None:
        async with self._turn:
            self._polls += 1
            tenants = sorted(self._read)
            self._read.clear()
            for start in range(0, len(tenants), _MOST_TENANTS):
                if not await self._poll_page(tenants[start : start + _MOST_TENANTS]):
                    break

    async def _poll_page(self, tenants: Sequence[str]) -> bool:
        """Asks for the versions of some tenants; returns whether it was answered."""
        polled_at = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                versions = await self._fetch(tenants)
        except Exception as error:  # whatever it is, the routes answer meanwhile
            self._failed_at = time.monotonic()
            self._metrics.version_poll(self._of, answered=False)
            _log.warning("versions_unknown", of=self._of, error=type(error).__name__)
            return False
        self._metrics.version_poll(self._of, answered=True)
        for tenant in tenants:
            self._known[tenant] = _Known(versions.get(tenant, 0), polled_at)
        return True


def asking(ask: Callable[..., Awaitable[Any]], request: Callable[..., object]) -> Fetch:
    """Returns the question to a service; `request` makes it for some tenants."""

    async def fetch(tenants: Sequence[str]) -> Mapping[str, int]:
        with bound(_SCOPE), deadline(ANSWER_SECONDS):
            versions: Mapping[str, int] = (await ask(request(tenants=tenants))).versions
        return versions

    return fetch
