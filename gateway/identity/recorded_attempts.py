"""Events about attempts that no service sees: refusals here, and uses of access grants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import grpc
from fastapi import Request
from souk.tenant_registry.v1.access_grant_service_pb2 import RecordUseRequest
from souk.tenant_registry.v1.denial_service_pb2 import RecordDenialRequest

from gateway.clients import Clients
from gateway.identity.access_facts import gateway_scope
from gateway.identity.principals import Principal, identity_of
from gateway.request_state import state_of
from services.kernel.call import recorded_events
from services.kernel.call.errors import Unavailable
from services.kernel.call.redaction import LONGEST_USER_AGENT, redacted
from services.kernel.call.scope import Scope, bound


def with_client(request: Request, scope: Scope) -> Scope:
    """Adds the request id, the client's address and its User-Agent to a scope."""
    state = state_of(request)
    return replace(
        scope,
        request_id=state.request_id,
        address=state.address,
        user_agent=user_agent(request.headers.get("user-agent", "")),
    )


def user_agent(value: str) -> str:
    """Returns a User-Agent as events store it: short, printable ASCII, secrets redacted."""
    plain = "".join(c for c in value[:LONGEST_USER_AGENT] if c.isascii() and c.isprintable())
    return redacted(plain)


async def record_access_grant_use(
    request: Request, principal: Principal, access_grant: str
) -> None:
    """Records the use of an access grant before the request runs.

    Also for writes, which record their own events: a write that changes nothing records none, but
    still returns data.
    """
    use = RecordUseRequest(name=access_grant, attempt=_attempt(request))
    async with _recording_scope(request, principal, "accessgrant:record") as clients:
        await clients.access_grants.RecordUse(use)


async def record_denial(
    request: Request,
    principal: Principal,
    resource: str,
    reason: str = "PERMISSION_MISSING",
) -> None:
    """Records that a caller was refused, whether the tenant exists or not."""
    denial = RecordDenialRequest(
        actor=principal.actor,
        resource=resource,
        reason=reason,
        attempt=_attempt(request),
    )
    async with _recording_scope(request, principal, "denial:record") as clients:
        await clients.denials.RecordDenial(denial)


@asynccontextmanager
async def _recording_scope(
    request: Request, principal: Principal, permission: str
) -> AsyncIterator[Clients]:
    """Binds the gateway's own scope for a recording call, and does not reveal its event.

    Raises:
        Unavailable: EVENT_UNRECORDED, recording failed, so the request must not go on.
    """
    own_scope = replace(
        gateway_scope(permission, state_of(request).request_id), session=principal.session_id
    )
    scope = with_client(request, own_scope)
    # The caller must not learn whose log has the event: that would reveal which tenants exist.
    with bound(scope), recorded_events.collecting():
        try:
            yield identity_of(request).clients
        except grpc.aio.AioRpcError as error:
            raise Unavailable("EVENT_UNRECORDED", "the audit event cannot be recorded") from error


def _attempt(request: Request) -> str:
    return f"{request.method} {request.scope['route'].path}"
