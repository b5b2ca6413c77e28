"""StoreMarketService: where a shop sells, for its shoppers and for the gateways' memory."""

from dataclasses import replace

from souk.commerce.v1 import store_market_service_pb2 as pb
from souk.commerce.v1.store_market_service_pb2_grpc import StoreMarketServiceServicer

from services.commerce.markets.document import region_document
from services.commerce.markets.rules import Market
from services.commerce.payments.providers import Providers
from services.commerce.setup.setup import Setups, setup_versions
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database


class StoreMarketServicer(StoreMarketServiceServicer):
    def __init__(self, db: Database, setups: Setups, providers: Providers) -> None:
        self._db = db
        self._providers = providers.ids
        self._setups = setups

    async def ListStoreRegions(
        self, request: pb.ListStoreRegionsRequest, _context: object
    ) -> pb.ListStoreRegionsResponse:
        current_scope().require_parent(request.parent)
        async with self._db.act() as act:
            setup = await self._setups.current(act)
        return pb.ListStoreRegionsResponse(regions=[self._region(one) for one in setup.markets])

    def _region(self, market: Market) -> pb.StoreRegion:
        """Shows a region with those of its payment providers that this installation has."""
        providers = tuple(one for one in market.payment_providers if one in self._providers)
        return pb.StoreRegion(
            id=market.id,
            currency_code=market.currency_code,
            payment_providers=providers,
            is_alias=market.is_alias,
            document=region_document(replace(market, payment_providers=providers)),
        )

    async def ListSetupVersions(
        self, request: pb.ListSetupVersionsRequest, _context: object
    ) -> pb.ListSetupVersionsResponse:
        async with self._db.platform() as session:
            found = await setup_versions(session, request.tenants)
        return pb.ListSetupVersionsResponse(versions=found)
