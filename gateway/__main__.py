"""`python -m gateway`: serves until SIGTERM, then lets requests in flight finish and stops."""

import resource
import socket

import uvicorn
import uvloop

from gateway import health
from gateway.app import create_app
from gateway.edge.draining import Server
from gateway.edge.listeners import listeners
from gateway.edge.protocol import SoukProtocol
from gateway.settings import GatewaySettings
from services.kernel.call.scope import log_context
from services.kernel.operation import listener
from services.kernel.process import logs
from services.kernel.process.settings import load

KEEP_ALIVE_SECONDS = 30
DRAIN_SECONDS = 20


def main() -> None:
    settings = load(GatewaySettings)
    logs.configure("gateway", settings.log_level, log_context)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each client uses a file descriptor
    host, _, port = settings.listen.rpartition(":")
    config = uvicorn.Config(
        create_app(settings),
        host=host.strip("[]"),
        port=int(port),
        http=SoukProtocol,
        ws="none",
        lifespan="on",
        # Otherwise uvicorn would trust X-Forwarded-* from any local process.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    uvloop.run(_serve(Server(config), listeners(config), listener.bind(settings.internal_listen)))


async def _serve(server: Server, sockets: list[socket.socket], internal: socket.socket) -> None:
    async with listener.serving(internal, health.create_app(server)):
        await server.serve(sockets)


if __name__ == "__main__":
    main()
