"""The listener for operators: short requests only, and no client can keep others from theirs."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from uvicorn import Config
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from services.kernel.operation.endpoints import App

# From the first byte to the last: what a probe or a scrape takes, and much more.
CONNECTION_SECONDS = 10.0
MOST_CONNECTIONS = 64
MOST_BYTES = 16 * 1024


class _Connection(HttpToolsProtocol):
    """A connection that is bounded in time and size, and gives way to a newer one."""

    _received = 0
    _deadline: asyncio.TimerHandle | None = None

    def __init__(self, config: Config, connections: dict["_Connection", None]) -> None:
        super().__init__(config, ServerState(), {})
        self._open = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self._open) >= MOST_CONNECTIONS:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.transport.abort()
        self._open[self] = None
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(CONNECTION_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > MOST_BYTES:
            self.transport.abort()
            return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._open.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()


def bind(address: str) -> socket.socket:
    """Takes the address of SOUK_INTERNAL_LISTEN.

    Raises:
        SystemExit: it cannot be had, as when another process of this machine has it.
    """
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SystemExit(
            f"souk: cannot listen at SOUK_INTERNAL_LISTEN={address}: {reason}"
        ) from None


@asynccontextmanager
async def serving(bound: socket.socket, app: App) -> AsyncIterator[None]:
    """Answers operators at a bound address while the block lasts."""
    config = Config(
        cast(ASGI3Application, app),
        interface="asgi3",
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
    )
    config.load()
    connections: dict[_Connection, None] = {}

    def connection() -> _Connection:
        return _Connection(config, connections)

    server = await asyncio.get_running_loop().create_server(connection, sock=bound)
    try:
        yield
    finally:
        server.close()
        for one in list(connections):
            one.transport.abort()
