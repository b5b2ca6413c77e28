"""The outermost layer around every request: resolves the tenant, bounds size and time.

It is pure ASGI, because one layer of the usual kind costs more than the rest of a hot request.
"""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog

from gateway.asgi import App, Message, Receive, Scope, Send
from gateway.edge import cors
from gateway.edge.body_budget import RequestBody, buffered_body, discard_rest
from gateway.edge.client_address import Addresses
from gateway.edge.cors import Pairs
from gateway.edge.draining import Draining
from gateway.edge.fair_queue import RefusalPace
from gateway.edge.internal_headers import TENANT_HEADER, is_internal
from gateway.edge.paths import check_path
from gateway.edge.request_log import RequestLog
from gateway.edge.sizes import check_size, is_upload
from gateway.header_fields import HeaderFields
from gateway.limits import Verdict
from gateway.limits.admission import Admission
from gateway.medusa import errors
from gateway.medusa.errors import Refused, not_allowed, problem_of_status
from gateway.metrics import Metrics
from gateway.request_state import RequestState, attach
from gateway.tenancy import KnownTenant, Resolution, Tenancy
from gateway.tenancy.hosts import Hosts, only_host
from gateway.tenancy.signals import Source, resolve
from services.kernel.call import recorded_events
from services.kernel.call.errors import ServiceError
from services.values.hosts import HostInvalid

# For a request from its head to the last byte of its body; then it has REQUEST_SECONDS.
ARRIVAL_SECONDS = 15.0
# For one that brings pictures, from a slow line; its sender is known by then.
UPLOAD_SECONDS = 60.0
CLIENT_GONE = 499  # nginx's status for it, used in logs and metrics only

_PREFIX = re.compile(r"/t/([^/]*)(?=/|$)")
_KEY = b"x-publishable-api-key"
_TOO_MANY = frozenset({"RATE_LIMITED", "TENANT_BUSY", "GATEWAY_BUSY"})
_log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class Edge:
    """What the guard needs of this process."""

    base_domain: str
    hosts: Hosts
    addresses: Addresses
    tenancy: Tenancy
    admission: Admission
    refusal_pace: RefusalPace
    metrics: Metrics
    request_log: RequestLog
    upload_bytes: int


class Guard:
    """Resolves the tenant, bounds the request, and returns every error in the same shape."""

    def __init__(
        self, app: App, edge: Callable[[], Edge], reads_body: Callable[[Scope], Awaitable[bool]]
    ) -> None:
        """`reads_body` tells whether the route of a request reads its body.

        It raises Refused if the route needs a caller and there is none.
        """
        self._app = app
        self._edge = edge
        self._reads_body = reads_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        server_state = scope["state"]
        state = RequestState(
            request_id=os.urandom(16).hex(),
            fields=HeaderFields(scope["headers"]),
            authority=server_state.get("authority"),
        )
        scope = {**scope, "state": {}}
        attach(scope, state)
        exchange = Exchange(send, scope, state, server_state)
        try:
            await self._handle(scope, receive, exchange)
        except Exception as error:
            await self._fail(error, receive, exchange)
        finally:
            self._conclude(scope, exchange)

    async def _handle(self, scope: Scope, receive: Receive, exchange: "Exchange") -> None:
        """Admits a request, waits for its body, and passes it on."""
        edge, state = self._edge(), exchange.state
        try:
            resolution = await self._resolve(scope, state)
            preflight = None
            if (origin := state.fields.only(b"origin")) is not None:
                preflight = await self._preflight(origin, scope, state, resolution)
        except (Refused, ServiceError):
            # It has cost work, and no tenant is known for it: it counts for the address.
            edge.admission.count_refusal(state)
            raise
        await edge.admission.on_arrival(scope["method"], scope["path"], state, resolution)
        if preflight is not None:
            await exchange.answer(204, preflight)
            return
        # Only now: nobody waits for the body of a request that is over its limit.
        if await self._reads_body(scope):
            seconds = ARRIVAL_SECONDS
            if is_upload(scope):
                exchange.body.allow_upload(edge.upload_bytes)
                seconds = UPLOAD_SECONDS
            receive = await self._whole_body(exchange, receive, seconds)
        if scope["method"] == "HEAD":
            scope["method"] = "GET"  # the response body is dropped later
        await self._app(scope, receive, exchange.send)

    async def _fail(self, error: Exception, receive: Receive, exchange: "Exchange") -> None:
        if isinstance(error, Refused) and error.problem.code in _TOO_MANY:
            await self._edge().refusal_pace.turn()
        await exchange.fail(error, receive)

    async def _whole_body(self, exchange: "Exchange", receive: Receive, seconds: float) -> Receive:
        # All that came before has a deadline of its own: it asked Redis or the registry at most.
        seconds_left = exchange.began + seconds - time.perf_counter()
        try:
            async with asyncio.timeout(seconds_left):
                return await buffered_body(exchange.body, receive)
        except TimeoutError:  # nothing was done yet
            raise Refused(problem_of_status(408)) from None

    async def _preflight(
        self, origin: bytes, scope: Scope, state: RequestState, resolution: Resolution
    ) -> Pairs | None:
        """Decides whether an origin may read the response, and answers preflights."""
        edge = self._edge()
        is_asked = scope["method"] == "OPTIONS" and bool(
            state.fields.values(b"access-control-request-method")
        )
        tenant = resolution.found or edge.tenancy.known(edge.tenancy.fallback_id)
        may = cors.may_read_responses(origin, tenant, edge.base_domain, state.client)
        if not may and is_asked and resolution.source is Source.FALLBACK:
            # A preflight has neither the header nor the key that will name the shop.
            tenant = await self._shop_of(origin, state.address)
            may = cors.may_read_responses(origin, tenant, edge.base_domain, state.client)
        if is_asked:
            return cors.preflight(origin if may else None)
        if may:
            state.origin = origin
        return None

    async def _shop_of(self, origin: bytes, address: str) -> KnownTenant | None:
        """Finds the open shop whose own host is the page's."""
        with contextlib.suppress(HostInvalid):
            host = self._edge().hosts.read(origin.partition(b"://")[2])
            if not host.is_platform:
                return await self._edge().tenancy.owner(host.name, address)
        return None

    def _conclude(self, scope: Scope, exchange: "Exchange") -> None:
        edge, seconds = self._edge(), time.perf_counter() - exchange.began
        # Nothing was sent to a client that is gone, or whose connection was lost on the way.
        status = exchange.status or CLIENT_GONE
        method, tenant = exchange.method, exchange.state.tenant
        route = getattr(scope.get("route"), "path", "")
        edge.metrics.observe(method, route, status, seconds=seconds, tenant=tenant)
        edge.request_log.request(
            scope["path"],
            method=method,
            status=status,
            tenant=tenant,
            route=route,
            request_id=exchange.state.request_id,
            seconds=seconds,
        )

    async def _resolve(self, scope: Scope, state: RequestState) -> Resolution:
        """Resolves the tenant, and keeps from the routes what only this layer may read."""
        edge, fields, headers = self._edge(), state.fields, scope["headers"]
        peer = (scope.get("client") or ("",))[0]
        state.client = edge.addresses.client(peer, headers)
        check_size(scope, fields, edge.upload_bytes)
        check_path(scope["raw_path"])
        host = edge.hosts.read(only_host(fields.values(b"host")))
        if state.authority is not None and edge.hosts.read(state.authority) != host:
            raise not_allowed(
                "HOST_DISAGREES", "The host in the request target must match the Host header."
            )
        resolution = await resolve(
            edge.tenancy,
            host,
            prefix=_take_prefix(scope),
            header=_only_value(fields, TENANT_HEADER),
            key=_only_value(fields, _KEY),
            address=state.address,
        )
        # A route that determines the tenant otherwise sets it itself.
        state.tenant = resolution.found.id if resolution.found else ""
        scope["headers"] = [pair for pair in headers if not is_internal(pair[0])]
        state.put(resolution)
        return resolution


