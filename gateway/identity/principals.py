"""Who makes a request: an admin in a session, or a machine with a secret API key."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Protocol

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPBase

from gateway.clients import Clients
from gateway.identity import session_cookies, session_tokens
from gateway.identity.access_facts import AccessFacts, Facts
from gateway.identity.api_keys import ApiKeys, Machine, secret_key_of
from gateway.identity.customer_tokens import CustomerTokens
from gateway.identity.session_tokens import Session, Sessions
from gateway.limits.admission import Admission
from gateway.medusa.errors import unauthorized
from gateway.request_state import state_of
from gateway.tenancy import Tenancy
from services.kernel.call.errors import NotFound

READS = frozenset({"GET", "HEAD"})

# auto_error=False, because its error has a different shape; `_principal` below refuses instead.
SESSION = HTTPBearer(
    scheme_name="session",
    bearerFormat="JWT",
    description="A token from `POST /auth/user/emailpass`, sent as `Authorization: Bearer …`.",
    auto_error=False,
)
COOKIE = APIKeyCookie(
    name=session_cookies.COOKIE,
    scheme_name="cookie",
    description="A browser's session from `POST /auth/session`. Not looked at beside a header"
    " `Authorization`. A write must come from the host's own pages or an origin listed for it.",
    auto_error=False,
)
_key = HTTPBase(
    scheme_name="api_key",
    scheme="basic",
    description="A secret API key as user name with an empty password, or as `Bearer souk_live_…`.",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the gateway needs to know who asks, and to bind the scope of a request."""

    sessions: Sessions
    customers: CustomerTokens
    access_facts: AccessFacts
    api_keys: ApiKeys
    clients: Clients
    tenancy: Tenancy
    admission: Admission
    head_office: str


def identity_of(request: Request) -> Identity:
    """Returns this process's identity parts."""
    identity: Identity = request.app.state.runtime.identity
    return identity


# Async, because FastAPI would run a plain function in a thread for each request.
async def _access_facts(request: Request) -> AccessFacts:
    return identity_of(request).access_facts


AccessFactsOf = Annotated[AccessFacts, Depends(_access_facts)]


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
        return await self.facts.facts_of(
            self.session, tenant_id, fresh=fresh, request_id=request_id
        )


async def principal_of(
    request: Request,
    _: Annotated[object, Security(SESSION)],
    __: Annotated[object, Security(_key)],
    ___: Annotated[object, Security(COOKIE)],
) -> Principal:
    """Returns the caller that the Authorization header or else the cookie identifies.

    Raises:
        Refused: 401, neither is there, or it is invalid in any way; 403 ORIGIN_NOT_ALLOWED, another
            site's page may have sent the cookie.
    """
    return await _principal(request, fresh=request.method not in READS)


async def _principal(request: Request, *, fresh: bool) -> Principal:
    machine = await _machine(request, fresh=fresh)
    return machine or Admin(await session_of(request), identity_of(request).access_facts)


async def own_session(request: Request) -> Session:
    """Returns the session of a caller who acts on their own account.

    Raises:
        NotFound: ADMIN_NOT_FOUND, the caller is an API key, which has no account.
        Refused: as principal_of does.
    """
    await _refuse_machine(request)
    return await session_of(request)


async def bearer_session(request: Request) -> Session:
    """Returns the session of the Authorization header; a cookie does not count.

    Raises:
        NotFound: as own_session does.
        Refused: 401, the header is missing or invalid in any way.
    """
    await _refuse_machine(request)
    return identity_of(request).sessions.verify(bearer_of(request))


async def _refuse_machine(request: Request) -> None:
    if await _machine(request, fresh=request.method not in READS):
        raise NotFound(
            "ADMIN_NOT_FOUND", "An API key has no account of its own. Log in as an admin."
        )


async def _machine(request: Request, *, fresh: bool) -> Machine | None:
    """Returns the holder of the request's API key; None if it is not a key."""
    key = secret_key_of(authorization_of(request) or b"")
    if key is None:
        return None
    return await identity_of(request).api_keys.holder(
        key, fresh=fresh, request_id=state_of(request).request_id
    )


async def session_of(request: Request) -> Session:
    identity = identity_of(request)
    # The header was sent on purpose, the cookie by the browser.
    if authorization_of(request) is not None:
        return identity.sessions.verify(bearer_of(request))
    token = session_cookies.cookie_of(request)
    if token is None:
        raise unauthorized()
    session = identity.sessions.verify(token, session_tokens.COOKIE)
    await check_origin(request)
    return session


async def check_origin(request: Request) -> None:
    """Refuses what another site's page may have sent, as session_cookies.check_origin does."""
    identity = identity_of(request)
    await session_cookies.check_origin(
        request,
        identity.tenancy,
        head_office=identity.head_office,
        is_read=request.method in READS,
    )


def bearer_of(request: Request) -> bytes:
    """Returns the bearer token of the Authorization header.

    Raises:
        Refused: 401, there is no such header, more than one, or another scheme.
    """
    authorization = authorization_of(request) or b""
    if authorization[:7].lower() != b"bearer ":
        raise unauthorized()
    return authorization[7:].strip()


def authorization_of(request: Request) -> bytes | None:
    """Returns the only Authorization header; None without one, and two of them are refused."""
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise unauthorized()
    return values[0] if values else None


async def _own_session(
    request: Request,
    _: Annotated[object, Security(SESSION)],
    __: Annotated[object, Security(COOKIE)],
) -> Session:
    return await own_session(request)


Authenticate = Callable[[Request], Awaitable[object]]
# By dependency, what is checked of an admin or a machine before the body of a request is read.
AUTHENTICATIONS: Mapping[Callable[..., object], Authenticate] = {
    principal_of: partial(_principal, fresh=False),
    _own_session: partial(_own_session, _=None, __=None),
}
PrincipalOf = Annotated[Principal, Depends(principal_of)]
SessionOf = Annotated[Session, Depends(_own_session)]
