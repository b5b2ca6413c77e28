"""Logging in at an identity provider, such as the one that a company has for everything."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from souk.tenant_registry.v1.oidc_service_pb2 import (
    FinishOidcLoginRequest,
    StartOidcLoginRequest,
)

from gateway import answers
from gateway.accounts.sessions import AUTH, TokenAnswer, strangers_scope, tokens
from gateway.runtime import ClientsOf
from services.kernel.scope import bound

# Bound to this host and to https by its prefix; browsers take it on localhost too.
COOKIE = "__Host-souk-oidc"
_COOKIE_SECONDS = 600
# The provider is asked up to three times, two seconds each.
_PROVIDER_SECONDS = 9.0

ProviderName = Annotated[str, Path(max_length=40, description="Its name in oidc.json.")]


class LocationAnswer(BaseModel):
    location: str = Field(description="Where to send the browser.")


router = APIRouter(prefix="/auth/user/oidc/{provider}", **AUTH)


@router.get(
    "",
    summary="Log in at a provider",
    responses=answers.documented(LocationAnswer, "Where to log in."),
)
async def start(request: Request, provider: ProviderName, clients: ClientsOf) -> Response:
    """Answers the provider's page, and a cookie that ties the login to this browser."""
    with bound(strangers_scope(request)):
        started = await clients.oidc.StartOidcLogin(
            StartOidcLoginRequest(provider=provider), timeout=_PROVIDER_SECONDS
        )
    answer = answers.answer({"location": started.location})
    answer.set_cookie(
        COOKIE,
        started.browser,
        max_age=_COOKIE_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(
    "/callback",
    summary="Come back from a provider",
    responses=answers.documented(TokenAnswer, "A session."),
)
async def finish(
    request: Request,
    provider: ProviderName,
    clients: ClientsOf,
    code: Annotated[str, Query(max_length=2000)],
    state: Annotated[str, Query(max_length=2000)],
) -> Response:
    """Begins a session with the code that the provider sent back, in the browser that asked for it.

    401 OIDC_REFUSED for whatever proves nothing, alike.
    """
    with bound(strangers_scope(request)):
        session = await clients.oidc.FinishOidcLogin(
            FinishOidcLoginRequest(
                provider=provider,
                code=code,
                state=state,
                browser=request.cookies.get(COOKIE, "")[:200],
            ),
            timeout=_PROVIDER_SECONDS,
        )
    answer = tokens(session)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer
