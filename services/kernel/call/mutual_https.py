"""HTTP over mutual TLS, for the one process that does not speak gRPC: the witness."""

import asyncio
import ssl

import httpx
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.kernel.process.certificates import Certificate
from services.kernel.process.secret_files import Secret


def server_context(certificate: Secret[Certificate]) -> ssl.SSLContext:
    """Returns what a server of HTTP asks callers for, and shows them; it follows a replaced one."""
    used = certificate()
    first = context = _server_context(used)

    def renew(connection: ssl.SSLObject, *_: object) -> None:
        nonlocal used, context
        if (current := certificate()) is not used:
            used, context = current, _server_context(current)
        # The connection has taken from the first what that had; this one replaces it.
        connection.context = context

    first.sni_callback = renew  # called at each handshake, before a certificate is shown
    return first


def _server_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    _use(context, certificate)
    return context


def protocol_for(process: str) -> type[H11Protocol]:
    """Returns HTTP for a server that only one process may ask; others are hung up on."""

    class OnlyOnePeer(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            peer = transport.get_extra_info("peercert") or {}
            if ("DNS", process) not in peer.get("subjectAltName", ()):
                transport.close()

    return OnlyOnePeer


def http_client(
    audience: str, address: str, *, seconds: float, certificate: Secret[Certificate] | None
) -> httpx.AsyncClient:
    """Returns a client of a process that speaks HTTP; with a certificate, over mutual TLS.

    It ignores the environment's proxy.
    """
    if certificate is None:
        return httpx.AsyncClient(base_url=f"http://{address}", timeout=seconds, trust_env=False)
    used = certificate()
    context = ssl.create_default_context(cadata=used.authorities.decode())
    _use(context, used)

    async def prepare(request: httpx.Request) -> None:
        nonlocal used
        if (current := certificate()) is not used:
            used = current
            _use(context, used)
        # What is checked is the process, whatever address it has.
        request.extensions["sni_hostname"] = audience

    return httpx.AsyncClient(
        base_url=f"https://{address}",
        timeout=seconds,
        trust_env=False,
        verify=context,
        event_hooks={"request": [prepare]},
    )


def _use(context: ssl.SSLContext, certificate: Certificate) -> None:
    context.load_verify_locations(cadata=certificate.authorities.decode())
    context.load_cert_chain(certificate.folder / "tls.crt", certificate.folder / "tls.key")