class Exchange:
    """One request and its response, as the guard tracks them."""

    def __init__(self, send: Send, scope: Scope, state: RequestState, server_state: Scope) -> None:
        self.state = state
        self.body: RequestBody = server_state["body"]
        self._draining: Draining = server_state["draining"]
        self.method = scope["method"]
        self._scope = scope
        self.status = 0
        self._send = send
        self.began = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._headers(message.get("headers", ()))
        elif self.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    async def answer(self, status: int, headers: Pairs, body: bytes = b"") -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _headers(self, sent: Iterable[tuple[bytes, bytes]]) -> Pairs:
        state = self.state
        headers = cors.protect(self._scope["path"], self.status, sent, state.client)
        headers.append((b"x-request-id", state.request_id.encode()))
        # Asked here, not earlier: a slow request may have begun before the signal to stop.
        if self._draining.has_begun:
            headers.append((b"connection", b"close"))
        if state.events:
            headers.append((b"x-audit-event", recorded_events.encode(state.events).encode()))
        if (verdict := state.get(Verdict)) is not None:
            headers += verdict.headers()
        if state.origin is not None:
            headers += cors.allow_origin_headers(state.origin)
        return headers

    async def fail(self, error: Exception, receive: Receive) -> None:
        """Sends the error response; an error after the response began is only logged."""
        problem = errors.problem_for_method(error, self.method)
        if problem.status == 500:
            _log.error("request_failed", request_id=self.state.request_id, exc_info=error)
        if self.status:
            return
        answer = errors.response(problem, self.state.request_id)
        headers = [*answer.raw_headers]
        # The rest of a body for which there is no room would only be thrown away.
        closes = problem.status in (408, 413, 431) or self.body.refusal is not None
        if closes:
            headers.append((b"connection", b"close"))
        await self.send(
            {"type": "http.response.start", "status": problem.status, "headers": headers}
        )
        await self.send({"type": "http.response.body", "body": answer.body, "more_body": closes})
        if closes:
            await discard_rest(receive)
            await self.send({"type": "http.response.body", "body": b""})


def _take_prefix(scope: Scope) -> str | None:
    """Strips `/t/{tenant}` from the path, so that routes never see it."""
    prefix = _PREFIX.match(scope["path"])
    if prefix is None:
        return None
    scope["path"] = scope["path"][prefix.end() :] or "/"
    scope["raw_path"] = scope["path"].encode()
    return prefix[1]


def _only_value(fields: HeaderFields, name: bytes) -> str | None:
    """Returns the value of a header that names a tenant; None if it is empty or absent."""
    values = list(filter(None, fields.values(name)))
    if not values:
        return None
    if values.count(values[0]) < len(values):
        raise not_allowed(
            "TENANT_SIGNALS_DISAGREE", f"The header {name.decode()} must not have two values."
        )
    return values[0].decode("latin-1")
