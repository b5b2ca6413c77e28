"""gRPC over mutual TLS: each process shows its certificate, and asks for the other's."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import grpc

from services.kernel.process.certificates import Certificate
from services.kernel.process.secret_files import Secret

_OLD_CALLS_SECONDS = 10.0
"""How long calls over a connection with the former certificate may take."""
_PEER_NAMES = "x509_subject_alternative_name"


def server_credentials(certificate: Secret[Certificate]) -> grpc.ServerCredentials:
    """Returns what a server asks callers for, and shows them; read again for each connection."""
    used = certificate()

    def replaced() -> grpc.ServerCertificateConfiguration | None:
        nonlocal used
        if (current := certificate()) is used:
            return None
        used = current
        return _configuration(current)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(used),
        replaced,  # type: ignore[arg-type]  # None is no change
        require_client_authentication=True,
    )


def _configuration(certificate: Certificate) -> grpc.ServerCertificateConfiguration:
    pairs = [(certificate.key, certificate.chain)]
    return grpc.ssl_server_certificate_configuration(pairs, certificate.authorities)


def is_peer(context: Any, name: str) -> bool:
    """Returns whether the certificate of the process that calls is that of `name`."""
    names: Mapping[str, list[bytes]] = context.auth_context()
    return name.encode() in names.get(_PEER_NAMES, ())


class RenewedChannel:
    """A channel over mutual TLS to the process `audience`; it follows a replaced certificate."""

    def __init__(
        self,
        target: str,
        *,
        audience: str,
        certificate: Secret[Certificate],
        options: tuple[tuple[str, object], ...],
    ) -> None:
        self._target = target
        # What is checked is the process, whatever address it has.
        self._options = (*options, ("grpc.ssl_target_name_override", audience))
        self._certificate = certificate
        self._used = certificate()
        self._channel = self._open()
        self._closing: set[asyncio.Task[None]] = set()

    def unary_unary(self, name: str, *args: Any, **options: Any) -> Callable[..., Any]:
        """Makes a method, as a channel does."""
        made: tuple[grpc.aio.Channel, Callable[..., Any]] | None = None

        def start(request: object, **call: Any) -> Any:
            nonlocal made
            channel = self._current()
            if made is None or made[0] is not channel:
                made = channel, channel.unary_unary(name, *args, **options)
            return made[1](request, **call)

        return start

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    async def __aenter__(self) -> "RenewedChannel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        await self._channel.close(grace)
        await asyncio.gather(*self._closing)

    def _current(self) -> grpc.aio.Channel:
        if (current := self._certificate()) is not self._used:
            closing = asyncio.create_task(self._channel.close(_OLD_CALLS_SECONDS))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            self._used, self._channel = current, self._open(current)
        return self._channel

    def _open(self, certificate: Certificate | None = None) -> grpc.aio.Channel:
        used = certificate or self._used
        credentials = grpc.ssl_channel_credentials(used.authorities, used.key, used.chain)
        return grpc.aio.secure_channel(self._target, credentials, options=self._options)
