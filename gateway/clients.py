"""Clients of the services that the gateway calls: one import and one line for each."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, TypeVar

import grpc
from fastapi import Depends, Request
from google.protobuf.descriptor import FileDescriptor
from souk.audit.v1 import audit_service_pb2_grpc, proof_service_pb2_grpc
from souk.catalog_opt_in.v1 import (
    catalog_service_pb2_grpc,
    file_service_pb2_grpc,
    listing_service_pb2_grpc,
    price_list_service_pb2_grpc,
    storefront_service_pb2_grpc,
)
from souk.commerce.v1 import (
    campaign_service_pb2_grpc,
    customer_group_service_pb2_grpc,
    customer_service_pb2_grpc,
    fulfillment_set_service_pb2_grpc,
    inventory_service_pb2_grpc,
    order_service_pb2_grpc,
    payment_event_service_pb2_grpc,
    payment_service_pb2_grpc,
    promotion_service_pb2_grpc,
    region_service_pb2_grpc,
    reservation_service_pb2_grpc,
    shipping_option_service_pb2_grpc,
    shipping_profile_service_pb2_grpc,
    stock_location_service_pb2_grpc,
    store_cart_service_pb2_grpc,
    store_checkout_service_pb2_grpc,
    store_customer_service_pb2_grpc,
    store_market_service_pb2_grpc,
    store_order_service_pb2_grpc,
    store_shipping_service_pb2_grpc,
    store_stock_service_pb2_grpc,
    tax_rate_service_pb2_grpc,
    tax_region_service_pb2_grpc,
)
from souk.tenant_registry.v1 import (
    access_grant_service_pb2_grpc,
    access_service_pb2_grpc,
    account_service_pb2_grpc,
    admin_service_pb2_grpc,
    api_key_service_pb2_grpc,
    assignment_service_pb2_grpc,
    denial_service_pb2_grpc,
    invite_service_pb2_grpc,
    oidc_service_pb2_grpc,
    role_service_pb2_grpc,
    session_service_pb2_grpc,
    tenant_registry_service_pb2_grpc,
)

from gateway.settings import GatewaySettings
from services.kernel.call.client import channel
from services.kernel.call.credentials import Signer
from services.kernel.process.signing_keys import signing_key

S = TypeVar("S")


class Clients:
    """One channel per service, and its stubs.

    Stub methods need a bound scope, which the channel signs and sends:
    `await clients.listings.GetListing(GetListingRequest(name=...))`.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self.channels: dict[str, grpc.aio.Channel] = {}
        self._settings = settings
        self._signer = Signer("gateway", settings.secret_file("gateway.key", signing_key))
        self.tenants = self._stub(tenant_registry_service_pb2_grpc.TenantRegistryServiceStub)
        self.access = self._stub(access_service_pb2_grpc.AccessServiceStub)
        self.admins = self._stub(admin_service_pb2_grpc.AdminServiceStub)
        self.assignments = self._stub(assignment_service_pb2_grpc.AssignmentServiceStub)
        self.roles = self._stub(role_service_pb2_grpc.RoleServiceStub)
        self.access_grants = self._stub(access_grant_service_pb2_grpc.AccessGrantServiceStub)
        self.api_keys = self._stub(api_key_service_pb2_grpc.ApiKeyServiceStub)
        self.accounts = self._stub(account_service_pb2_grpc.AccountServiceStub)
        self.invites = self._stub(invite_service_pb2_grpc.InviteServiceStub)
        self.oidc = self._stub(oidc_service_pb2_grpc.OidcServiceStub)
        self.sessions = self._stub(session_service_pb2_grpc.SessionServiceStub)
        self.denials = self._stub(denial_service_pb2_grpc.DenialServiceStub)
        self.catalogue = self._stub(catalog_service_pb2_grpc.CatalogServiceStub)
        self.files = self._stub(file_service_pb2_grpc.FileServiceStub)
        self.listings = self._stub(listing_service_pb2_grpc.ListingServiceStub)
        self.price_lists = self._stub(price_list_service_pb2_grpc.PriceListServiceStub)
        self.storefront = self._stub(storefront_service_pb2_grpc.StorefrontServiceStub)
        self.carts = self._stub(store_cart_service_pb2_grpc.StoreCartServiceStub)
        self.checkout = self._stub(store_checkout_service_pb2_grpc.StoreCheckoutServiceStub)
        self.payment_events = self._stub(payment_event_service_pb2_grpc.PaymentEventServiceStub)
        self.regions = self._stub(region_service_pb2_grpc.RegionServiceStub)
        self.markets = self._stub(store_market_service_pb2_grpc.StoreMarketServiceStub)
        self.tax_regions = self._stub(tax_region_service_pb2_grpc.TaxRegionServiceStub)
        self.tax_rates = self._stub(tax_rate_service_pb2_grpc.TaxRateServiceStub)
        self.promotions = self._stub(promotion_service_pb2_grpc.PromotionServiceStub)
        self.campaigns = self._stub(campaign_service_pb2_grpc.CampaignServiceStub)
        self.inventory = self._stub(inventory_service_pb2_grpc.InventoryServiceStub)
        self.stock_locations = self._stub(stock_location_service_pb2_grpc.StockLocationServiceStub)
        self.store_stock = self._stub(store_stock_service_pb2_grpc.StoreStockServiceStub)
        self.reservations = self._stub(reservation_service_pb2_grpc.ReservationServiceStub)
        self.customers = self._stub(store_customer_service_pb2_grpc.StoreCustomerServiceStub)
        self.staffs_customers = self._stub(customer_service_pb2_grpc.CustomerServiceStub)
        self.customer_groups = self._stub(customer_group_service_pb2_grpc.CustomerGroupServiceStub)
        self.orders = self._stub(order_service_pb2_grpc.OrderServiceStub)
        self.payments = self._stub(payment_service_pb2_grpc.PaymentServiceStub)
        self.own_orders = self._stub(store_order_service_pb2_grpc.StoreOrderServiceStub)
        self.shipping = self._stub(store_shipping_service_pb2_grpc.StoreShippingServiceStub)
        self.shipping_profiles = self._stub(
            shipping_profile_service_pb2_grpc.ShippingProfileServiceStub
        )
        self.fulfillment_sets = self._stub(
            fulfillment_set_service_pb2_grpc.FulfillmentSetServiceStub
        )
        self.shipping_options = self._stub(
            shipping_option_service_pb2_grpc.ShippingOptionServiceStub
        )
        self.audit = self._stub(audit_service_pb2_grpc.AuditServiceStub)
        self.proofs = self._stub(proof_service_pb2_grpc.ProofServiceStub)

    def _stub(self, stub: Callable[[grpc.aio.Channel], S]) -> S:
        """Makes a stub on the channel of its service, whose name is in the stub's package."""
        package = stub.__module__.rpartition(".")[0]
        setting = package.split(".")[1]
        service = setting.replace("_", "-")
        if service not in self.channels:
            self.channels[service] = channel(
                getattr(self._settings, setting),
                signer=self._signer,
                audience=service,
                contract=_contract(package),
                certificate=self._settings.certificate,
            )
        return stub(self.channels[service])

    async def close(self) -> None:
        await asyncio.gather(*(channel.close(grace=1.0) for channel in self.channels.values()))


def _contract(package: str) -> list[FileDescriptor]:
    """Returns the descriptors of a service's RPCs, such as those of souk.audit.v1."""
    names = (module.name for module in iter_modules(import_module(package).__path__))
    return [
        import_module(f"{package}.{name}").DESCRIPTOR
        for name in names
        if name.endswith("_service_pb2")
    ]


# Async, because FastAPI would run a plain function in a thread for each request.
async def _clients(request: Request) -> Clients:
    clients: Clients = request.app.state.runtime.clients
    return clients


ClientsOf = Annotated[Clients, Depends(_clients)]
