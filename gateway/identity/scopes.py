"""Binds the scope in which a request of an admin or a machine runs.

Every admin route takes exactly one of the scopes below; a test checks all routes.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Path, Request

from gateway.identity.access_facts import Facts
from gateway.identity.principals import (
    READS,
    Principal,
    PrincipalOf,
    SessionOf,
    identity_of,
    principal_of,
)
from gateway.identity.recorded_attempts import record_access_grant_use, record_denial, with_client
from gateway.identity.session_tokens import Session
from gateway.medusa.errors import not_allowed
from gateway.medusa.filters import TenantId
from gateway.medusa.query import Query
from gateway.request_state import state_of
from gateway.tenancy import KnownTenant, Source, resolution_of, tenant_not_found
from services.kernel.call.errors import PermissionDenied, invalid
from services.kernel.call.scope import Scope, bound
from services.kernel.process.tenant_ids import LONGEST

# The tenant that a route's query names; the route parses the rest of the query.
PLACE = Query({"tenant": TenantId()}, limit=None, has_fields=False, ignores_unknown=True)

_OTHER_TENANT = (
    "The path names a different tenant than the host, the prefix, X-Tenant-ID or the publishable"
    " key. Make them name the same tenant."
)


async def _tenant_scope(
    request: Request,
    principal: PrincipalOf,
    tenant_id: Annotated[
        str,
        Path(
            description="The tenant's id, for example paris.",
            json_schema_extra={"maxLength": LONGEST},
        ),
    ],
) -> AsyncIterator[Scope]:
    """Binds the scope of the tenant that the path names.

    A caller without permissions there gets the same error as for a tenant that does not exist.

    Raises:
        InvalidArgument: NAME_INVALID, no tenant can have this id.
    """
    if problem := TenantId().problem(tenant_id):
        raise invalid("NAME_INVALID", {"tenant_id": problem})
    await _check_same_tenant(request, principal, tenant_id)
    with bound(await _scope_at(request, principal, tenant_id)) as scope:
        yield scope


async def _head_office_scope(request: Request, principal: PrincipalOf) -> AsyncIterator[Scope]:
    """Binds the head office's scope, to which the master catalogue belongs."""
    head_office = identity_of(request).head_office
    await _check_same_tenant(request, principal, head_office)
    with bound(await _scope_at(request, principal, head_office)) as scope:
        yield scope


async def _platform_scope(request: Request, principal: PrincipalOf) -> AsyncIterator[Scope]:
    """Binds the platform's own scope, for what belongs to no tenant."""
    with bound(await _scope_of_platform(request, principal)) as scope:
        yield scope


async def _scope_of_platform(request: Request, principal: Principal) -> Scope:
    await _check_same_tenant(request, principal, identity_of(request).head_office)
    permissions = (await _facts(request, principal, None)).permissions
    if not permissions:
        await record_denial(request, principal, "")
        raise PermissionDenied(
            "PERMISSION_MISSING",
            "You have no role at the platform. Ask a platform administrator for one.",
        )
    identity = identity_of(request)
    head_office = await identity.tenancy.tenant(identity.head_office)
    await _count_against_limits(request, principal.actor, head_office)
    scope = Scope(None, principal.actor, permissions, session=principal.session_id)
    return with_client(request, scope)


async def _current_scope(request: Request, principal: PrincipalOf) -> AsyncIterator[Scope]:
    """Binds the scope of the request's own tenant, by host, prefix, header or key."""
    named = resolution_of(request).named or (await identity_of(request).tenancy.fallback()).id
    with bound(await _scope_at(request, principal, named)) as scope:
        yield scope


async def _place_scope(
    request: Request,
    principal: PrincipalOf,
) -> AsyncIterator[Scope]:
    """Binds the scope of the tenant in the query, or else the platform's own."""
    tenant = PLACE.parse(request.scope["query_string"]).one("tenant")
    if tenant:
        await _check_same_tenant(request, principal, tenant)
        scope = await _scope_at(request, principal, tenant)
    else:
        scope = await _scope_of_platform(request, principal)
    with bound(scope):
        yield scope


