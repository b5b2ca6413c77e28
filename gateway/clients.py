"""Clients of the services that the gateway calls; each service is one line here."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import grpc
from fastapi import Depends, Request
from souk.audit.v1 import (
    audit_service_pb2,
    audit_service_pb2_grpc,
    proof_service_pb2,
    proof_service_pb2_grpc,
)
from souk.catalog_opt_in.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    listing_service_pb2,
    listing_service_pb2_grpc,
    storefront_service_pb2,
    storefront_service_pb2_grpc,
)
from souk.tenant_registry.v1 import (
    access_grant_service_pb2,
    access_grant_service_pb2_grpc,
    access_service_pb2,
    access_service_pb2_grpc,
    account_service_pb2,
    account_service_pb2_grpc,
    admin_service_pb2,
    admin_service_pb2_grpc,
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    assignment_service_pb2,
    assignment_service_pb2_grpc,
    denial_service_pb2,
    denial_service_pb2_grpc,
    invite_service_pb2,
    invite_service_pb2_grpc,
    oidc_service_pb2,
    oidc_service_pb2_grpc,
    role_service_pb2,
    role_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
    tenant_registry_service_pb2,
    tenant_registry_service_pb2_grpc,
)

from gateway.settings import GatewaySettings
from services.kernel.call.client import channel
from services.kernel.call.credentials import Signer
from services.kernel.process.signing_keys import signing_key

_CONTRACTS = {
    "tenant-registry": (
        access_grant_service_pb2.DESCRIPTOR,
        admin_service_pb2.DESCRIPTOR,
        assignment_service_pb2.DESCRIPTOR,
        role_service_pb2.DESCRIPTOR,
        access_service_pb2.DESCRIPTOR,
        account_service_pb2.DESCRIPTOR,
        api_key_service_pb2.DESCRIPTOR,
        denial_service_pb2.DESCRIPTOR,
        invite_service_pb2.DESCRIPTOR,
        oidc_service_pb2.DESCRIPTOR,
        session_service_pb2.DESCRIPTOR,
        tenant_registry_service_pb2.DESCRIPTOR,
    ),
    "catalog-opt-in": (
        catalog_service_pb2.DESCRIPTOR,
        listing_service_pb2.DESCRIPTOR,
        storefront_service_pb2.DESCRIPTOR,
    ),
    "audit": (audit_service_pb2.DESCRIPTOR, proof_service_pb2.DESCRIPTOR),
}


class Clients:
    """One channel per service, and its stubs.

    Stub methods need a bound scope, which the channel signs and sends:
    `await clients.listings.GetListing(GetListingRequest(name=...))`.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        signer = Signer("gateway", settings.secret_file("gateway.key", signing_key))
        targets = {
            "tenant-registry": settings.tenant_registry,
            "catalog-opt-in": settings.catalog_opt_in,
            "audit": settings.audit,
        }
        self.channels: Mapping[str, grpc.aio.Channel] = {
            name: channel(target, signer=signer, audience=name, contract=_CONTRACTS[name])
            for name, target in targets.items()
        }
        registry, catalogue = self.channels["tenant-registry"], self.channels["catalog-opt-in"]
        self.tenants = tenant_registry_service_pb2_grpc.TenantRegistryServiceStub(registry)
        self.access = access_service_pb2_grpc.AccessServiceStub(registry)
        self.admins = admin_service_pb2_grpc.AdminServiceStub(registry)
        self.assignments = assignment_service_pb2_grpc.AssignmentServiceStub(registry)
        self.roles = role_service_pb2_grpc.RoleServiceStub(registry)
        self.access_grants = access_grant_service_pb2_grpc.AccessGrantServiceStub(registry)
        self.api_keys = api_key_service_pb2_grpc.ApiKeyServiceStub(registry)
        self.accounts = account_service_pb2_grpc.AccountServiceStub(registry)
        self.invites = invite_service_pb2_grpc.InviteServiceStub(registry)
        self.oidc = oidc_service_pb2_grpc.OidcServiceStub(registry)
        self.sessions = session_service_pb2_grpc.SessionServiceStub(registry)
        self.catalogue = catalog_service_pb2_grpc.CatalogServiceStub(catalogue)
        self.listings = listing_service_pb2_grpc.ListingServiceStub(catalogue)
        self.storefront = storefront_service_pb2_grpc.StorefrontServiceStub(catalogue)
        self.denials = denial_service_pb2_grpc.DenialServiceStub(registry)
        self.audit = audit_service_pb2_grpc.AuditServiceStub(self.channels["audit"])
        self.proofs = proof_service_pb2_grpc.ProofServiceStub(self.channels["audit"])

    async def close(self) -> None:
        await asyncio.gather(*(one.close(grace=1.0) for one in self.channels.values()))


# Async, because FastAPI would run a plain function in a thread for each request.
async def _clients(request: Request) -> Clients:
    clients: Clients = request.app.state.runtime.clients
    return clients


ClientsOf = Annotated[Clients, Depends(_clients)]
