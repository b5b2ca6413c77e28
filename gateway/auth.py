"""Who is asking, and the scope in which their request is carried out.

Every admin route takes exactly one of the scopes below; a test walks the routes and finds it.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPBearer

from gateway.errors import not_allowed, unauthorized
from gateway.runtime import runtime_of
from gateway.sessions import Session
from gateway.tenancy import Source, resolution_of, tenant_not_found
from services.kernel.errors import PermissionDenied
from services.kernel.scope import Scope, bound

_READS = frozenset({"GET", "HEAD"})

# auto_error=False: its own refusal has not our shape; `session` below refuses.
_bearer = HTTPBearer(
    scheme_name="session",
    bearerFormat="JWT",
    description="The token of `POST /auth/user/emailpass`, as `Authorization: Bearer …`.",
    auto_error=False,
)


async def _session(request: Request, _: Annotated[object, Security(_bearer)]) -> Session:
    """Reads the one Authorization header itself, so that two of them prove nothing."""
    given = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(given) != 1 or given[0][:7].lower() != b"bearer ":
        raise unauthorized()
    return runtime_of(request).sessions.verify(given[0][7:].strip())


SessionOf = Annotated[Session, Depends(_session)]


async def _tenant_scope(
    request: Request,
    session: SessionOf,
    tenant_id: Annotated[str, Path(max_length=63, description="A tenant's id, such as paris.")],
) -> AsyncIterator[Scope]:
    """Binds the scope of the tenant that the path names.

    An admin who may do nothing there is told what somebody who asks for a tenant that does not
    exist is told.
    """
    _agree(request, tenant_id)
    with bound(await _scope_at(request, session, tenant_id)) as scope:
        yield scope


async def _head_office_scope(request: Request, session: SessionOf) -> AsyncIterator[Scope]:
    """Binds the head office's scope, in which the master catalogue is kept."""
    head_office = runtime_of(request).settings.head_office
    _agree(request, head_office)
    with bound(await _scope_at(request, session, head_office)) as scope:
        yield scope


async def _platform_scope(request: Request, session: SessionOf) -> AsyncIterator[Scope]:
    """Binds the platform's own scope, for what belongs to no tenant."""
    _agree(request, runtime_of(request).settings.head_office)
    runtime = runtime_of(request)
    permissions = await runtime.access.permissions(
        session.admin, None, fresh=request.method not in _READS, request_id=request.state.request_id
    )
    if not permissions:
        raise PermissionDenied("PERMISSION_MISSING", "this admin may do nothing at the platform")
    scope = Scope(
        None,
        session.admin,
        permissions,
        request_id=request.state.request_id,
        address=request.state.address,
    )
    with bound(scope):
        yield scope


async def _current_scope(request: Request, session: SessionOf) -> AsyncIterator[Scope]:
    """Binds the scope of the tenant that the request itself is for: by host, prefix or header."""
    named = resolution_of(request).named or (await runtime_of(request).tenancy.fallback()).id
    with bound(await _scope_at(request, session, named)) as scope:
        yield scope


TenantScope = Annotated[Scope, Depends(_tenant_scope)]
HeadOfficeScope = Annotated[Scope, Depends(_head_office_scope)]
PlatformScope = Annotated[Scope, Depends(_platform_scope)]
CurrentScope = Annotated[Scope, Depends(_current_scope)]


async def _scope_at(request: Request, session: Session, tenant_id: str) -> Scope:
    runtime, request_id = runtime_of(request), request.state.request_id
    permissions = await runtime.access.permissions(
        session.admin, tenant_id, fresh=request.method not in _READS, request_id=request_id
    )
    tenant = await runtime.tenancy.tenant(tenant_id)
    if not permissions:
        raise tenant_not_found(tenant_id)
    request.state.tenant = tenant.id
    return Scope(
        tenant.id,
        session.admin,
        permissions,
        currency=tenant.currency_code,
        request_id=request_id,
        address=request.state.address,
    )


def _agree(request: Request, tenant_id: str) -> None:
    """Refuses a path that acts on one tenant under a host or a header that names another.

    The head office's own domains are where the platform is run from, so they name nobody else.

    Raises:
        Refused: TENANT_SIGNALS_DISAGREE.
    """
    resolution = resolution_of(request)
    named = resolution.named or tenant_id
    head_office = runtime_of(request).settings.head_office
    if named == tenant_id or (resolution.source is Source.HOST and named == head_office):
        return
    raise not_allowed("TENANT_SIGNALS_DISAGREE", "The path names another tenant than the request")
