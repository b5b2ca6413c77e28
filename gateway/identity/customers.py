"""Which customer of a shop makes a request: by a token, or by a browser's cookie."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from gateway.identity import customer_tokens, session_cookies
from gateway.identity.customer_tokens import Customer
from gateway.identity.principals import authorization_of, bearer_of, check_origin, identity_of
from gateway.medusa.errors import Refused, unauthorized

BEARER = HTTPBearer(
    scheme_name="customer",
    bearerFormat="JWT",
    description="A token from `POST /auth/customer/emailpass`, sent as `Authorization: Bearer …`."
    " It is good in the shop that gave it.",
    auto_error=False,
)
COOKIE = APIKeyCookie(
    name=session_cookies.CUSTOMERS,
    scheme_name="customer_cookie",
    description="A browser's session from `POST /auth/session` with a customer's token; as `cookie`"
    " is for admins.",
    auto_error=False,
)


async def customer_in(request: Request, *, tenant: str) -> Customer | None:
    """Returns the customer whom the Authorization header or else the cookie names; None without.

    A cookie of another shop, which may be at the same host, does not count.

    Raises:
        Refused: 401, the token is invalid in any way, or the header's is another shop's; 403
            ORIGIN_NOT_ALLOWED, another site's page may have sent the cookie.
    """
    if authorization_of(request) is None:
        customer = await cookie_customer(request)
        return customer if customer and customer.tenant == tenant else None
    customer = identity_of(request).customers.verify(bearer_of(request))
    if customer.tenant != tenant:
        raise unauthorized()
    return customer


def bearer_customer(request: Request) -> Customer | None:
    """Returns the customer of the Authorization header; None if it is no customer's token."""
    try:
        return identity_of(request).customers.verify(bearer_of(request))
    except Refused:
        return None


async def customer_of(
    request: Request,
    _: Annotated[object, Security(BEARER)],
    __: Annotated[object, Security(COOKIE)],
) -> Customer:
    """Returns the customer of the Authorization header or else the cookie, at whichever shop.

    Raises:
        Refused: 401, neither is there, or it is invalid in any way; 403 as customer_in does.
    """
    if authorization_of(request) is not None:
        return identity_of(request).customers.verify(bearer_of(request))
    customer = await cookie_customer(request)
    if customer is None:
        raise unauthorized()
    return customer


async def cookie_customer(request: Request) -> Customer | None:
    """Returns the customer whom the cookie names; None without one.

    Raises:
        Refused: as customer_in does.
    """
    token = session_cookies.cookie_of(request, session_cookies.CUSTOMERS)
    if token is None:
        return None
    customer = identity_of(request).customers.verify(token, customer_tokens.COOKIE)
    await check_origin(request)
    return customer


CustomerOf = Annotated[Customer, Depends(customer_of)]
