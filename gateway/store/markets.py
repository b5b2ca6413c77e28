"""Where shops sell, as commerce says, or last said."""

from collections.abc import Sequence
from typing import Annotated

import grpc
from cachetools import LRUCache
from fastapi import Depends, Request
from souk.commerce.v1.store_market_service_pb2 import ListStoreRegionsRequest, StoreRegion

from gateway.clients import Clients
from gateway.request_state import RequestState, state_of
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope

# Of the time that a shopper's read has, so that the catalogue can still be asked.
ANSWER_SECONDS = 0.5
_MOST_TENANTS = 5_000
_SILENT = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


class Markets:
    """Asks commerce for regions; while it does not respond, they are what they were."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._last: LRUCache[str, Sequence[StoreRegion]] = LRUCache(_MOST_TENANTS)

    async def regions(self, state: RequestState) -> Sequence[StoreRegion]:
        """Returns the regions of the current scope's tenant, and aliases.

        Raises:
            AioRpcError: commerce does not respond, and this process has not asked it before.
        """
        tenant = current_scope().tenant or ""
        request = ListStoreRegionsRequest(parent=f"tenants/{tenant}")
        try:
            found = await self._clients.markets.ListStoreRegions(request, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            last = self._last.get(tenant)
            if last is None or error.code() not in _SILENT:
                raise
            state.is_last_known = True
            return last
        self._last[tenant] = regions = list(found.regions)
        return regions


class ShopMarkets:
    """The regions of the shop that a request is for."""

    def __init__(self, markets: Markets, state: RequestState) -> None:
        self._markets = markets
        self._state = state

    async def all(self) -> Sequence[StoreRegion]:
        """Returns what is listed, oldest first."""
        found = await self._markets.regions(self._state)
        return [region for region in found if not region.is_alias]

    async def named(self, region_id: str) -> StoreRegion:
        """Returns the region of an id; another shop's counts as unknown.

        Raises:
            NotFound: REGION_NOT_FOUND.
        """
        for region in await self._markets.regions(self._state):
            if region.id == region_id:
                return region
        raise NotFound("REGION_NOT_FOUND", f"No such region: {region_id[:100]}")


# Async, because FastAPI would run a plain function in a thread for each request.
async def _markets(request: Request) -> ShopMarkets:
    return ShopMarkets(request.app.state.runtime.markets, state_of(request))


MarketsOf = Annotated[ShopMarkets, Depends(_markets)]
