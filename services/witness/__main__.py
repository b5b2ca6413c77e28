"""Runs the witness: `python -m services.witness`."""

import socket
from typing import Any

import uvicorn
import uvloop

from services.kernel.call.mutual_https import protocol_for, server_context
from services.kernel.evidence import signed_notes
from services.kernel.operation import endpoints, listener, metrics
from services.kernel.operation.endpoints import Readiness
from services.kernel.process import logs
from services.kernel.process.certificates import Certificate
from services.kernel.process.secret_files import Secret
from services.kernel.process.settings import load
from services.witness.app import create_app
from services.witness.ledger import Ledger
from services.witness.settings import WitnessSettings
from services.witness.witness import Witness


def main() -> None:
    settings = load(WitnessSettings)
    logs.configure("witness", settings.log_level)
    witness = Witness(
        settings.secret_file("witness.key", signed_notes.WitnessKey),
        settings.secret_file("checkpoint.pub", signed_notes.read_keys),
        Ledger(settings.witness_file),
    )
    host, _, port = settings.listen.rpartition(":")
    config = uvicorn.Config(
        create_app(witness),
        host=host.strip("[]"),
        port=int(port),
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        **_only_audit(settings.certificate),
    )
    uvloop.run(_serve(uvicorn.Server(config), listener.bind(settings.internal_listen)))


async def _serve(server: uvicorn.Server, internal: socket.socket) -> None:
    async def readiness() -> Readiness:
        return Readiness(server.started, {"witness": "serving" if server.started else "starting"})

    app = endpoints.create_app(readiness=readiness, metrics=metrics.page)
    async with listener.serving(internal, app):
        await server.serve()


def _only_audit(certificate: Secret[Certificate] | None) -> dict[str, Any]:
    """Returns uvicorn's options for mutual TLS with audit; none without a certificate."""
    if certificate is None:
        return {}
    return {
        "http": protocol_for("audit"),
        "ssl_context_factory": lambda *_: server_context(certificate),
    }


if __name__ == "__main__":
    main()
