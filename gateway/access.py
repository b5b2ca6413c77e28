"""What an admin may do where: facts asked of tenant-registry, never decisions."""

import time

import grpc
from souk.tenant_registry.v1.access_service_pb2 import ResolveAccessRequest

from gateway.bounded import Bounded
from gateway.clients import Clients
from gateway.errors import unauthorized
from gateway.flights import Flights
from gateway.sessions import Session
from services.kernel.errors import NotFound, Unauthenticated, from_rpc
from services.kernel.scope import Scope, bound

FRESH_SECONDS = 1.0
_REMEMBERED = 4096
OWN_ACTOR = "services/gateway"
_Asked = tuple[str, str, str | None]
"""An admin, the session in which they ask, and where; None is the platform itself."""


def own_scope(permission: str, request_id: str, *, address: str = "") -> Scope:
    """The gateway's own scope at the platform, for one of its own questions.

    `address` is the client's, where the question is about somebody who is not logged in yet.
    """
    return Scope(None, OWN_ACTOR, frozenset({permission}), request_id=request_id, address=address)


class AccessFacts:
    """Permissions of an admin at a tenant; reads may use what was known a second ago."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: Bounded[_Asked, tuple[float, frozenset[str]]] = Bounded(_REMEMBERED)
        self._asking: Flights[frozenset[str]] = Flights()

    async def permissions(
        self, session: Session, tenant_id: str | None, *, fresh: bool, request_id: str
    ) -> frozenset[str]:
        """Tells what the admin may do there; empty when nothing, or when there is no such tenant.

        `fresh` asks whatever is known, as every write must: a withdrawn right ends at once, and so
        does a session.

        Raises:
            Refused: 401, when the session has ended, or the admin is gone or deactivated.
        """
        asked = (session.admin, session.id, tenant_id)
        if fresh:
            return await self._ask(asked, request_id)
        known = self._known.get(asked)
        if known is not None and time.monotonic() - known[0] <= FRESH_SECONDS:
            return known[1]
        # A page of an admin's asks for many things at once; they are one question.
        return await self._asking.join(asked, lambda: self._ask(asked, request_id))

    async def _ask(self, asked: _Asked, request_id: str) -> frozenset[str]:
        admin, session, tenant_id = asked
        name, asked_at = f"tenants/{tenant_id}" if tenant_id else "", time.monotonic()
        try:
            with bound(own_scope("access:resolve", request_id)):
                access = await self._clients.access.ResolveAccess(
                    ResolveAccessRequest(admin=admin, tenant=name, session=session)
                )
        except grpc.aio.AioRpcError as error:
            return _nothing_or_raise(error)
        permissions = frozenset(access.permissions)
        self._known.put(asked, (asked_at, permissions))
        return permissions


def _nothing_or_raise(error: grpc.aio.AioRpcError) -> frozenset[str]:
    refused = from_rpc(error)
    if isinstance(refused, NotFound) and refused.reason == "TENANT_NOT_FOUND":
        return frozenset()
    if isinstance(refused, NotFound | Unauthenticated):
        raise unauthorized() from None
    raise refused from None
