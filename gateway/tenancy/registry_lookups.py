"""Calls to tenant-registry about tenants, limited in concurrency and rate."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as registry
from souk.tenant_registry.v1.api_key_service_pb2 import ResolvePublishableKeyRequest
from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.clients import Clients
from gateway.medusa.errors import GATEWAY_BUSY, Refused
from services.kernel.call.errors import InvalidArgument, NotFound, Unavailable, from_rpc
from services.kernel.call.scope import Scope, bound

# Only a request for a shop that is not cached waits for it.
_SECONDS = 2.0
_CONCURRENT_CALLS = 32
_SCOPE = Scope(None, "services/gateway", frozenset({"host:resolve"}))


class RegistryLookups:
    """Calls that raise NotFound or InvalidArgument if there is no such tenant.

    They raise Unavailable if the registry does not answer, or returns anything else. For look-ups
    of a shop, a tenant that is not open does not exist. `may_look_up` counts a look-up that a
    client at an address causes, and returns whether it is within the limits.
    """

    def __init__(self, clients: Clients, may_look_up: Callable[[str], bool]) -> None:
        self._clients = clients
        self._may_look_up = may_look_up
        self._slots = asyncio.Semaphore(_CONCURRENT_CALLS)

    def count(self, address: str) -> None:
        """Counts a call that a client at this address causes with a name of its choice.

        Raises:
            Refused: 503 GATEWAY_BUSY, too many for the address or for this process; not a 404,
                because the name may be a shop's.
        """
        if not self._may_look_up(address):
            raise Refused(GATEWAY_BUSY)

    async def tenant(self, tenant_id: str) -> TenantConfig:
        request = registry.ResolveTenantRequest(name=f"tenants/{tenant_id}")
        return await self._call(lambda: self._clients.tenants.ResolveTenant(request))

    async def shop(self, tenant_id: str) -> TenantConfig:
        request = registry.ResolveTenantRequest(name=f"tenants/{tenant_id}", active_only=True)
        return await self._call(lambda: self._clients.tenants.ResolveTenant(request))

    async def shop_at(self, host: str) -> TenantConfig:
        request = registry.ResolveHostRequest(host=host, active_only=True)
        return await self._call(lambda: self._clients.tenants.ResolveHost(request))

    async def shop_of_key(self, digest: bytes) -> TenantConfig:
        request = ResolvePublishableKeyRequest(digest=digest, active_only=True)
        return await self._call(lambda: self._clients.api_keys.ResolvePublishableKey(request))

    async def _call(self, call: Callable[[], Any]) -> TenantConfig:
        try:
            # The time in the queue counts, too.
            async with asyncio.timeout(_SECONDS), self._slots:
                with bound(_SCOPE):
                    config: TenantConfig = await call()
                    return config
        except grpc.aio.AioRpcError as error:
            service_error = from_rpc(error)
        except TimeoutError:
            service_error = Unavailable("UNAVAILABLE", "tenant-registry does not answer")
        if isinstance(service_error, (NotFound, InvalidArgument)):
            raise service_error
        # Any other outcome says nothing about the tenant: what is cached of it stays in use.
        raise Unavailable("UNAVAILABLE", service_error.message) from None
