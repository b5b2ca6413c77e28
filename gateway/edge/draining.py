"""Stops a gateway without losing a request: it first sheds its clients, and only then stops.

A client with a keep-alive connection may send a request at the moment when the server closes it,
and cannot know whether it was read. So from the first signal on, each response says
`connection: close`, /readyz returns 503, and for a while every request is still served.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

LEAVE_SECONDS = 2.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Leaving:
    """Wraps the application; `began` is the monotonic time of the stop signal."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.began: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_off(message: Message) -> None:
            # Checked here, not earlier: a slow request may have begun before the signal.
            if message["type"] == "http.response.start" and self.began is not None:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["state"]["leaving"] = self.began is not None
        await self._app(scope, receive, send_off)


class Server(uvicorn.Server):
    """A server that sheds clients before it stops; a second signal stops it at once."""

    def __init__(self, config: uvicorn.Config, leaving: Leaving) -> None:
        super().__init__(config)
        self._leaving = leaving

    async def on_tick(self, counter: int) -> bool:
        """Returns whether to stop; uvicorn calls it ten times a second."""
        if not await super().on_tick(counter):
            return False
        if self._leaving.began is None:
            self._leaving.began = time.monotonic()
        left = time.monotonic() >= self._leaving.began + LEAVE_SECONDS
        return self.force_exit or left or not self.server_state.connections
