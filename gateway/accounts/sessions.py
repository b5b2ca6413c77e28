"""Sessions of admins, and of customers in browsers: kept with tokens, in cookies, and ended."""

import time
from typing import Any

import grpc
from fastapi import Request, Response
from google.protobuf.timestamp_pb2 import Timestamp
from souk.commerce.v1.store_customer_service_pb2 import (
    CustomerToken,
    EndSessionRequest,
    RefreshTokenRequest,
)
from souk.tenant_registry.v1.access_service_pb2 import LoginResponse
from souk.tenant_registry.v1.session_service_pb2 import (
    DeleteSessionRequest,
    ListSessionsRequest,
    RenewSessionRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.account import Success
from gateway.documents.session import (
    CookieSessionAnswer,
    Credentials,
    Refresh,
    SessionDocument,
    TokenAnswer,
)
from gateway.identity import session_cookies
from gateway.identity.access_facts import gateway_scope
from gateway.identity.customer_tokens import Customer
from gateway.identity.customers import bearer_customer
from gateway.identity.principals import bearer_session
from gateway.identity.recorded_attempts import with_client
from gateway.identity.scopes import AccountScope, account_scope, counted_account_scope
from gateway.identity.session_callers import BearerCallerOf, SessionCallersOf
from gateway.identity.shoppers import own_scope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import last_id
from gateway.request_state import state_of
from gateway.tenancy import Tenancy, TenancyOf
from services.kernel.call.scope import Scope, bound

# Password hashing is queued, so these calls may take longer than others.
LOGIN_SECONDS = 5.0


class SessionsAnswer(Envelope):
    sessions: list[SessionDocument]


SESSIONS = Resource("session", "sessions", SessionDocument, Query(limit=None))
AUTH: dict[str, Any] = {
    "tags": ["Auth"],
    "route_class": ExactRoute,
    "dependencies": [NoQueryOfWrites],
    "responses": responses.errors(400, 401, 403, 404, 413, 415, 429, 431, 500, 503, 504),
}

router = Router(**AUTH)


@router.post(
    "/auth/user/emailpass",
    summary="Log in as an admin",
    responses=responses.documented(TokenAnswer, "The tokens of the new session."),
)
async def log_in(request: Request, credentials: Credentials, clients: ClientsOf) -> Response:
    """Starts a session with an e-mail address and a password.

    Returns 401 CREDENTIALS_INVALID for a wrong password, an unknown e-mail address and a
    deactivated admin alike, after the same time; TOTP_REQUIRED or TOTP_INVALID when the second
    factor is on; 429 LOGIN_LIMITED after ten failures for one address within 15 minutes.
    """
    with bound(anonymous_scope(request)):
        session = await clients.access.Login(credentials.to_message(), timeout=LOGIN_SECONDS)
    return tokens(session)


@router.post(
    "/auth/token/refresh",
    summary="Refresh a session",
    responses=responses.documented(TokenAnswer, "The new tokens."),
)
async def refresh(
    request: Request, tenancy: TenancyOf, body: Refresh, clients: ClientsOf
) -> Response:
    """Returns a new token, and for a refresh token in the body also the next refresh token.

    A customer sends the token alone, and gets one of the same shop.

    A refresh token can be used once. Repeated within ten seconds, it gets the same response, in
    case the first was lost; later it ends the session, because someone else may have a copy.
    """
    if body.refresh_token is not None:
        with bound(anonymous_scope(request)):
            return tokens(await clients.sessions.RefreshSession(body.to_message()))
    if (customer := bearer_customer(request)) is not None:
        renewed = await _renew(request, tenancy, customer, clients)
        seconds = _seconds_until(renewed.expire_time)
        return responses.answer({"token": renewed.token, "expires_in": seconds})
    # No cookie will do: scripts must not be able to read what it stands for.
    with bound(account_scope(request, await bearer_session(request))):
        return tokens(await clients.sessions.RenewSession(RenewSessionRequest()))


@router.post(
    "/auth/session",
    summary="Put the session into a cookie",
    responses=responses.documented(CookieSessionAnswer, "The cookie is set."),
)
async def start_cookie_session(
    request: Request, tenancy: TenancyOf, caller: BearerCallerOf, clients: ClientsOf
) -> Response:
    """Sets a cookie for a browser that does not keep tokens; needs the token as Bearer.

    The cookie is the same session's, is sent to this host alone, and no script can read it. It
    lasts ten hours, a customer's a day, and ends with the session; send a Bearer token again for a
    new one.
    """
    if isinstance(caller, Customer):
        renewed = await _renew(request, tenancy, caller, clients, for_cookie=True)
        return _cookie_answer(
            CookieSessionAnswer.of_customer(caller.identity, caller.id),
            renewed.token,
            renewed.expire_time,
            name=session_cookies.CUSTOMERS,
        )
    with bound(await counted_account_scope(request, caller)):
        session = await clients.sessions.RenewSession(RenewSessionRequest(for_cookie=True))
    return _cookie_answer(
        CookieSessionAnswer.of(last_id(caller.admin)),
        session.access_token,
        session.expire_time,
        name=session_cookies.COOKIE,
    )


@router.delete(
    "/auth/session",
    summary="Log out",
    responses=responses.documented(Success, "The session is ended."),
)
async def log_out(
    request: Request, tenancy: TenancyOf, callers: SessionCallersOf, clients: ClientsOf
) -> Response:
    """Ends the session of the token or cookie: for writes at once, for reads within a second.

    A browser that is logged in here as an admin and as a customer is logged out as both.
    """
    answer = responses.answer({"success": True})
    for caller in callers:
        if isinstance(caller, Customer):
            await _end_customers(request, tenancy, caller, clients)
            session_cookies.delete_cookie(answer, session_cookies.CUSTOMERS)
        else:
            with bound(await counted_account_scope(request, caller)) as scope:
                await _end(clients, scope, scope.session)
            session_cookies.delete_cookie(answer, session_cookies.COOKIE)
    return answer


@router.get(
    "/admin/users/me/sessions",
    summary="List your sessions",
    responses=responses.documented(SessionsAnswer, "The sessions, newest first."),
    openapi_extra=SESSIONS.documented_list,
)
async def list_sessions(request: Request, scope: AccountScope, clients: ClientsOf) -> Response:
    """Lists the admin's active sessions, up to 100."""
    query = SESSIONS.list_query(request)
    found = await clients.sessions.ListSessions(ListSessionsRequest(parent=scope.actor))
    return SESSIONS.page(query, found.sessions, count=len(found.sessions))


@router.delete(
    "/admin/users/me/sessions/{session_id}",
    summary="End one of your sessions",
    responses=responses.documented(responses.Deleted, "The session is ended."),
)
async def end_session(scope: AccountScope, clients: ClientsOf, session_id: str) -> Response:
    """Ends one of the admin's own sessions."""
    await _end(clients, scope, session_id)
    return responses.deleted("session", session_id)


def anonymous_scope(request: Request) -> Scope:
    """Returns the scope of a caller who is not yet authenticated."""
    return with_client(request, gateway_scope("session:create", state_of(request).request_id))


async def _renew(
    request: Request,
    tenancy: Tenancy,
    customer: Customer,
    clients: ClientsOf,
    *,
    for_cookie: bool = False,
) -> CustomerToken:
    """Returns a token of a customer's session that lasts as long from now as their first."""
    name = f"tenants/{customer.tenant}/identities/{customer.identity}"
    with bound(await own_scope(request, tenancy, customer)):
        return await clients.customers.RefreshToken(
            RefreshTokenRequest(name=name, for_cookie=for_cookie)
        )


async def _end_customers(
    request: Request, tenancy: Tenancy, customer: Customer, clients: ClientsOf
) -> None:
    """Ends a customer's session. One that has ended already is no error: its cookie must go."""
    with bound(await own_scope(request, tenancy, customer)):
        try:
            await clients.customers.EndSession(
                EndSessionRequest(parent=f"tenants/{customer.tenant}")
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise


async def _end(clients: ClientsOf, scope: Scope, session_id: str) -> None:
    name = f"{scope.actor}/sessions/{session_id}"
    await clients.sessions.DeleteSession(DeleteSessionRequest(name=name))


def tokens(session: LoginResponse) -> Response:
    """Sends the tokens of a session; Medusa's clients read `token`, which comes first."""
    body: dict[str, object] = {"token": session.access_token}
    if session.refresh_token:
        body["refresh_token"] = session.refresh_token
    body["expires_in"] = _seconds_until(session.expire_time)
    return responses.answer(body)


def _cookie_answer(
    body: dict[str, object], token: str, expire_time: Timestamp, *, name: str
) -> Response:
    """Sends a token as a cookie that goes when the token expires."""
    answer = responses.answer(body)
    session_cookies.set_cookie(answer, name, token, seconds=_seconds_until(expire_time))
    return answer


def _seconds_until(end: Timestamp) -> int:
    return max(0, end.seconds - int(time.time()))
