"""What an admin may do where: facts asked of tenant-registry, never decisions."""

import time
from dataclasses import dataclass

import grpc
from souk.tenant_registry.v1.access_service_pb2 import Access, ResolveAccessRequest

from gateway.bounded import Bounded
from gateway.clients import Clients
from gateway.errors import UNBELIEVED, unauthorized
from gateway.flights import Flights
from gateway.sessions import Session
from services.kernel.errors import NotFound, Unauthenticated, from_rpc
from services.kernel.scope import Scope, bound

FRESH_SECONDS = 1.0
_REMEMBERED = 4096
OWN_ACTOR = "services/gateway"
_Asked = tuple[str, str, str | None]
"""An admin, the session in which they ask, and where; None is the platform itself."""


def own_scope(permission: str, request_id: str) -> Scope:
    """The gateway's own scope at the platform, for one of its own questions."""
    return Scope(None, OWN_ACTOR, frozenset({permission}), request_id=request_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """What somebody may do at one place.

    `withheld` is what they could do besides with an access grant. `answer` is what the registry
    said of an admin; None of a machine.
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
        """The name of the access grant by which they hold part of it; empty when by none."""
        return self.answer.access_grant if self.answer is not None else ""


class AccessFacts:
    """Facts of admins, under the version of their access; reads may use those of a second ago."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: Bounded[_Asked, Facts] = Bounded(_REMEMBERED)
        self._newest: Bounded[str, int] = Bounded(_REMEMBERED)
        self._changed: Bounded[str, float] = Bounded(_REMEMBERED)
        self._asking: Flights[Facts] = Flights()

    async def about(
        self, session: Session, tenant_id: str | None, *, fresh: bool, request_id: str
    ) -> Facts:
        """Tells what the admin may do there; nothing also where there is no such tenant.

        `fresh` asks whatever is known, as every write must: a withdrawn right ends at once, and so
        does a session.

        Raises:
            Refused: 401, when the session has ended, or the admin is gone or deactivated.
        """
        asked = (session.admin, session.id, tenant_id)
        if fresh:
            return await self._ask(asked, request_id)
        known = self._known.get(asked)
        if known is not None and self._still_counts(session.admin, known):
            return known
        # A page of an admin's asks for many things at once; they are one question.
        return await self._asking.join(asked, lambda: self._ask(asked, request_id))

    def _still_counts(self, admin: str, known: Facts) -> bool:
        """Whatever is older than a newer version, or than a change heard of, counts no more."""
        is_newest = known.version >= (self._newest.get(admin) or 0)
        is_later = known.asked_at > (self._changed.get(admin) or 0.0)
        return is_newest and is_later and time.monotonic() - known.asked_at <= FRESH_SECONDS

    def changed(self, admin: str) -> None:
        """Hears that what an admin may do has changed: what was known before counts no more."""
        self._changed.put(admin, time.monotonic())

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
        self._newest.put(admin, max(facts.version, self._newest.get(admin) or 0))
        known = self._known.get(asked)
        if known is None or known.version <= facts.version:
            self._known.put(asked, facts)
        return facts


def _nothing_or_raise(error: grpc.aio.AioRpcError) -> Facts:
    refused = from_rpc(error)
    if isinstance(refused, NotFound) and refused.reason == "TENANT_NOT_FOUND":
        return Facts(frozenset())
    if isinstance(refused, NotFound | Unauthenticated) and refused.reason != UNBELIEVED:
        raise unauthorized() from None
    raise refused from None
