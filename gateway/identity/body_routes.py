"""Which routes read a body, and of which of them only a known caller may send one.

FastAPI reads a body before it authenticates, so a stranger could fill the memory with bodies that
are refused afterwards.
"""

from collections.abc import Callable, Iterator

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import Scope

from gateway.identity.principals import AUTHENTICATIONS, Authenticate
from gateway.medusa.errors import routes_of


class BodyRoutes:
    def __init__(self, api: FastAPI) -> None:
        self._api = api
        self._routes = [
            (route, _authentication(route.dependant))
            for route in routes_of(api.routes)
            if isinstance(route, APIRoute) and route.body_field is not None
        ]

    async def reads_body(self, scope: Scope) -> bool:
        """Returns whether the request's route reads its body.

        The route itself authenticates again, afresh: a key may be revoked while the body arrives.

        Raises:
            Refused: 401, the route needs a caller, and there is none.
        """
        for route, authenticate in self._routes:
            if scope["method"] in (route.methods or ()) and route.path_regex.match(scope["path"]):
                if authenticate is not None:
                    await authenticate(Request({**scope, "app": self._api}))
                return True
        return False


def _authentication(dependant: Dependant) -> Authenticate | None:
    return next((AUTHENTICATIONS[c] for c in _calls(dependant) if c in AUTHENTICATIONS), None)


def _calls(dependant: Dependant) -> Iterator[Callable[..., object]]:
    for one in dependant.dependencies:
        if one.call is not None:
            yield one.call
        yield from _calls(one)