async def scope_at(request: Request, tenant_id: str) -> Scope:
    """Returns the caller's scope at another tenant than the one that the request is for.

    Raises:
        NotFound: TENANT_NOT_FOUND, there is no such tenant, or the caller may do nothing there.
    """
    state = state_of(request)
    tenant, facts = state.tenant, state.get(Facts)
    try:
        return await _scope_at(request, await principal_of(request, None, None, None), tenant_id)
    finally:
        state.tenant = tenant
        if facts is not None:
            state.put(facts)


async def permissions_now(request: Request, tenant_id: str) -> frozenset[str]:
    """Returns the caller's current permissions at a tenant, for a long-running response.

    Raises:
        Refused: 401, the session or key has ended meanwhile.
    """
    principal = await principal_of(request, None, None, None)
    facts = await principal.access(tenant_id, fresh=False, request_id=state_of(request).request_id)
    return facts.permissions


async def _account_scope(request: Request, session: SessionOf) -> AsyncIterator[Scope]:
    """Binds the scope of an admin's own account."""
    with bound(await counted_account_scope(request, session)) as scope:
        yield scope


async def counted_account_scope(request: Request, session: Session) -> Scope:
    """Makes the scope of an admin's own account, and counts the request against their limits."""
    await _count_against_limits(request, session.admin, None)
    return account_scope(request, session)


def account_scope(request: Request, session: Session) -> Scope:
    """Makes the scope of an admin's own account, which needs no role.

    The registry checks in the transaction itself whether the session is still live.
    """
    own = Scope(None, session.admin, frozenset({"account:own"}), session=session.id)
    return with_client(request, own)


TenantScope = Annotated[Scope, Depends(_tenant_scope)]
HeadOfficeScope = Annotated[Scope, Depends(_head_office_scope)]
PlatformScope = Annotated[Scope, Depends(_platform_scope)]
CurrentScope = Annotated[Scope, Depends(_current_scope)]
AccountScope = Annotated[Scope, Depends(_account_scope)]
PlaceScope = Annotated[Scope, Depends(_place_scope)]


async def _scope_at(request: Request, principal: Principal, tenant_id: str) -> Scope:
    facts = await _facts(request, principal, tenant_id)
    if not facts.permissions:
        await record_denial(request, principal, f"tenants/{tenant_id}")
        raise tenant_not_found(tenant_id)
    tenant = await identity_of(request).tenancy.tenant(tenant_id)
    state_of(request).tenant = tenant.id
    await _count_against_limits(request, principal.actor, tenant)
    if facts.access_grant:
        await record_access_grant_use(request, principal, facts.access_grant)
    scope = Scope(
        tenant.id,
        principal.actor,
        facts.permissions,
        currency=tenant.currency_code,
        country=tenant.country_code,
        tenant_state=tenant.state,
        session=principal.session_id,
        withheld=facts.withheld,
    )
    return with_client(request, scope)


async def _facts(request: Request, principal: Principal, tenant_id: str | None) -> Facts:
    """Looks up what the caller may do there, and stores it in the request's state."""
    facts = await principal.access(
        tenant_id, fresh=request.method not in READS, request_id=state_of(request).request_id
    )
    state_of(request).put(facts)
    return facts


async def _count_against_limits(request: Request, actor: str, tenant: KnownTenant | None) -> None:
    await identity_of(request).admission.count_caller(
        request.method,
        request.scope["path"],
        state_of(request),
        tenant=tenant,
        actor=actor,
    )


async def _check_same_tenant(request: Request, principal: Principal, tenant_id: str) -> None:
    """Refuses a path that acts on one tenant while the request names another.

    The caller is known, so the attempt is recorded in the log of the tenant in the path.

    The head office's own domains also serve to run the platform, so they exclude no tenant.

    Raises:
        Refused: TENANT_SIGNALS_DISAGREE.
    """
    resolution = resolution_of(request)
    named = resolution.named or tenant_id
    head_office = identity_of(request).head_office
    if named == tenant_id or (resolution.source is Source.HOST and named == head_office):
        return
    await record_denial(request, principal, f"tenants/{tenant_id}", "TENANT_SIGNALS_DISAGREE")
    raise not_allowed("TENANT_SIGNALS_DISAGREE", _OTHER_TENANT)
