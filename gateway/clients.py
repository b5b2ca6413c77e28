"""The services that the gateway calls: adding one is a line here."""

import asyncio
from collections.abc import Mapping

import grpc
from souk.audit.v1 import audit_service_pb2_grpc as audit
from souk.catalog_opt_in.v1 import catalog_service_pb2_grpc as catalogue
from souk.catalog_opt_in.v1 import listing_service_pb2_grpc as listings
from souk.catalog_opt_in.v1 import storefront_service_pb2_grpc as storefront
from souk.tenant_registry.v1 import access_service_pb2_grpc as access
from souk.tenant_registry.v1 import tenant_registry_service_pb2_grpc as registry

from gateway.settings import GatewaySettings
from services.kernel.client import channel
from services.kernel.credentials import Signer


class Clients:
    """One channel a service, and the stubs on it.

    A stub's method is awaited under a bound scope, which the channel signs and sends:
    `await clients.listings.GetListing(GetListingRequest(name=...))`.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        signer = Signer("gateway", settings.secret("gateway.key"))
        self.channels: Mapping[str, grpc.aio.Channel] = {
            name: channel(target, signer=signer, audience=name)
            for name, target in (
                ("tenant-registry", settings.tenant_registry),
                ("catalog-opt-in", settings.catalog_opt_in),
                ("audit", settings.audit),
            )
        }
        registry_channel = self.channels["tenant-registry"]
        catalogue_channel = self.channels["catalog-opt-in"]
        self.tenants = registry.TenantRegistryServiceStub(registry_channel)
        self.access = access.AccessServiceStub(registry_channel)
        self.catalogue = catalogue.CatalogServiceStub(catalogue_channel)
        self.listings = listings.ListingServiceStub(catalogue_channel)
        self.storefront = storefront.StorefrontServiceStub(catalogue_channel)
        self.audit = audit.AuditServiceStub(self.channels["audit"])

    async def close(self) -> None:
        await asyncio.gather(*(one.close(grace=1.0) for one in self.channels.values()))
