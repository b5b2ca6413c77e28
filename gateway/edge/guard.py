"""The outermost layer around every request: resolves the tenant, bounds size and time.

It is pure ASGI, because one layer of the usual kind costs more than the rest of a hot request.
"""

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from gateway.edge import cors
from gateway.edge.asgi import App, Message, Receive, Scope, Send
from gateway.edge.body_budget import RequestBody, arrived_body, pass_over
from gateway.edge.client_address import Addresses
from gateway.edge.cors import Pairs
from gateway.edge.fair_queue import FairQueue, Holder, RefusalPace
from gateway.edge.internal_headers import TENANT_HEADER, is_internal
from gateway.edge.paths import check_path
from gateway.edge.request_log import log_request
from gateway.edge.sizes import check_size
from gateway.limits import Verdict
from gateway.limits.admission import Admission
from gateway.medusa import errors
from gateway.medusa.errors import Refused, not_allowed, problem_of_status
from gateway.metrics import Metrics
from gateway.request_state import REQUEST_SECONDS, RequestState, attach
from gateway.tenancy import KnownTenant, Resolution, Tenancy
from gateway.tenancy.hosts import Hosts, only_host
from gateway.tenancy.signals import Source, resolve
from services.kernel.call import recorded_events
from services.kernel.call.client import deadline
from services.kernel.call.errors import ServiceError
from services.values.hosts import HostInvalid

# For a request from its head to the last byte of its body; then it has REQUEST_SECONDS.
ARRIVAL_SECONDS = 15.0
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
    fair_queue: FairQueue
    refusal_pace: RefusalPace
    metrics: Metrics


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
        given = scope.get("state", {})
        state = RequestState(
            request_id=uuid.uuid4().hex,
            authority=given.get("authority"),
            is_draining=given.get("draining", False),
        )
        scope = {**scope, "state": {}}
        attach(scope, state)
        exchange = Exchange(send, scope, state, given["body"])
        try:
            await self._handle(scope, receive, exchange)
        except asyncio.CancelledError:
            exchange.status = exchange.status or CLIENT_GONE
            raise
        except Exception as error:
            await exchange.fail(error, receive)
        finally:
            self._conclude(scope, exchange)

    async def _handle(self, scope: Scope, receive: Receive, exchange: "Exchange") -> None:
        try:
            try:
                async with asyncio.timeout(ARRIVAL_SECONDS):
                    preflight, holder, receive = await self._arrive(scope, receive, exchange)
            except TimeoutError:  # nothing was done yet
                raise Refused(problem_of_status(408)) from None
            if preflight is not None:
                await exchange.answer(204, preflight)
            else:
                await self._serve(scope, receive, exchange, holder)
        except Refused as refused:
            if refused.problem.code in _TOO_MANY:
                await self._edge().refusal_pace.turn()
            raise

    async def _arrive(
        self, scope: Scope, receive: Receive, exchange: "Exchange"
    ) -> tuple[Pairs | None, Holder | None, Receive]:
        """Admits a request and waits for its body.

        Returns the headers that answer a preflight, else None; whose share of the queue it uses;
        and what the route reads the body from.
        """
        edge, state = self._edge(), exchange.state
        try:
            resolution = await self._resolve(scope, state)
            preflight = await self._preflight(scope, state, resolution)
        except (Refused, ServiceError):
            await edge.admission.of_refusal(state)
            raise
        holder = await edge.admission.on_arrival(scope["method"], scope["path"], state, resolution)
        if preflight is None and await self._reads_body(scope):
            receive = await arrived_body(exchange.body, receive)
        return preflight, holder, receive

    async def _serve(
        self, scope: Scope, receive: Receive, exchange: "Exchange", holder: Holder | None
    ) -> None:
        if scope["method"] == "HEAD":
            scope["method"] = "GET"  # the response body is dropped later
        queue = self._edge().fair_queue
        slot = contextlib.nullcontext() if holder is None else queue.slot(holder)
        async with asyncio.timeout(REQUEST_SECONDS) as exchange.state.timeout, slot:
            with deadline(REQUEST_SECONDS), recorded_events.collecting() as exchange.events:
                await self._app(scope, receive, exchange.send)

    async def _preflight(
        self, scope: Scope, state: RequestState, resolution: Resolution
    ) -> Pairs | None:
        """Decides which origin may read the response, and answers preflights."""
        edge, headers = self._edge(), scope["headers"]
        origin = cors.one(headers, b"origin")
        if origin is None:
            return None
        is_asked = scope["method"] == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in headers
        )
        tenant = resolution.found or edge.tenancy.known(edge.tenancy.fallback_id)
        may = cors.may_read(origin, tenant, edge.base_domain, state.client)
        if not may and is_asked and resolution.source is Source.FALLBACK:
            # A preflight has neither the header nor the key that will name the shop.
            tenant = await self._shop_of(origin, state.address)
            may = cors.may_read(origin, tenant, edge.base_domain, state.client)
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
        seconds = time.perf_counter() - exchange.began
        tenant = exchange.state.tenant
        route = getattr(scope.get("route"), "path", "")
        self._edge().metrics.observe(
            exchange.method, route, exchange.status, seconds=seconds, tenant=tenant
        )
        log_request(scope, exchange, tenant=tenant, route=route, seconds=seconds)

    async def _resolve(self, scope: Scope, state: RequestState) -> Resolution:
        """Resolves the tenant, and keeps from the routes what only this layer may read."""
        edge, headers = self._edge(), scope["headers"]
        peer = (scope.get("client") or ("",))[0]
        state.client = edge.addresses.client(peer, headers)
        check_size(scope, headers)
        check_path(scope["raw_path"])
        host = edge.hosts.read(only_host([v for n, v in headers if n == b"host"]))
        if state.authority is not None and edge.hosts.read(state.authority) != host:
            raise not_allowed(
                "HOST_DISAGREES", "The host in the request target must match the Host header."
            )
        state.is_platform_host = host.is_platform
        resolution = await resolve(
            edge.tenancy,
            host,
            prefix=_take_prefix(scope),
            header=_only_value(headers, TENANT_HEADER),
            key=_only_value(headers, _KEY),
            address=state.address,
        )
        # A route that determines the tenant otherwise sets it itself.
        state.tenant = resolution.found.id if resolution.found else ""
        scope["headers"] = [pair for pair in headers if not is_internal(pair[0])]
        state.put(resolution)
        return resolution


