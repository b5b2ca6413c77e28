"""A session in a browser's cookie, and which pages may send requests with it.

A browser adds the cookie to requests by itself, also to those that another site's page makes. So a
request counts as its owner's only if it comes from the host itself or from an origin that whoever
owns the host has listed. What else the request names as its tenant does not matter: a shop's admin
must not be able to list a page for the platform's own hosts.
"""

from fastapi import Request, Response

from gateway.medusa.errors import Problem, Refused, unauthorized
from gateway.request_state import state_of
from gateway.tenancy import KnownTenant, Source, Tenancy, resolution_of

# The prefix binds them to this host and to HTTPS; browsers accept them on localhost, too.
COOKIE = "__Host-souk-admin"
CUSTOMERS = "__Host-souk-customer"


def cookie_of(request: Request, name: str = COOKIE) -> bytes | None:
    """Returns the session token in a cookie; None if there is none.

    Raises:
        Refused: 401, there are two: one of them is not what this host has set.
    """
    pairs = b";".join(state_of(request).fields.values(b"cookie")).split(b";")
    named = (pair.strip().partition(b"=") for pair in pairs)
    tokens = [value for key, _, value in named if key == name.encode()]
    if len(tokens) > 1:
        raise unauthorized()
    return tokens[0] if tokens else None


def set_cookie(answer: Response, name: str, token: str, *, seconds: int) -> None:
    answer.set_cookie(
        name, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def delete_cookie(answer: Response, name: str) -> None:
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")


async def check_origin(
    request: Request, tenancy: Tenancy, *, head_office: str, is_read: bool
) -> None:
    """Refuses a request with the cookie that another site's page could have made.

    Browsers send Origin with every write, and Sec-Fetch-Site with everything over HTTPS.

    Raises:
        Refused: 403 ORIGIN_NOT_ALLOWED.
    """
    fields = state_of(request).fields
    origins, site = fields.values(b"origin"), fields.only(b"sec-fetch-site")
    if origins:
        resolution = resolution_of(request)
        is_shops = resolution.source is Source.HOST
        owner = resolution.found if is_shops else await tenancy.tenant(head_office)
        is_allowed = len(origins) == 1 and site != b"cross-site"
        is_allowed = is_allowed and _may_send(origins[0], owner, request)
    else:
        is_allowed = is_read and site in (None, b"same-origin", b"none")
    if not is_allowed:
        raise _not_allowed()


def _may_send(origin: bytes, owner: KnownTenant | None, request: Request) -> bool:
    state, text = state_of(request), origin.decode("latin-1")
    scheme, _, host = text.partition("://")
    is_own_scheme = scheme == "https" or (scheme == "http" and not state.client.is_secure)
    is_own = is_own_scheme and host.encode("latin-1") == state.fields.only(b"host")
    return is_own or (owner is not None and text in owner.cors_origins)


def _not_allowed() -> Refused:
    return Refused(
        Problem(
            403,
            "forbidden",
            "ORIGIN_NOT_ALLOWED",
            "A request with the session cookie must come from this host's own pages or from an"
            " origin that its owner lists in cors_origins. Otherwise send a Bearer token.",
        )
    )
