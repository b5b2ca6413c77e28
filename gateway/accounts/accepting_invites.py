"""Accepting an invite: with a password, a registration, or an existing account's session."""

from typing import Annotated

from fastapi import Depends, Request, Response
from souk.tenant_registry.v1.access_service_pb2 import Admin
from souk.tenant_registry.v1.invite_service_pb2 import AcceptInviteRequest, AcceptOwnInviteRequest

from gateway.accounts.sessions import AUTH, LOGIN_SECONDS, anonymous_scope
from gateway.clients import Clients, ClientsOf
from gateway.documents.invite import (
    InviteAccept,
    OwnInviteAccept,
    Registration,
    RegistrationAnswer,
)
from gateway.documents.user import UserAnswer, UserDocument
from gateway.identity.access_facts import AccessFacts
from gateway.identity.principals import AccessFactsOf, bearer_of, bearer_session
from gateway.identity.scopes import AccountScope, account_scope
from gateway.medusa import responses
from gateway.medusa.filters import One
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Resource
from gateway.medusa.router import Router
from services.kernel.call.errors import invalid
from services.kernel.call.limits import most_characters
from services.kernel.call.scope import bound

# As the registry begins them; every other Bearer token is a session's.
REGISTRATION_PREFIX = "souk_register_"


_LONGEST_TOKEN = most_characters(AcceptInviteRequest, "token")
ACCEPTED = Resource(
    "user", "users", UserDocument, one=Query({"token": One(_LONGEST_TOKEN)}, limit=None)
)
AcceptQuery = Annotated[ParsedQuery, Depends(ACCEPTED.query_of_answer)]

router = Router(**AUTH)


@router.post(
    "/auth/user/emailpass/register",
    summary="Choose a password before accepting an invite",
    responses=responses.documented(RegistrationAnswer, "The registration."),
)
async def register(request: Request, body: Registration, clients: ClientsOf) -> Response:
    """Returns a token to accept an invite to this address with; it does nothing else.

    Nothing is stored, and the response is the same for every address.
    """
    with bound(anonymous_scope(request)):
        registered = await clients.invites.Register(body.to_message(), timeout=LOGIN_SECONDS)
    return responses.answer({"token": registered.registration})


@router.post(
    "/admin/invites/accept",
    summary="Accept an invite",
    responses=responses.documented(UserAnswer, "The admin."),
    openapi_extra=ACCEPTED.documented_one,
)
async def accept_invite(
    request: Request,
    query: AcceptQuery,
    clients: ClientsOf,
    access_facts: AccessFactsOf,
    body: InviteAccept,
) -> Response:
    """Accepts an invite with the token from the e-mail; log in afterwards.

    Send a password, or as Bearer what `POST /auth/user/emailpass/register` returned. If the address
    already has an account, send that account's password, or its session's token as Bearer.
    """
    token = _token(body, query)
    bearer = "" if body.password else bearer_of(request).decode("latin-1")
    if bearer and not bearer.startswith(REGISTRATION_PREFIX):
        with bound(account_scope(request, await bearer_session(request))):
            return ACCEPTED.one(query, await _accept_own(clients, access_facts, token))
    message = body.to_message(registration=bearer)
    message.token = token
    with bound(anonymous_scope(request)):
        admin = await clients.invites.AcceptInvite(message, timeout=LOGIN_SECONDS)
    return ACCEPTED.one(query, admin)


@router.post(
    "/admin/users/me/invites/accept",
    summary="Accept an invite while logged in",
    responses=responses.documented(UserAnswer, "The admin."),
)
async def accept_own_invite(
    _: AccountScope, clients: ClientsOf, access_facts: AccessFactsOf, body: OwnInviteAccept
) -> Response:
    """Accepts an invite to the logged-in admin's own address."""
    admin = await _accept_own(clients, access_facts, body.token)
    return responses.one("user", UserDocument.to_json(admin))


async def _accept_own(clients: Clients, access_facts: AccessFacts, token: str) -> Admin:
    admin = await clients.invites.AcceptOwnInvite(AcceptOwnInviteRequest(token=token))
    access_facts.invalidate(admin.name)
    return admin


def _token(body: InviteAccept, query: ParsedQuery) -> str:
    """Returns the invite's token: Medusa's clients send it in the query."""
    tokens = set(filter(None, (body.token, query.one("token"))))
    if len(tokens) != 1:
        text = "is required, in the query or in the body, and the same if it is in both"
        raise invalid("REQUEST_INVALID", {"token": text})
    return tokens.pop()
