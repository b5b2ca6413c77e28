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
from gateway.identity.customer_tokens import TYPE as CUSTOMERS
from gateway.identity.customer_tokens import Customer, CustomerTokens
from gateway.identity.session_tokens import Session, Sessions
from gateway.limits.admission import Admission
from gateway.medusa.errors import Refused, unauthorized
from gateway.request_state import state_of
from gateway.tenancy import Tenancy
from services.kernel.call.errors import NotFound

READS = frozenset({"GET", "HEAD"})

# auto_error=False, because its error has a different shape; `_principal` below refuses instead.
_session = HTTPBearer(
    scheme_name="session",
    bearerFormat="JWT",
    description="A token from `POST /auth/user/emailpass`, sent as `Authorization: Bearer …`.",
    auto_error=False,
)
_customer = HTTPBearer(
    scheme_name="customer",
    bearerFormat="JWT",
    description="A token from `POST /auth/customer/emailpass`, sent as `Authorization: Bearer …`."
    " It is good in the shop that gave it.",
    auto_error=False,
)
_cookie = APIKeyCookie(
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
    _: Annotated[object, Security(_session)],
    __: Annotated[object, Security(_key)],
    ___: Annotated[object, Security(_cookie)],
) -> Principal:
    """Returns the caller that the Authorization header or else the cookie identifies.

    Raises:
        Refused: 401, neither is there, or it is invalid in any way; 403 ORIGIN_NOT_ALLOWED, another
            site's page may have sent the cookie.
    """
    return await _principal(request, fresh=request.method not in READS)


async def _principal(request: Request, *, fresh: bool) -> Principal:
    machine = await _machine(request, fresh=fresh)
    return machine or Admin(await _session_of(request), identity_of(request).access_facts)


async def own_session(request: Request) -> Session:
    """Returns the session of a caller who acts on their own account.

    Raises:
        NotFound: ADMIN_NOT_FOUND, the caller is an API key, which has no account.
        Refused: as principal_of does.
    """
    await _refuse_machine(request)
    return await _session_of(request)


async def bearer_session(request: Request) -> Session:
    """Returns the session of the Authorization header; a cookie does not count.

    Raises:
        NotFound: as own_session does.
        Refused: 401, the header is missing or invalid in any way.
    """
    await _refuse_machine(request)
    return identity_of(request).sessions.verify(bearer_of(request))


def customer_in(request: Request, *, tenant: str) -> Customer | None:
    """Returns the customer whom the Authorization header names; None without one.

    Raises:
        Refused: 401, the token is invalid in any way, or another shop's.
    """
    if _authorization(request) is None:
        return None
    customer = identity_of(request).customers.verify(bearer_of(request), CUSTOMERS)
    if customer.tenant != tenant:
        raise unauthorized()
    return customer


def bearer_customer(request: Request) -> Customer | None:
    """Returns the customer of the Authorization header; None if it is no customer's token."""
    try:
        return identity_of(request).customers.verify(bearer_of(request), CUSTOMERS)
    except Refused:
        return None


async def customer_of(request: Request, _: Annotated[object, Security(_customer)]) -> Customer:
    """Returns the customer of the Authorization header, at whichever shop.

    Raises:
        Refused: 401, there is no header, or the token is invalid in any way.
    """
    return identity_of(request).customers.verify(bearer_of(request), CUSTOMERS)


async def _refuse_machine(request: Request) -> None:
    if await _machine(request, fresh=request.method not in READS):
        raise NotFound(
            "ADMIN_NOT_FOUND", "An API key has no account of its own. Log in as an admin."
        )


async def _machine(request: Request, *, fresh: bool) -> Machine | None:
    """Returns the holder of the request's API key; None if it is not a key."""
    key = secret_key_of(_authorization(request) or b"")
    if key is None:
        return None
    return await identity_of(request).api_keys.holder(
        key, fresh=fresh, request_id=state_of(request).request_id
    )


async def _session_of(request: Request) -> Session:
    identity = identity_of(request)
    # The header was sent on purpose, the cookie by the browser.
    if _authorization(request) is not None:
        return identity.sessions.verify(bearer_of(request))
    token = session_cookies.cookie_of(request)
    if token is None:
        raise unauthorized()
    session = identity.sessions.verify(token, session_tokens.COOKIE)
    await session_cookies.check_origin(
        request,
        identity.tenancy,
        head_office=identity.head_office,
        is_read=request.method in READS,
    )
    return session


def bearer_of(request: Request) -> bytes:
    """Returns the bearer token of the Authorization header.

    Raises:
        Refused: 401, there is no such header, more than one, or another scheme.
    """
    authorization = _authorization(request) or b""
    if authorization[:7].lower() != b"bearer ":
        raise unauthorized()
    return authorization[7:].strip()


def _authorization(request: Request) -> bytes | None:
    """Returns the only Authorization header; None without one, and two of them are refused."""
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise unauthorized()
    return values[0] if values else None


async def _own_session(
    request: Request,
    _: Annotated[object, Security(_session)],
    __: Annotated[object, Security(_cookie)],
) -> Session:
    return await own_session(request)


async def _bearer_session(request: Request, _: Annotated[object, Security(_session)]) -> Session:
    return await bearer_session(request)


Authenticate = Callable[[Request], Awaitable[object]]
# By dependency, what is checked of a caller before the body of a request is read.
AUTHENTICATIONS: Mapping[Callable[..., object], Authenticate] = {
    principal_of: partial(_principal, fresh=False),
    _own_session: partial(_own_session, _=None, __=None),
    customer_of: partial(customer_of, _=None),
}
PrincipalOf = Annotated[Principal, Depends(principal_of)]
CustomerOf = Annotated[Customer, Depends(customer_of)]
SessionOf = Annotated[Session, Depends(_own_session)]
BearerSessionOf = Annotated[Session, Depends(_bearer_session)]
