"""How many there are of what an answer shows: counted by commerce, and never long ago."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from souk.commerce.v1.store_stock_service_pb2 import CountStoreVariantsRequest

from gateway.cache.single_flight import SingleFlight
from gateway.clients import Clients
from gateway.hot.recorder import Answer, Quantities
from gateway.hot.versions import ANSWER_SECONDS, BELIEVED_SECONDS
from gateway.tenancy import KnownTenant
from services.kernel.call.client import deadline
from services.kernel.call.limits import most_entries
from services.kernel.call.scope import Scope, bound

_MOST = most_entries(CountStoreVariantsRequest, "variants")
_READ = frozenset({"storefront:read"})
_log = structlog.get_logger("gateway")

Count = Callable[[KnownTenant, Sequence[str]], Awaitable[Sequence[int]]]


class Counting:
    """Counts for answers, once for all who ask at the same time; each answer keeps its counts."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._flights: SingleFlight[Quantities] = SingleFlight()
        self._changed_at = float("-inf")

    async def quantities(self, tenant: KnownTenant, answer: Answer) -> Quantities:
        """Returns quantities that were so less than BELIEVED_SECONDS ago; None if nobody says."""
        if answer.counted_at > max(time.monotonic() - BELIEVED_SECONDS, self._changed_at):
            return answer.quantities
        # Not what was asked for before something may have changed.
        key = (id(answer), self._changed_at)
        return await self._flights.join(key, lambda: self._ask(tenant, answer))

    def invalidate_all(self) -> None:
        """Makes each answer be counted anew: something may have changed until now."""
        self._changed_at = time.monotonic()

    async def close(self) -> None:
        await self._flights.close()

    async def _ask(self, tenant: KnownTenant, answer: Answer) -> Quantities:
        began = time.monotonic()
        quantities: Quantities
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                quantities = tuple(await self._count(tenant, answer.counted_variants))
        except Exception as error:  # whatever it is, the products are shown
            _log.warning("quantities_unknown", error=type(error).__name__)
            quantities = (None,) * len(answer.counted_variants)
        if began > answer.counted_at:
            answer.counted_at, answer.quantities = began, quantities
        return quantities


def counted_by(clients: Clients) -> Count:
    """Returns the question to commerce."""

    async def count(tenant: KnownTenant, variants: Sequence[str]) -> Sequence[int]:
        scope = Scope(tenant.id, "shoppers/-", _READ, tenant_state=tenant.state)
        found: list[int] = []
        with bound(scope), deadline(ANSWER_SECONDS):
            for start in range(0, len(variants), _MOST):
                request = CountStoreVariantsRequest(
                    parent=f"tenants/{tenant.id}", variants=variants[start : start + _MOST]
                )
                found += (await clients.store_stock.CountStoreVariants(request)).quantities
        return found

    return count
