"""What is asked of tenant-registry about tenants: few at once, and few a second for strangers."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import grpc
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as registry
from souk.tenant_registry.v1.api_key_service_pb2 import ResolvePublishableKeyRequest
from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.clients import Clients
from gateway.errors import GATEWAY_BUSY, Refused
from gateway.limits import Limiter
from gateway.limits.plans import of_question
from services.kernel.errors import InvalidArgument, NotFound, Unavailable, from_rpc
from services.kernel.scope import Scope, bound

# Only who asks for a shop that nobody here knows yet waits for it.
_SECONDS = 2.0
_AT_ONCE = 32
_SCOPE = Scope(None, "services/gateway", frozenset({"host:resolve"}))


class Questions:
    """Every question raises NotFound or InvalidArgument when there is no such tenant.

    It raises Unavailable when the registry does not answer, or answers anything else. To the
    questions for a shop, a tenant that is not open is none.
    """

    def __init__(self, clients: Clients, limiter: Limiter) -> None:
        self._clients = clients
        self._limiter = limiter
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._gateway = uuid.uuid4().hex

    def count(self, address: str) -> None:
        """Counts a question that somebody at this address causes by a name of their choice.

        Raises:
            Refused: 503 GATEWAY_BUSY, too many for the address, or for all of this process: the
                name may be a shop's, so nothing is said of it.
        """
        if self._limiter.count(of_question(address, gateway=self._gateway)).is_refused:
            raise Refused(GATEWAY_BUSY)

    async def tenant(self, tenant_id: str) -> TenantConfig:
        request = registry.ResolveTenantRequest(name=f"tenants/{tenant_id}")
        return await self._ask(lambda: self._clients.tenants.ResolveTenant(request))

    async def shop(self, tenant_id: str) -> TenantConfig:
        request = registry.ResolveTenantRequest(name=f"tenants/{tenant_id}", active_only=True)
        return await self._ask(lambda: self._clients.tenants.ResolveTenant(request))

    async def shop_at(self, host: str) -> TenantConfig:
        request = registry.ResolveHostRequest(host=host, active_only=True)
        return await self._ask(lambda: self._clients.tenants.ResolveHost(request))

    async def shop_of_key(self, digest: bytes) -> TenantConfig:
        request = ResolvePublishableKeyRequest(digest=digest, active_only=True)
        return await self._ask(lambda: self._clients.api_keys.ResolvePublishableKey(request))

    async def _ask(self, call: Callable[[], Any]) -> TenantConfig:
        try:
            async with asyncio.timeout(_SECONDS), self._slots:
                with bound(_SCOPE):
                    config: TenantConfig = await call()
                    return config
        except grpc.aio.AioRpcError as error:
            refused = from_rpc(error)
        except TimeoutError:
            refused = Unavailable("UNAVAILABLE", "tenant-registry does not answer")
        if isinstance(refused, (NotFound, InvalidArgument)):
            raise refused
        raise Unavailable("UNAVAILABLE", refused.message) from None
