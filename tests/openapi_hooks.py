"""Holds what a test's client is answered against OpenAPI, so that the description stays true.

Documents must be what the schema of their route says, both ways; what is wrong with a request must
be named by what the caller sent, or by what the route takes.
"""

import json
import re
from functools import cache
from typing import Any

import httpx

from tests.isolation.operations import Operation, described, operations
from tests.schemas import closed, resolves, validator

# A contract's terms: a name's pattern, a field of a message, a type of Python's.
_FOREIGN = re.compile(r"\{\w+\}|[a-z]_time\b|instance of|Input should", re.IGNORECASE)
_PARTS = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


async def check(response: httpx.Response) -> None:
    """Fails if a response is not as described; a hook of httpx, for any response."""
    operation = _operation(response.request.method, response.request.url.path)
    is_json = response.headers.get("content-type") == "application/json"
    if operation is None or not is_json or response.request.method == "HEAD":
        return
    await response.aread()
    body = response.json()
    if response.is_success:
        is_whole = "fields" not in response.request.url.params
        _validator(operation.name, response.status_code, is_whole=is_whole).validate(body)
    else:
        _error_validator().validate(body)
        for key, text in body["details"].get("violations", {}).items():
            assert _is_of_the_caller(key, operation, response.request), (operation.name, key, text)
            assert not _FOREIGN.search(text), (operation.name, key, text)


@cache
def _validator(name: str, status: int, *, is_whole: bool) -> Any:
    [operation] = [one for one in operations() if one.name == name]
    content = operation.document["responses"][str(status)]["content"]
    schema = content["application/json"]["schema"]
    components = closed(described()["components"])
    return validator(schema, components if is_whole else _partial(components))


@cache
def _error_validator() -> Any:
    schemas = described()["components"]
    return validator({"$ref": "#/components/schemas/ErrorBody"}, schemas)


def _partial(schema: Any) -> Any:
    """Returns a schema that requires no key, as a client may choose a document's fields."""
    if isinstance(schema, list):
        return [_partial(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _partial(one) for key, one in schema.items() if key != "required"}


@cache
def _operation(method: str, path: str) -> Operation | None:
    path = re.sub(r"^/t/[^/]+(?=/)", "", path)
    found = [
        one for one in operations() if one.method == method and _pattern(one.path).fullmatch(path)
    ]
    # Of /users/me and /users/{user_id} the one with fewer parameters is served.
    return min(found, key=lambda one: one.path.count("{"), default=None)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def _is_of_the_caller(key: str, operation: Operation, request: httpx.Request) -> bool:
    """Says whether the caller sent a key, or the operation takes it."""
    parameters = {one["name"].lower() for one in operation.document.get("parameters", ())}
    if key.lower() in parameters | {"body", "query", "host"}:  # Host is a header of every request
        return True
    path = tuple(int(place) if place else name for place, name in _PARTS.findall(key))
    taken = operation.body and resolves(path, operation.body, described()["components"])
    return bool(taken) or _was_sent(path, _sent(request))


def _sent(request: httpx.Request) -> Any:
    query: dict[str, Any] = dict(request.url.params)
    query |= {key.partition("[")[0]: value for key, value in query.items()}
    try:
        body = json.loads(request.content)
    except (ValueError, httpx.RequestNotRead):
        return query
    return query | body if isinstance(body, dict) else query


def _was_sent(path: tuple[Any, ...], value: Any) -> bool:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


CHECKS_OPENAPI = {"response": [check]}
"""Give it to a client as `event_hooks`."""
