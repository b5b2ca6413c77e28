"""An admin's permissions by place: facts from tenant-registry, never decisions."""

import time
from dataclasses import dataclass

import grpc
from cachetools import LRUCache
from souk.tenant_registry.v1.access_service_pb2 import Access, ResolveAccessRequest

from gateway.cache.single_flight import SingleFlight
from gateway.clients import Clients
from gateway.identity.session_tokens import Session
from gateway.medusa.errors import SCOPE_REJECTED, unauthorized
from services.kernel.call.errors import NotFound, Unauthenticated, from_rpc
from services.kernel.call.scope import Scope, bound

FRESH_SECONDS = 1.0
_CACHE_SIZE = 4096
OWN_ACTOR = "services/gateway"
_Lookup = tuple[str, str, str | None]
"""An admin, their session, and the tenant; None is the platform itself."""


def gateway_scope(permission: str, request_id: str) -> Scope:
    """Returns the gateway's own scope at the platform, for its own calls."""
    return Scope(None, OWN_ACTOR, frozenset({permission}), request_id=request_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a caller may do at one place.

    `withheld` are the permissions that an access grant would add. `answer` is the registry's
    response for an admin; None for an API key.
    """

    permissions: frozenset[str]
    withheld: frozenset[str] = frozenset()
    answer: Access | None = None
    requested_at: float = 0.0

    @property
    def version(self) -> int:
        return self.answer.version if self.answer is not None else 0

    @property
    def access_grant(self) -> str:
        """The name of the access grant behind some of the permissions; empty if there is none."""
        return self.answer.access_grant if self.answer is not None else ""


class AccessFacts:
    """Caches admins' facts by access version; reads may use facts up to a second old."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._cached: LRUCache[_Lookup, Facts] = LRUCache(_CACHE_SIZE)
        self._newest: LRUCache[str, int] = LRUCache(_CACHE_SIZE)
        self._invalidated: LRUCache[str, float] = LRUCache(_CACHE_SIZE)
        self._in_flight: SingleFlight[Facts] = SingleFlight()

    async def facts_of(
        self, session: Session, tenant_id: str | None, *, fresh: bool, request_id: str
    ) -> Facts:
        """Returns what the admin may do there; nothing if there is no such tenant.

        `fresh` bypasses the cache, as every write must, so that a revoked role or an ended session
        takes effect at once.

        Raises:
            Refused: 401, the session has ended, or the admin is deleted or deactivated.
        """
        lookup = (session.admin, session.id, tenant_id)
        if fresh:
            return await self._look_up(lookup, request_id)
        cached = self._cached.get(lookup)
        if cached is not None and self._is_current(session.admin, cached):
            return cached
        # An admin UI sends many requests at once; they share one call.
        return await self._in_flight.join(lookup, lambda: self._look_up(lookup, request_id))

    def _is_current(self, admin: str, cached: Facts) -> bool:
        """Returns whether the facts are recent and no newer version or change is known."""
        is_newest = cached.version >= (self._newest.get(admin) or 0)
        is_after_change = cached.requested_at > (self._invalidated.get(admin) or 0.0)
        is_recent = time.monotonic() - cached.requested_at <= FRESH_SECONDS
        return is_newest and is_after_change and is_recent

    def invalidate(self, admin: str) -> None:
        """Invalidates what is cached about an admin whose permissions have changed."""
        self._invalidated[admin] = time.monotonic()

    async def _look_up(self, lookup: _Lookup, request_id: str) -> Facts:
        admin, session, tenant_id = lookup
        name, requested_at = f"tenants/{tenant_id}" if tenant_id else "", time.monotonic()
        try:
            with bound(gateway_scope("access:resolve", request_id)):
                access = await self._clients.access.ResolveAccess(
                    ResolveAccessRequest(admin=admin, tenant=name, session=session)
                )
        except grpc.aio.AioRpcError as error:
            return _no_permissions_or_raise(error)
        facts = Facts(
            frozenset(access.permissions), frozenset(access.withheld), access, requested_at
        )
        self._newest[admin] = max(facts.version, self._newest.get(admin) or 0)
        cached = self._cached.get(lookup)
        if cached is None or cached.version <= facts.version:
            self._cached[lookup] = facts
        return facts


def _no_permissions_or_raise(error: grpc.aio.AioRpcError) -> Facts:
    service_error = from_rpc(error)
    if isinstance(service_error, NotFound) and service_error.reason == "TENANT_NOT_FOUND":
        return Facts(frozenset())
    if (
        isinstance(service_error, NotFound | Unauthenticated)
        and service_error.reason != SCOPE_REJECTED
    ):
        raise unauthorized() from None
    raise service_error from None
