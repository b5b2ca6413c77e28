"""What a process tells operators over HTTP, as plain ASGI without a framework.

There is no tenant, caller or host here: only operators reach the listener.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from services.kernel.operation.shared_runs import SharedRuns
from services.kernel.operation.version import VERSION
from services.kernel.process.logs import logger

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = logger()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    media_type: str = "application/json"


@dataclass(frozen=True)
class Readiness:
    """Whether a process can do its work, and the state of each part that this depends on."""

    is_ready: bool
    parts: Mapping[str, str]


Endpoint = Callable[[Mapping[str, str]], Awaitable[Answer]]
"""Answers a GET request, given its query."""


def create_app(
    *,
    readiness: Callable[[], Awaitable[Readiness]],
    metrics: Callable[[], Awaitable[Answer]],
    more: Mapping[str, Endpoint] | None = None,
) -> App:
    """Builds the application; `more` are endpoints of this process alone, by path."""
    # Both take work, and anybody on the network may ask again and again.
    shared_readiness, shared_metrics = SharedRuns(readiness), SharedRuns(metrics)

    async def healthz(_: Mapping[str, str]) -> Answer:
        return json_answer(200, {"status": "alive", "version": VERSION})

    async def readyz(_: Mapping[str, str]) -> Answer:
        found = await shared_readiness.result()
        status, word = (200, "ready") if found.is_ready else (503, "not ready")
        return json_answer(status, {"status": word, "parts": dict(found.parts)})

    async def metrics_page(_: Mapping[str, str]) -> Answer:
        return await shared_metrics.result()

    endpoints = {
        "/healthz": healthz,
        "/readyz": readyz,
        "/metrics": metrics_page,
        **(more or {}),
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _answer(endpoints, scope)
        headers = [
            (b"content-type", answer.media_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
            (b"cache-control", b"no-store"),
            # One request each: no connection stays that nobody needs.
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    return app


def json_answer(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode())


async def _answer(endpoints: Mapping[str, Endpoint], scope: Scope) -> Answer:
    endpoint = endpoints.get(scope["path"])
    if endpoint is None:
        return json_answer(404, {"message": f"There is {', '.join(sorted(endpoints))}."})
    if scope["method"] not in ("GET", "HEAD"):
        return json_answer(405, {"message": "The method must be GET."})
    try:
        return await endpoint(dict(parse_qsl(scope["query_string"].decode("latin-1"))))
    except Exception:
        _log.exception("endpoint_broke", path=scope["path"])
        return json_answer(500, {"message": "An internal error occurred; see the log."})
