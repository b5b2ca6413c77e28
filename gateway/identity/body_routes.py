"""Which routes read a body, and of which of them only a known caller may send one.

FastAPI reads a body before it authenticates, so a stranger could fill the memory with bodies that
are refused afterwards.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import Scope

from gateway.identity.customers import customer_of
from gateway.identity.principals import AUTHENTICATIONS, Authenticate
from gateway.medusa.errors import routes_of

_AUTHENTICATIONS: Mapping[Callable[..., object], Authenticate] = {
    **AUTHENTICATIONS,
    customer_of: partial(customer_of, _=None, __=None),
}


class BodyRoutes:
    def __init__(self, api: FastAPI) -> None:
        self._api = api
        # By method, as none of the many reads has a body.
        self._routes: defaultdict[str, list[tuple[APIRoute, Authenticate | None]]]
        self._routes = defaultdict(list)
        for route in routes_of(api.routes):
            if isinstance(route, APIRoute) and _reads_body(route):
                for method in route.methods or ():
                    self._routes[method].append((route, _authentication_of(route.dependant)))

    async def reads_body(self, scope: Scope) -> bool:
        """Returns whether the request's route reads its body.

        The route itself authenticates again, afresh: a key may be revoked while the body arrives.

        Raises:
            Refused: 401, the route needs a caller, and there is none.
        """
        for route, authenticate in self._routes.get(scope["method"], ()):
            if route.path_regex.match(scope["path"]):
                if authenticate is not None:
                    await authenticate(Request({**scope, "app": self._api}))
                return True
        return False


def _reads_body(route: APIRoute) -> bool:
    """Returns whether a route has a body that FastAPI reads, or documents one that it reads."""
    return route.body_field is not None or "requestBody" in (route.openapi_extra or {})


def _authentication_of(dependant: Dependant) -> Authenticate | None:
    return next((_AUTHENTICATIONS[c] for c in _calls_of(dependant) if c in _AUTHENTICATIONS), None)


def _calls_of(dependant: Dependant) -> Iterator[Callable[..., object]]:
    for inner in dependant.dependencies:
        if inner.call is not None:
            yield inner.call
        yield from _calls_of(inner)