class Exchange:
    """One request and its response, as the guard tracks them."""

    def __init__(self, send: Send, scope: Scope, state: RequestState, body: RequestBody) -> None:
        self.state = state
        self.body = body
        self.request_id = state.request_id
        self.method = scope["method"]
        self._scope = scope
        self.status = 0
        self.events: list[str] = []
        """Names of the audit events that the services recorded for it."""
        self._send = send
        self.began = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._headers(list(message.get("headers", ())))
        elif self.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    async def answer(self, status: int, headers: Pairs, body: bytes = b"") -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _headers(self, said: Pairs) -> Pairs:
        state = self.state
        headers = cors.protect(self._scope["path"], self.status, said, state.client)
        headers.append((b"x-request-id", self.request_id.encode()))
        if self.events:
            headers.append((b"x-audit-event", recorded_events.written(self.events).encode()))
        if (verdict := state.get(Verdict)) is not None:
            headers += verdict.headers()
        if state.origin is not None:
            headers += cors.allowed(state.origin)
        return headers

    async def fail(self, error: Exception, receive: Receive) -> None:
        """Sends the error response; an error after the response began is only logged."""
        problem = errors.answered(error, self.method)
        if problem.status == 500:
            _log.error("request_failed", request_id=self.request_id, exc_info=error)
        if self.status:
            return
        answer = errors.response(problem, self.request_id)
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
            await pass_over(receive)
            await self.send({"type": "http.response.body", "body": b""})


def _take_prefix(scope: Scope) -> str | None:
    """Strips `/t/{tenant}` from the path, so that routes never see it."""
    prefix = _PREFIX.match(scope["path"])
    if prefix is None:
        return None
    scope["path"] = scope["path"][prefix.end() :] or "/"
    scope["raw_path"] = scope["path"].encode()
    return prefix[1]


def _only_value(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    """Returns the value of a header that names a tenant; None if it is empty or absent."""
    given = {value.decode("latin-1") for name, value in headers if name == wanted} - {""}
    if len(given) > 1:
        raise not_allowed(
            "TENANT_SIGNALS_DISAGREE", f"The header {wanted.decode()} must not have two values."
        )
    return next(iter(given), None)
