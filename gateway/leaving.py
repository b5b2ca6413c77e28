"""How a gateway goes away without a request lost: first nobody is kept, and only then it stops.

A client that keeps its connection open may send the next request at the very moment when the
server closes it, and cannot tell whether anybody read it. So from the first signal on each answer
says `connection: close`, /readyz says 503, and everybody who asks is still answered, for a moment.
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
    """Stands around the application; `began` is when, on the monotonic clock, it was told to."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.began: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_off(message: Message) -> None:
            # Asked here and not before: what takes long may have begun before the signal.
            if message["type"] == "http.response.start" and self.began is not None:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["state"]["leaving"] = self.began is not None
        await self._app(scope, receive, send_off)


class Server(uvicorn.Server):
    """A server that leaves before it stops; a second signal stops it at once, as uvicorn does."""

    def __init__(self, config: uvicorn.Config, leaving: Leaving) -> None:
        super().__init__(config)
        self._leaving = leaving

    async def on_tick(self, counter: int) -> bool:
        """Is asked ten times a second whether to stop."""
        if not await super().on_tick(counter):
            return False
        if self._leaving.began is None:
            self._leaving.began = time.monotonic()
        left = time.monotonic() >= self._leaving.began + LEAVE_SECONDS
        return self.force_exit or left or not self.server_state.connections
