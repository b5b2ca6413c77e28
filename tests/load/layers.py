"""What each layer adds to a hot list, in process: the least of many rounds, in turns.

Each way is the one before and one layer more; all send the same bytes under the same headers.
"""

import logging
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.asgi import App, Receive, Scope, Send
from gateway.edge.guard import Exchange, Guard
from gateway.edge.protocol import SoukProtocol
from tests.load.bench import LIST, request
from tests.load.floor import app as floor_app
from tests.load.in_process import (
    BODY_BYTES,
    HEADERS,
    REQUESTS,
    Way,
    gateway,
    least_spent,
)

_ADDED_BY_THE_GUARD = 9
"""How many headers it gives a hot list: security, request id, limits."""
_OF_A_HOT_LIST = (
    (b"etag", b'W/"0123456789abcdef01234567"'),
    (b"cache-control", b"public, max-age=0, s-maxage=1, must-revalidate"),
    (b"cache-tag", b"paris"),
    (b"content-type", b"application/json"),
    (b"content-length", str(BODY_BYTES).encode()),
)
_FILLER = tuple((b"x-filler-%d" % n, b"v" * 40) for n in range(_ADDED_BY_THE_GUARD))


class _OwnOnly(Guard):
    """The guard without what it asks of others, and without metrics and log line."""

    async def _handle(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        await self._app(scope, receive, exchange.send)

    def _conclude(self, scope: Scope, exchange: Exchange) -> None: ...


class _Concluding(_OwnOnly):
    """It has metrics and a log line, too."""

    _conclude = Guard._conclude


class _Resolving(_Concluding):
    """It reads sizes, path, host and signals, and finds the tenant."""

    async def _handle(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        await self._resolve(scope, exchange.state)
        await self._app(scope, receive, exchange.send)


class _Admitting(_Concluding):
    """It counts the request, too."""

    async def _handle(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        resolution = await self._resolve(scope, exchange.state)
        admission = self._edge().admission
        await admission.on_arrival(scope["method"], scope["path"], exchange.state, resolution)
        await self._app(scope, receive, exchange.send)


async def each_layer() -> None:
    """Prints what each layer adds."""
    logging.getLogger("gateway.request").setLevel(logging.INFO)
    body = b"m" * BODY_BYTES
    memory, _, hot = gateway(body)
    whole, read = cast(Guard, memory), request("GET", LIST, HEADERS)
    ready, alike = (_sends(body, headers) for headers in (_OF_A_HOT_LIST, _OF_A_HOT_LIST + _FILLER))

    def guard(kind: type[Guard]) -> App:
        return kind(ready, whole._edge, whole._reads_body)

    ways = {
        "raw uvicorn": Way(cast(App, floor_app(body)), HttpToolsProtocol, read),
        "as many headers as Souk sends": Way(alike, HttpToolsProtocol, read),
        "our protocol": Way(alike, SoukProtocol, read),
        "the guard's own": Way(guard(_OwnOnly), SoukProtocol, read),
        "metrics and the log line": Way(guard(_Concluding), SoukProtocol, read),
        "size, path, host, tenant, signals": Way(guard(_Resolving), SoukProtocol, read),
        "limits": Way(guard(_Admitting), SoukProtocol, read),
        "whether a body is to be read": Way(guard(Guard), SoukProtocol, read),
        "the hot layer": Way(memory, SoukProtocol, read),
    }
    least = await least_spent(ways)
    await hot.close()
    print("\nA hot list in process, layer by layer")
    before = 0.0
    for name, seconds in least.items():
        total = 1e6 * seconds / REQUESTS
        print(f"  {name:<36}{total - before:6.1f} µs more, {total:6.1f} in all")
        before = total


def _sends(body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> App:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        start: dict[str, Any] = {"type": "http.response.start", "status": 200}
        await send(start | {"headers": [*headers]})
        await send({"type": "http.response.body", "body": body})

    return app
