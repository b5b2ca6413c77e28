"""Stops a gateway without losing a request: it first sheds its clients, and only then stops.

A client with a keep-alive connection may send a request at the moment when the server closes it,
and cannot know whether it was read. So from the first signal on, each response says
`connection: close`, /readyz returns 503, and for a while every request is still served.
"""

import time

import uvicorn

from gateway.edge.asgi import App, Message, Receive, Scope, Send

SHED_SECONDS = 2.0


class Draining:
    """Wraps the application; `began` is the monotonic time of the stop signal."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.began: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_closing(message: Message) -> None:
            # Checked here, not earlier: a slow request may have begun before the signal.
            if message["type"] == "http.response.start" and self.began is not None:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["state"]["draining"] = self.began is not None
        await self._app(scope, receive, send_closing)


class Server(uvicorn.Server):
    """A server that sheds clients before it stops; a second signal stops it at once."""

    def __init__(self, config: uvicorn.Config, draining: Draining) -> None:
        super().__init__(config)
        self._draining = draining

    async def on_tick(self, counter: int) -> bool:
        """Returns whether to stop; uvicorn calls it ten times a second."""
        if not await super().on_tick(counter):
            return False
        if self._draining.began is None:
            self._draining.began = time.monotonic()
        is_over = time.monotonic() >= self._draining.began + SHED_SECONDS
        return self.force_exit or is_over or not self.server_state.connections
