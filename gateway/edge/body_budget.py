"""Reads request bodies, and bounds the memory that they take up together.

A body is counted from its first byte until the response is complete: until then it is in memory,
raw or parsed.
"""

import asyncio
import contextlib

from gateway.asgi import Message, Receive
from gateway.edge.client_address import Addresses, Headers
from gateway.edge.sizes import MAX_BODY_BYTES, too_large
from gateway.limits.networks import NETWORK_FACTOR, networks
from gateway.medusa.errors import GATEWAY_BUSY, Problem, Refused

PROCESS_BYTES = 64 * 1024 * 1024
# Uploads are large and slow to arrive; what they leave is for all other bodies.
UPLOADS_PART = 1 / 2
ADDRESS_BYTES = 16 * 1024 * 1024
LINGER_SECONDS = 2.0


class BodyBudget:
    def __init__(
        self,
        addresses: Addresses,
        *,
        process_bytes: int = PROCESS_BYTES,
        address_bytes: int = ADDRESS_BYTES,
    ) -> None:
        self._addresses = addresses
        self._process_bytes = process_bytes
        self._address_bytes = address_bytes
        self._used = 0
        self._used_by_uploads = 0
        self._used_by: dict[str, int] = {}

    def body_of(self, peer: tuple[str, int] | None, headers: Headers) -> "RequestBody":
        """Returns the account of a request whose head has arrived."""
        return RequestBody(self, peer[0] if peer else "", headers)

    @property
    def held_bytes(self) -> int:
        return self._used

    def networks_of(self, peer: str, headers: Headers) -> tuple[str, ...]:
        return networks(self._addresses.client(peer, headers).address)

    def take(self, client: tuple[str, ...], size: int, *, is_upload: bool) -> bool:
        """Counts bytes for a client's networks, or counts nothing and returns False."""
        if self._used + size > self._process_bytes:
            return False
        if is_upload and not self._fits_among_uploads(size):
            return False
        limit = self._address_bytes
        for network in client:
            if self._used_by.get(network, 0) + size > limit:
                return False
            limit *= NETWORK_FACTOR
        self._change(client, size, is_upload=is_upload)
        return True

    def take_for_upload(self, size: int) -> bool:
        """Counts bytes that a request had before it turned out to be an upload; as above."""
        if not self._fits_among_uploads(size):
            return False
        self._used_by_uploads += size
        return True

    def give_back(self, client: tuple[str, ...], size: int, *, is_upload: bool) -> None:
        self._change(client, -size, is_upload=is_upload)

    def _fits_among_uploads(self, size: int) -> bool:
        return self._used_by_uploads + size <= self._process_bytes * UPLOADS_PART

    def _change(self, client: tuple[str, ...], size: int, *, is_upload: bool) -> None:
        self._used += size
        if is_upload:
            self._used_by_uploads += size
        for network in client:
            used = self._used_by.get(network, 0) + size
            if used:
                self._used_by[network] = used
            else:
                del self._used_by[network]


class RequestBody:
    """The bytes of one request's body in memory; `refusal` is set once there is no room for it."""

    __slots__ = (
        "_budget", "_client", "_headers", "_is_upload", "_most_bytes", "_peer", "_size", "refusal",
    )  # fmt: skip

    def __init__(self, budget: BodyBudget, peer: str, headers: Headers) -> None:
        self._budget = budget
        self._peer = peer
        self._headers = headers
        self._client: tuple[str, ...] = ()
        self._size = 0
        self._is_upload = False
        self._most_bytes = MAX_BODY_BYTES
        self.refusal: Problem | None = None

    def allow_upload(self, most_bytes: int) -> None:
        """Lets a known caller's request have more bytes, and counts them among the uploads'."""
        self._most_bytes = most_bytes
        if self._budget.take_for_upload(self._size):
            self._is_upload = True
        else:
            self._refuse(GATEWAY_BUSY)

    def take(self, size: int) -> bool:
        """Counts received bytes; returns False if they and all that follow must not be kept."""
        if self.refusal is not None:
            return False
        if not self._size:
            # Not before the first byte: most requests have no body.
            self._client = self._budget.networks_of(self._peer, self._headers)
        if self._size + size > self._most_bytes:
            self._refuse(too_large(self._most_bytes))
        elif not self._budget.take(self._client, size, is_upload=self._is_upload):
            self._refuse(GATEWAY_BUSY)
        else:
            self._size += size
        return self.refusal is None

    def release(self) -> None:
        if self._size:
            self._budget.give_back(self._client, self._size, is_upload=self._is_upload)
            self._size = 0

    def _refuse(self, problem: Problem) -> None:
        self.refusal = problem
        self.release()  # nothing of it is kept


async def buffered_body(body: RequestBody, receive: Receive) -> Receive:
    """Waits for the whole body, so that a slow sender does not block others.

    Raises:
        Refused: 413, or 503 if too many bodies are on their way.
    """
    message, pieces = await _receive_within_budget(body, receive), bytearray()
    while message.get("more_body"):
        # One buffer: a list of pieces would take up far more memory than tiny pieces have bytes.
        pieces += message["body"]
        message = await _receive_within_budget(body, receive)
    if pieces and message["type"] == "http.request":
        message = {**message, "body": bytes(pieces + message["body"])}
    arrived = [message]

    async def read() -> Message:
        return arrived.pop() if arrived else await receive()

    return read


async def _receive_within_budget(body: RequestBody, receive: Receive) -> Message:
    message = await receive()
    if body.refusal is not None:
        raise Refused(body.refusal)
    return message


async def discard_rest(receive: Receive) -> None:
    """Keeps reading for a moment before the connection is closed.

    Closing it while the client still sends would reset it, and the response would be lost.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
