"""What an admin may do where: facts asked of tenant-registry, never decisions."""

import time

import grpc
from souk.tenant_registry.v1.access_service_pb2 import ResolveAccessRequest

from gateway.bounded import Bounded
from gateway.clients import Clients
from gateway.errors import unauthorized
from gateway.flights import Flights
from services.kernel.errors import NotFound, from_rpc
from services.kernel.scope import Scope, bound

FRESH_SECONDS = 1.0
_REMEMBERED = 4096
OWN_ACTOR = "services/gateway"


def own_scope(permission: str, request_id: str) -> Scope:
    """The gateway's own scope at the platform, for one of its own questions."""
    return Scope(None, OWN_ACTOR, frozenset({permission}), request_id=request_id)


class AccessFacts:
    """Permissions of an admin at a tenant; reads may use what was known a second ago."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: Bounded[tuple[str, str | None], tuple[float, frozenset[str]]] = Bounded(
            _REMEMBERED
        )
        self._asking: Flights[frozenset[str]] = Flights()

    async def permissions(
        self, admin: str, tenant_id: str | None, *, fresh: bool, request_id: str
    ) -> frozenset[str]:
        """Tells what the admin may do there; empty when nothing, or when there is no such tenant.

        `fresh` asks whatever is known, as every write must: a withdrawn right ends at once.

        Raises:
            Refused: 401, when the admin is gone or deactivated.
        """
        if fresh:
            return await self._ask(admin, tenant_id, request_id)
        known = self._known.get((admin, tenant_id))
        if known is not None and time.monotonic() - known[0] <= FRESH_SECONDS:
            return known[1]
        # A page of an admin's asks for many things at once; they are one question.
        return await self._asking.join(
            (admin, tenant_id), lambda: self._ask(admin, tenant_id, request_id)
        )

    async def _ask(self, admin: str, tenant_id: str | None, request_id: str) -> frozenset[str]:
        name, asked_at = f"tenants/{tenant_id}" if tenant_id else "", time.monotonic()
        try:
            with bound(own_scope("access:resolve", request_id)):
                access = await self._clients.access.ResolveAccess(
                    ResolveAccessRequest(admin=admin, tenant=name)
                )
        except grpc.aio.AioRpcError as error:
            return _nothing_or_raise(error)
        permissions = frozenset(access.permissions)
        self._known.put((admin, tenant_id), (asked_at, permissions))
        return permissions


def _nothing_or_raise(error: grpc.aio.AioRpcError) -> frozenset[str]:
    refused = from_rpc(error)
    if isinstance(refused, NotFound) and refused.reason == "TENANT_NOT_FOUND":
        return frozenset()
    if isinstance(refused, NotFound):
        raise unauthorized() from None
    raise refused from None
