"""`python -m gateway`: serves until SIGTERM, then lets requests in flight finish."""

import uvicorn

from gateway.app import create_app
from gateway.protocol import SoukProtocol
from gateway.settings import GatewaySettings
from services.kernel import telemetry
from services.kernel.settings import load

KEEP_ALIVE_SECONDS = 30
DRAIN_SECONDS = 20


def main() -> None:
    settings = load(GatewaySettings)
    telemetry.configure("gateway", settings.log_level)
    host, _, port = settings.listen.rpartition(":")
    config = uvicorn.Config(
        create_app(settings),
        host=host.strip("[]"),
        port=int(port),
        loop="uvloop",
        http=SoukProtocol,
        ws="none",
        lifespan="on",
        # X-Forwarded-* would otherwise be believed from whoever is on this machine.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
