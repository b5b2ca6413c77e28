"""An admin's permissions by place: facts from tenant-registry, never decisions."""

import time
from dataclasses import dataclass

import grpc
from cachetools import LRUCache
from souk.tenant_registry.v1.access_service_pb2 import Access, ResolveAccessRequest

from gateway.cache.single_flight import SingleFlight
from gateway.clients import Clients
from gateway.identity.session_tokens import Session
from gateway.medusa.errors import UNBELIEVED, unauthorized
from services.kernel.call.errors import NotFound, Unauthenticated, from_rpc
from services.kernel.call.scope import Scope, bound

FRESH_SECONDS = 1.0
_REMEMBERED = 4096
OWN_ACTOR = "services/gateway"
_Asked = tuple[str, str, str | None]
"""An admin, their session, and the tenant; None is the platform itself."""


def own_scope(permission: str, request_id: str) -> Scope:
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
    asked_at: float = 0.0

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
        self._known: LRUCache[_Asked, Facts] = LRUCache(_REMEMBERED)
        self._newest: LRUCache[str, int] = LRUCache(_REMEMBERED)
        self._changed: LRUCache[str, float] = LRUCache(_REMEMBERED)
        self._asking: SingleFlight[Facts] = SingleFlight()

    async def about(
        self, session: Session, tenant_id: str | None, *, fresh: bool, request_id: str
    ) -> Facts:
        """Returns what the admin may do there; nothing if there is no such tenant.

        `fresh` bypasses the cache, as every write must, so that a revoked role or an ended session
        takes effect at once.

        Raises:
            Refused: 401, the session has ended, or the admin is deleted or deactivated.
        """
        asked = (session.admin, session.id, tenant_id)
        if fresh:
            return await self._ask(asked, request_id)
        known = self._known.get(asked)
        if known is not None and self._still_counts(session.admin, known):
            return known
        # An admin UI sends many requests at once; they share one call.
        return await self._asking.join(asked, lambda: self._ask(asked, request_id))

    def _still_counts(self, admin: str, known: Facts) -> bool:
        """Returns whether the facts are recent and no newer version or change is known."""
        is_newest = known.version >= (self._newest.get(admin) or 0)
        is_later = known.asked_at > (self._changed.get(admin) or 0.0)
        return is_newest and is_later and time.monotonic() - known.asked_at <= FRESH_SECONDS

    def changed(self, admin: str) -> None:
        """Invalidates what is cached about an admin whose permissions have changed."""
        self._changed[admin] = time.monotonic()

    async def _ask(self, asked: _Asked, request_id: str) -> Facts:
        admin, session, tenant_id = asked
        name, asked_at = f"tenants/{tenant_id}" if tenant_id else "", time.monotonic()
        try:
            with bound(own_scope("access:resolve", request_id)):
                access = await self._clients.access.ResolveAccess(
                    ResolveAccessRequest(admin=admin, tenant=name, session=session)
                )
        except grpc.aio.AioRpcError as error:
            return _nothing_or_raise(error)
        facts = Facts(frozenset(access.permissions), frozenset(access.withheld), access, asked_at)
        self._newest[admin] = max(facts.version, self._newest.get(admin) or 0)
        known = self._known.get(asked)
        if known is None or known.version <= facts.version:
            self._known[asked] = facts
        return facts


def _nothing_or_raise(error: grpc.aio.AioRpcError) -> Facts:
    refused = from_rpc(error)
    if isinstance(refused, NotFound) and refused.reason == "TENANT_NOT_FOUND":
        return Facts(frozenset())
    if isinstance(refused, NotFound | Unauthenticated) and refused.reason != UNBELIEVED:
        raise unauthorized() from None
    raise refused from None
