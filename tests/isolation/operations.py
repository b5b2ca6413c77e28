"""Finds every operation of the gateway, and which RPCs its route calls, by reading its source.

The RPCs are what the matrix takes an operation's permission from; whether the gateway lets anybody
in is not looked at here.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gateway.app import create_api
from gateway.clients import Clients
from gateway.identity.scopes import _current_scope
from gateway.medusa.forms import FORM
from gateway.store.shopper import _buying
from tests.isolation.contract import Rpc, every_rpc


@dataclass(frozen=True)
class Operation:
    """One method of one path, as OpenAPI and the route tell."""

    method: str
    path: str
    document: dict[str, Any]
    rpcs: frozenset[Rpc]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_of_a_tenant(self) -> bool:
        return "{tenant_id}" in self.path

    @property
    def is_of_the_requests_tenant(self) -> bool:
        """Tells whether it is about the tenant that the host, the prefix or a header names."""
        return _depends_on(routes()[self.method, self.path].dependant, _current_scope)

    @property
    def wants_a_session(self) -> bool:
        return bool(self.document.get("security"))

    @property
    def is_of_customers(self) -> bool:
        """Tells whether it is for whoever has an account in a shop, and for no admin."""
        security = self.document.get("security", [])
        return {"customer": []} in security and {"session": []} not in security

    @property
    def takes_customers(self) -> bool:
        """Tells whether whoever sends a customer's token acts as that customer."""
        return _depends_on(routes()[self.method, self.path].dependant, _buying)

    @property
    def takes_keys(self) -> bool:
        return any("api_key" in one for one in self.document.get("security", ()))

    @property
    def headers(self) -> set[str]:
        parameters = self.document.get("parameters", [])
        return {one["name"].lower() for one in parameters if one["in"] == "header"}

    @property
    def query(self) -> set[str]:
        parameters = self.document.get("parameters", [])
        return {one["name"] for one in parameters if one["in"] == "query"}

    @property
    def required_query(self) -> dict[str, Any]:
        """The schemas of what a query must hold."""
        parameters = self.document.get("parameters", [])
        return {
            one["name"]: one["schema"]
            for one in parameters
            if one["in"] == "query" and one.get("required")
        }

    @property
    def takes_files(self) -> bool:
        return FORM in self.document.get("requestBody", {}).get("content", {})

    @property
    def body(self) -> dict[str, Any] | None:
        content = self.document.get("requestBody", {}).get("content", {})
        return next((kind["schema"] for kind in content.values()), None)


@cache
def described() -> dict[str, Any]:
    """OpenAPI's description of the gateway; FastAPI takes seconds to make it."""
    return create_api().openapi()


@cache
def operations() -> tuple[Operation, ...]:
    """Lists what OpenAPI describes; a test holds it against what the running gateway says."""
    return tuple(
        Operation(method.upper(), path, document, _called(routes()[method.upper(), path].endpoint))
        for path, methods in described()["paths"].items()
        for method, document in methods.items()
    )


@cache
def routes() -> dict[tuple[str, str], APIRoute]:
    """Returns every route by its method and path."""
    return {
        (method, route.path): route
        for route in _routes(create_api().routes)
        for method in route.methods or ()
    }


def _routes(found: Any) -> Iterator[APIRoute]:
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif router := getattr(route, "original_router", None):
            yield from _routes(router.routes)


def _depends_on(dependant: Dependant, call: Callable[..., Any]) -> bool:
    return any(one.call is call or _depends_on(one, call) for one in dependant.dependencies)


def _called(endpoint: Callable[..., Any]) -> frozenset[Rpc]:
    return frozenset(rpc for one in _reached(endpoint, set()) for rpc in _rpcs_in(one))


def _reached(function: Any, seen: set[Any]) -> set[Any]:
    """Collects a function and all of the gateway's functions that it names, and so on."""
    function = inspect.unwrap(function)
    if function in seen:
        return seen
    seen.add(function)
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Name):
            named = function.__globals__.get(node.id)
            if inspect.isfunction(named) and named.__module__.startswith("gateway."):
                _reached(named, seen)
    return seen


def _tree(function: Callable[..., Any]) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _rpcs_in(function: Callable[..., Any]) -> Iterator[Rpc]:
    """Finds `….stub.Method` in a function; the stub says of which service the method is."""
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            service = _stubs().get(node.value.attr, "")
            yield from (
                rpc
                for rpc in every_rpc()
                if rpc.method.name == node.attr and rpc.method.containing_service.name == service
            )


@cache
def _stubs() -> dict[str, str]:
    """Reads which attribute of the clients is a stub of which service."""
    tree = _tree(Clients.__init__)
    return {
        node.targets[0].attr: node.value.args[0].attr.removesuffix("Stub")
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and isinstance(node.value, ast.Call)
        and node.value.args
        and isinstance(node.value.args[0], ast.Attribute)
        and node.value.args[0].attr.endswith("Stub")
    }
