"""Authenticates the caller and binds the scope in which the request runs.

Every admin route takes exactly one of the scopes below; a test checks all routes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Protocol

import grpc
from fastapi import Depends, Path, Query, Request, Security
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPBase
from souk.tenant_registry.v1.access_grant_service_pb2 import RecordUseRequest
from souk.tenant_registry.v1.denial_service_pb2 import RecordDenialRequest

from gateway.clients import Clients
from gateway.edge.client_address import user_agent
from gateway.identity import api_keys
from gateway.identity.access_facts import AccessFacts, Facts, own_scope
from gateway.identity.session_tokens import Session
from gateway.limits.admission import count_actor
from gateway.medusa.errors import not_allowed, unauthorized
from gateway.runtime import runtime_of
from gateway.tenancy import KnownTenant, Source, resolution_of, tenant_not_found
from services.kernel.call import recorded_events
from services.kernel.call.errors import PermissionDenied, Unavailable
from services.kernel.call.scope import Scope, bound

_READS = frozenset({"GET", "HEAD"})
_OTHER_TENANT = (
    "The path names a different tenant than the host, the prefix, X-Tenant-ID or the publishable"
    " key. Make them name the same tenant."
)

# auto_error=False, because its error has a different shape; `_principal` below refuses instead.
_session = HTTPBearer(
    scheme_name="session",
    bearerFormat="JWT",
    description="A token from `POST /auth/user/emailpass`, sent as `Authorization: Bearer …`.",
    auto_error=False,
)
_key = HTTPBase(
    scheme_name="api_key",
    scheme="basic",
    description="A secret API key as user name with an empty password, or as `Bearer souk_live_…`.",
    auto_error=False,
)


class Principal(Protocol):
    """The caller: `actor` is the resource name, `session_id` an admin's session, else empty."""

    @property
    def actor(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    async def access(self, tenant_id: str | None, *, fresh: bool, request_id: str) -> Facts:
        """Returns what the caller may do at a tenant or, with None, at the platform."""


@dataclass(frozen=True, slots=True)
class Admin:
    """An admin in a session."""

    session: Session
    facts: AccessFacts

    @property
    def actor(self) -> str:
        return self.session.admin

    @property
    def session_id(self) -> str:
        return self.session.id

    async def access(self, tenant_id: str | None, *, fresh: bool, request_id: str) -> Facts:
        return await self.facts.about(self.session, tenant_id, fresh=fresh, request_id=request_id)


async def _principal(
    request: Request,
    _: Annotated[object, Security(_session)],
    __: Annotated[object, Security(_key)],
) -> Principal:
    """Returns the caller that the Authorization header identifies.

    Raises:
        Refused: 401, the header is missing or invalid in any way.
    """
    runtime = runtime_of(request)
    if (key := api_keys.key_in(_authorization(request))) is not None:
        return await runtime.api_keys.holder(
            key, fresh=request.method not in _READS, request_id=request.state.request_id
        )
    return Admin(session_of(request), runtime.access)


def session_of(request: Request) -> Session:
    """Returns the session of the bearer token; an API key is not accepted.

    Raises:
        Refused: 401, the token is missing or invalid in any way.
    """
    return runtime_of(request).sessions.verify(bearer_of(request))


def bearer_of(request: Request) -> bytes:
    """Returns the bearer token of the Authorization header.

    Raises:
        Refused: 401, there is no such header, more than one, or another scheme.
    """
    given = _authorization(request)
    if given[:7].lower() != b"bearer ":
        raise unauthorized()
    return given[7:].strip()


def _authorization(request: Request) -> bytes:
    """Returns the only Authorization header; two of them are refused."""
    given = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        raise unauthorized()
    value: bytes = given[0]
    return value


async def _own_session(request: Request, _: Annotated[object, Security(_session)]) -> Session:
    return session_of(request)


PrincipalOf = Annotated[Principal, Depends(_principal)]
SessionOf = Annotated[Session, Depends(_own_session)]


async def _tenant_scope(
    request: Request,
    principal: PrincipalOf,
    tenant_id: Annotated[
        str, Path(max_length=63, description="The tenant's id, for example paris.")
    ],
) -> AsyncIterator[Scope]:
    """Binds the scope of the tenant that the path names.

    A caller without permissions there gets the same error as for a tenant that does not exist.
    """
    await _agree(request, principal, tenant_id)
    with bound(await _scope_at(request, principal, tenant_id)) as scope:
        yield scope


async def _head_office_scope(request: Request, principal: PrincipalOf) -> AsyncIterator[Scope]:
    """Binds the head office's scope, to which the master catalogue belongs."""
    head_office = runtime_of(request).settings.head_office
    await _agree(request, principal, head_office)
    with bound(await _scope_at(request, principal, head_office)) as scope:
        yield scope


async def _platform_scope(request: Request, principal: PrincipalOf) -> AsyncIterator[Scope]:
    """Binds the platform's own scope, for what belongs to no tenant."""
    with bound(await _scope_of_platform(request, principal)) as scope:
        yield scope


async def _scope_of_platform(request: Request, principal: Principal) -> Scope:
    await _agree(request, principal, runtime_of(request).settings.head_office)
    permissions = (await _facts(request, principal, None)).permissions
    if not permissions:
        await _record_denial(request, principal, "")
        raise PermissionDenied(
            "PERMISSION_MISSING",
            "You have no role at the platform. Ask a platform administrator for one.",
        )
    runtime = runtime_of(request)
    head_office = await runtime.tenancy.tenant(runtime.settings.head_office)
    await _meet_limits(request, principal.actor, head_office)
    scope = Scope(None, principal.actor, permissions, session=principal.session_id)
    return of_client(request, scope)


async def _current_scope(request: Request, principal: PrincipalOf) -> AsyncIterator[Scope]:
    """Binds the scope of the request's own tenant, by host, prefix, header or key."""
    named = resolution_of(request).named or (await runtime_of(request).tenancy.fallback()).id
    with bound(await _scope_at(request, principal, named)) as scope:
        yield scope


async def _place_scope(
    request: Request,
    principal: PrincipalOf,
    tenant: Annotated[
        str, Query(max_length=63, description="A tenant's id. Without it, the platform.")
    ] = "",
) -> AsyncIterator[Scope]:
    """Binds the scope of the tenant in the query, or else the platform's own."""
    if tenant:
        await _agree(request, principal, tenant)
        scope = await _scope_at(request, principal, tenant)
    else:
        scope = await _scope_of_platform(request, principal)
    with bound(scope):
        yield scope


async def permissions_now(request: Request, tenant_id: str) -> frozenset[str]:
    """Returns the caller's current permissions at a tenant, for a long-running response.

    Raises:
        Refused: 401, the session or key has ended meanwhile.
    """
    principal = await _principal(request, None, None)
    facts = await principal.access(tenant_id, fresh=False, request_id=request.state.request_id)
    return facts.permissions


async def _account_scope(request: Request, session: SessionOf) -> AsyncIterator[Scope]:
    """Binds the scope of an admin's own account."""
    await _meet_limits(request, session.admin, None)
    with bound(account_scope(request, session)) as scope:
        yield scope


def account_scope(request: Request, session: Session) -> Scope:
    """Makes the scope of an admin's own account, which needs no role.

    The registry checks in the transaction itself whether the session is still live.
    """
    own = Scope(None, session.admin, frozenset({"account:own"}), session=session.id)
    return of_client(request, own)


def of_client(request: Request, scope: Scope) -> Scope:
    """Adds the request id, the client's address and its User-Agent to a scope."""
    return replace(
        scope,
        request_id=request.state.request_id,
        address=request.state.address,
        user_agent=user_agent(request.headers.get("user-agent", "")),
    )


TenantScope = Annotated[Scope, Depends(_tenant_scope)]
HeadOfficeScope = Annotated[Scope, Depends(_head_office_scope)]
PlatformScope = Annotated[Scope, Depends(_platform_scope)]
CurrentScope = Annotated[Scope, Depends(_current_scope)]
AccountScope = Annotated[Scope, Depends(_account_scope)]
PlaceScope = Annotated[Scope, Depends(_place_scope)]


async def _scope_at(request: Request, principal: Principal, tenant_id: str) -> Scope:
    facts = await _facts(request, principal, tenant_id)
    if not facts.permissions:
        await _record_denial(request, principal, f"tenants/{tenant_id}")
        raise tenant_not_found(tenant_id)
    tenant = await runtime_of(request).tenancy.tenant(tenant_id)
    request.state.tenant = tenant.id
    await _meet_limits(request, principal.actor, tenant)
    if facts.access_grant:
        await _record_use(request, principal, facts.access_grant)
    scope = Scope(
        tenant.id,
        principal.actor,
        facts.permissions,
        currency=tenant.currency_code,
        session=principal.session_id,
        withheld=facts.withheld,
    )
    return of_client(request, scope)


async def _record_use(request: Request, principal: Principal, access_grant: str) -> None:
    """Records the use of an access grant before the request runs.

    Also for writes, which record their own events: a write that changes nothing records none, but
    still returns data.
    """
    asked = RecordUseRequest(name=access_grant, attempt=_attempt(request))
    async with _recording(request, principal, "accessgrant:record") as clients:
        await clients.access_grants.RecordUse(asked)


async def _record_denial(
    request: Request,
    principal: Principal,
    resource: str,
    reason: str = "PERMISSION_MISSING",
) -> None:
    """Records that a caller was refused, whether the tenant exists or not."""
    refused = RecordDenialRequest(
        actor=principal.actor,
        resource=resource,
        reason=reason,
        attempt=_attempt(request),
    )
    async with _recording(request, principal, "denial:record") as clients:
        await clients.denials.RecordDenial(refused)


@asynccontextmanager
async def _recording(
    request: Request, principal: Principal, permission: str
) -> AsyncIterator[Clients]:
    """Binds the gateway's own scope for a recording call, and does not reveal its event.

    Raises:
        Unavailable: EVENT_UNRECORDED, recording failed, so the request must not go on.
    """
    own = own_scope(permission, request.state.request_id)
    scope = of_client(request, replace(own, session=principal.session_id))
    # The caller must not learn whose log has the event: that would reveal which tenants exist.
    with bound(scope), recorded_events.collecting():
        try:
            yield runtime_of(request).clients
        except grpc.aio.AioRpcError as error:
            raise Unavailable("EVENT_UNRECORDED", "the audit event cannot be recorded") from error


def _attempt(request: Request) -> str:
    return f"{request.method} {request.scope['route'].path}"


async def _facts(request: Request, principal: Principal, tenant_id: str | None) -> Facts:
    """Looks up what the caller may do there, and stores it in the request's state."""
    facts = await principal.access(
        tenant_id, fresh=request.method not in _READS, request_id=request.state.request_id
    )
    request.state.facts = facts
    return facts


async def _meet_limits(request: Request, actor: str, tenant: KnownTenant | None) -> None:
    state = request.scope["state"]
    await count_actor(
        runtime_of(request),
        request.method,
        request.scope["path"],
        state,
        tenant=tenant,
        actor=actor,
    )


async def _agree(request: Request, principal: Principal, tenant_id: str) -> None:
    """Refuses a path that acts on one tenant while the request names another.

    The caller is known, so the attempt is recorded in the log of the tenant in the path.

    The head office's own domains also serve to run the platform, so they exclude no tenant.

    Raises:
        Refused: TENANT_SIGNALS_DISAGREE.
    """
    resolution = resolution_of(request)
    named = resolution.named or tenant_id
    head_office = runtime_of(request).settings.head_office
    if named == tenant_id or (resolution.source is Source.HOST and named == head_office):
        return
    await _record_denial(request, principal, f"tenants/{tenant_id}", "TENANT_SIGNALS_DISAGREE")
    raise not_allowed("TENANT_SIGNALS_DISAGREE", _OTHER_TENANT)
