"""Hardens uvicorn's HTTP/1.1 on httptools.

On their own, they accept unlimited headers, bodies, pipelines and connections, take fields after a
body for headers, wait for a head forever, drop the authority of an absolute-form target, and answer
malformed requests in plain text.
"""

import asyncio
import resource
import sys
import uuid
from collections import deque
from itertools import chain
from typing import Any, cast

import httptools
from uvicorn import Config
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from gateway.asgi import App, Receive, Scope, Send
from gateway.edge import cors
from gateway.edge.body_budget import BodyBudget, RequestBody
from gateway.edge.cors import Pairs
from gateway.edge.sizes import MAX_HEADER_BYTES, MAX_HEADERS, MAX_TARGET_BYTES
from gateway.medusa.errors import GATEWAY_BUSY, Problem, problem_of_status
from gateway.request_state import NOBODY

# The guard refuses at its own limits with a proper error; past twice those, nothing is buffered.
_SLACK = 2
HEAD_SECONDS = 15.0
# Each pipelined request takes up memory a hundred times its size while it waits for its turn.
MOST_PIPELINED = 16
# A client that connected just before a stop has its first request on the way.
NEWCOMER_SECONDS = 1.0
# File descriptors reserved for other uses than clients: listeners, Redis, services, replaced
# secrets, and clients that are taken in before the first of them is told that there is no room.
SPARE_FILES = 128


class RequestRefused(Exception):
    """The head of a request is too large, or too many requests came at once."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class SoukProtocol(HttpToolsProtocol):
    _refused_status = 0
    _served: RequestResponseCycle
    _task: asyncio.Task[None]
    _serving: asyncio.Task[None] | None = None  # the task, once it has begun
    _awaits_head = True
    _awaits_body = False
    _head_timer: asyncio.TimerHandle | None = None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._budget: BodyBudget = app_state["body_budget"]
        # The bodies of the requests whose responses are not complete, oldest first.
        self._unanswered: deque[RequestBody] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES:
            self._send(GATEWAY_BUSY)
            return
        self._wait_for_head(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Fields of a head, or after a body, of which more are to come.
        if self.headers and _are_too_large(self.headers):
            self._refused_status = 431
            self.send_400_response("")
            return
        # Empty lines between requests reset uvicorn's keep-alive timer, but begin no head.
        if self._awaits_head or self.cycle is None or self.cycle.response_complete:
            self._wait_for_head(HEAD_SECONDS)

    def _wait_for_head(self, seconds: float) -> None:
        if self._head_timer is None:
            self._head_timer = asyncio.get_running_loop().call_later(seconds, self._time_out)

    def _stop_waiting(self) -> None:
        self._awaits_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _time_out(self) -> None:
        self._send(problem_of_status(408))

    def shutdown(self) -> None:
        """Closes idle connections when the gateway stops; a new connection is served first."""
        if self.cycle is not None:
            super().shutdown()
            return
        self._stop_waiting()
        self._wait_for_head(NEWCOMER_SECONDS)

    def on_message_begin(self) -> None:
        if len(self._unanswered) > MOST_PIPELINED:
            self._refuse(400)
        self._awaits_head = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if len(self.url) + len(url) > _SLACK * MAX_TARGET_BYTES:
            self._refuse(414)
        super().on_url(url)

    def on_headers_complete(self) -> None:
        if len(self.headers) > _SLACK * MAX_HEADERS:
            self._refuse(431)
        self._stop_waiting()
        if self.url[:1] not in (b"/", b"*"):
            self.scope["state"]["authority"] = _authority(self.url)
        body = self.scope["state"]["body"] = self._budget.body_of(self.client, self.headers)
        super().on_headers_complete()
        # Whoever reads headers has done so by the time that fields follow the body: neither a proxy
        # in front nor the guard could hold them to the same rules.
        self.headers = []
        self._awaits_body = True
        self._unanswered.append(body)

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            return
        if self._unanswered[-1].take(len(body)):
            super().on_body(body)
        else:
            self.cycle.body = bytearray()
            self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        self.headers = []
        self._awaits_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._unanswered:
            self._unanswered.popleft().release()
        if not self._unanswered:
            self.cycle.body = bytearray()  # uvicorn keeps the cycle until the next request
            if self._awaits_body:
                self._wait_for_head(HEAD_SECONDS)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancels the calls of a client that has disconnected, so that they roll back."""
        super().connection_lost(exc)
        self._stop_waiting()
        while self._unanswered:
            self._unanswered.pop().release()
        if self._serving is not None:
            self._serving.cancel()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Does what uvicorn does, and keeps the task, so that it can be cancelled."""
        self._served = cycle
        self._task = self.loop.create_task(cycle.run_asgi(cast(ASGI3Application, self._serve)))
        self._task.add_done_callback(self.tasks.discard)
        self.tasks.add(self._task)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, until it is answered or its client has disconnected."""
        self._serving = self._task
        try:
            await cast(App, self.app)(scope, receive, send)
        except asyncio.CancelledError:
            if not self.transport.is_closing():
                raise
            self._served.disconnected = True
        finally:
            self._serving = None

    def send_400_response(self, msg: str) -> None:
        self._send(problem_of_status(self._refused_status or 400, self._complaint()))

    @staticmethod
    def _complaint() -> str:
        """Explains what uvicorn caught; empty if only the general text fits."""
        if isinstance(sys.exception(), httptools.HttpParserInvalidURLError):
            return "The path and query must be percent-encoded: é is written %C3%A9."
        return ""

    def _unsupported_upgrade_warning(self) -> None:
        """Ignores an Upgrade header: the request is served as HTTP/1.1, without a warning."""

    def _refuse(self, status: int) -> None:
        self._refused_status = status
        self.headers.clear()  # the scope has them, too
        raise RequestRefused(status)

    def _send(self, problem: Problem) -> None:
        """Answers the request that is arriving, and closes the connection.

        Where that would be taken for the response to another request, it is only closed: at once,
        or after the responses that are still to come.
        """
        if self._unanswered and (len(self._unanswered) > 1 or not self._is_unanswered_so_far()):
            self.cycle.keep_alive = False
            return
        if self._awaits_body and not self._unanswered:
            self.transport.close()
            return
        request_id = uuid.uuid4().hex
        body = problem.body(request_id)
        problem_headers = [
            (name.encode(), value.encode()) for name, value in problem.headers.items()
        ]
        headers = cors.protect("", problem.status, problem_headers, NOBODY)
        self.transport.write(
            STATUS_LINE[problem.status]
            + b"".join(b"%b: %b\r\n" % pair for pair in headers)
            + b"content-type: application/json\r\nconnection: close\r\n"
            + b"x-request-id: %b\r\ncontent-length: %d\r\n\r\n" % (request_id.encode(), len(body))
            + body
        )
        self.transport.close()

    def _is_unanswered_so_far(self) -> bool:
        return self._awaits_body and not self.cycle.response_started


def _are_too_large(headers: Pairs) -> bool:
    size = sum(map(len, chain.from_iterable(headers)))
    return len(headers) > _SLACK * MAX_HEADERS or size > _SLACK * MAX_HEADER_BYTES


def _authority(url: bytes) -> bytes:
    """Returns the authority of an absolute-form target, which must have a host."""
    parsed = httptools.parse_url(url)
    if not parsed.host:
        raise httptools.HttpParserInvalidURLError("no host")
    if parsed.userinfo:
        raise httptools.HttpParserInvalidURLError("credentials in the target")
    host = b"[%b]" % parsed.host if b":" in parsed.host else bytes(parsed.host)
    return host + (b":%d" % parsed.port if parsed.port else b"")
