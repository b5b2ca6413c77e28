"""Whose sessions a request is about, of admins and of customers: to keep in a cookie, or to end."""

from typing import Annotated

from fastapi import Depends, Request, Security

from gateway.identity import customers, principals, session_cookies
from gateway.identity.customer_tokens import Customer
from gateway.identity.customers import bearer_customer, cookie_customer
from gateway.identity.principals import (
    authorization_of,
    bearer_session,
    own_session,
    session_of,
)
from gateway.identity.session_tokens import Session


async def _bearer_caller(
    request: Request,
    _: Annotated[object, Security(principals.SESSION)],
    __: Annotated[object, Security(customers.BEARER)],
) -> Session | Customer:
    """Returns whose token the Authorization header has; a cookie does not count.

    Raises:
        NotFound, Refused: as bearer_session does.
    """
    return bearer_customer(request) or await bearer_session(request)


async def _session_callers(
    request: Request,
    _: Annotated[object, Security(principals.SESSION)],
    __: Annotated[object, Security(principals.COOKIE)],
    ___: Annotated[object, Security(customers.BEARER)],
    ____: Annotated[object, Security(customers.COOKIE)],
) -> list[Session | Customer]:
    """Returns whose sessions a request brings: in its header, or else in each of its cookies.

    Raises:
        NotFound, Refused: as own_session and customer_in do.
    """
    if authorization_of(request) is not None:
        return [bearer_customer(request) or await own_session(request)]
    customer = await cookie_customer(request)
    if customer is None:
        return [await session_of(request)]
    is_admin = session_cookies.cookie_of(request) is not None
    return [customer, await session_of(request)] if is_admin else [customer]


BearerCallerOf = Annotated[Session | Customer, Depends(_bearer_caller)]
SessionCallersOf = Annotated[list[Session | Customer], Depends(_session_callers)]
