"""Login with an OpenID Connect identity provider."""

from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import BaseModel, Field
from souk.tenant_registry.v1.oidc_service_pb2 import (
    FinishOidcLoginRequest,
    StartOidcLoginRequest,
)

from gateway.accounts.sessions import AUTH, anonymous_scope, tokens
from gateway.clients import ClientsOf
from gateway.documents.session import TokenAnswer
from gateway.medusa import responses
from gateway.medusa.filters import One
from gateway.medusa.query import Query
from gateway.medusa.resource import NoQuery
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters
from services.kernel.call.scope import bound

# The prefix binds it to this host and to HTTPS; browsers accept it on localhost, too.
COOKIE = "__Host-souk-oidc"
_COOKIE_SECONDS = 600
# Up to three calls to the provider, two seconds each.
_PROVIDER_SECONDS = 9.0

ProviderName = Annotated[str, Path(description="The provider's name in oidc.json.")]


class LocationAnswer(BaseModel):
    location: str = Field(description="The URL to send the browser to.")


# Providers add keys of their own, such as iss and session_state.
_FINISHING = Query(
    {key: One(most_characters(FinishOidcLoginRequest, key)) for key in ("code", "state")},
    limit=None,
    has_fields=False,
    required=("code", "state"),
    ignores_unknown=True,
)

router = Router(prefix="/auth/user/oidc/{provider}", **AUTH)


@router.get(
    "",
    summary="Start an OIDC login",
    dependencies=[NoQuery],
    responses=responses.documented(LocationAnswer, "The provider's login page."),
)
async def start(request: Request, provider: ProviderName, clients: ClientsOf) -> Response:
    """Returns the provider's login page and sets a cookie that ties the login to this browser."""
    with bound(anonymous_scope(request)):
        started = await clients.oidc.StartOidcLogin(
            StartOidcLoginRequest(provider=provider), timeout=_PROVIDER_SECONDS
        )
    answer = responses.answer({"location": started.location})
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
    summary="Finish an OIDC login",
    responses=responses.documented(TokenAnswer, "The tokens of the new session."),
    openapi_extra={"parameters": _FINISHING.parameters()},
)
async def finish(
    request: Request,
    provider: ProviderName,
    clients: ClientsOf,
) -> Response:
    """Starts a session with the provider's code, in the browser that began the login.

    Returns 401 OIDC_REFUSED if the code, the state or the cookie is not valid.
    """
    query = _FINISHING.parse(request.scope["query_string"])
    with bound(anonymous_scope(request)):
        session = await clients.oidc.FinishOidcLogin(
            FinishOidcLoginRequest(
                provider=provider,
                code=query.one("code"),
                state=query.one("state"),
                browser=request.cookies.get(COOKIE, "")[:200],
            ),
            timeout=_PROVIDER_SECONDS,
        )
    answer = tokens(session)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer
