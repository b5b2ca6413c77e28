"""API keys: reads a secret key from the Authorization header and asks the registry for its holder.

A malformed key costs no call. Every invalid key gets the same 401.
"""

import asyncio
import binascii
import time
from base64 import b64decode
from dataclasses import dataclass

import grpc
from cachetools import LRUCache
from souk.tenant_registry.v1.api_key_service_pb2 import ResolveApiKeyRequest, ResolvedApiKey

from gateway.cache.single_flight import SingleFlight
from gateway.clients import Clients
from gateway.identity.access_facts import FRESH_SECONDS, Facts, gateway_scope
from gateway.medusa.errors import unauthorized
from services.kernel.call.errors import NotFound, Unavailable, from_rpc
from services.kernel.call.scope import bound
from services.values.api_keys import PREFIXES, SECRET, digest, is_sound

_CACHE_SIZE = 4096
# Limits how much made-up keys can load the registry.
_CONCURRENT_LOOKUPS = 32
_WAIT_SECONDS = 0.5
_PREFIX = PREFIXES[SECRET]


@dataclass(frozen=True, slots=True)
class Machine:
    """The holder of a key: `actor` is its name; `expires_at` is in Unix seconds, 0 for never."""

    actor: str
    tenant: str
    permissions: frozenset[str]
    expires_at: float
    session_id: str = ""  # a machine has no session

    async def access(
        self,
        tenant_id: str | None,
        *,
        fresh: bool,  # it was already read with the freshness that the request needs
        request_id: str,
    ) -> Facts:
        return Facts(self.permissions if tenant_id == self.tenant else frozenset())


def secret_key_of(header: bytes) -> str | None:
    """Finds a secret key in an Authorization header; None if there is none.

    It is sent as `Bearer souk_live_…` or, as Medusa's clients do, as `Basic` with the key as the
    user name and an empty password.
    """
    scheme, _, credentials = header.partition(b" ")
    value = credentials.strip()
    if scheme.lower() == b"basic":
        try:
            user, colon, password = b64decode(value, validate=True).partition(b":")
        except binascii.Error:
            return None
        value = user if colon and not password else b""
    elif scheme.lower() != b"bearer":
        return None
    return value.decode("latin-1") if value.startswith(_PREFIX.encode()) else None


class ApiKeys:
    """Looks up holders of keys; reads may use a result up to a second old, writes always ask."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._cached: LRUCache[bytes, tuple[float, Machine | None]] = LRUCache(_CACHE_SIZE)
        self._in_flight: SingleFlight[Machine | None] = SingleFlight()
        self._lookup_slots = asyncio.Semaphore(_CONCURRENT_LOOKUPS)

    async def holder(self, key: str, *, fresh: bool, request_id: str) -> Machine:
        """Returns the holder of a key.

        Raises:
            Refused: 401, the key is malformed, unknown, revoked or expired.
            Unavailable: the registry does not answer, or too many keys are being looked up.
        """
        if not is_sound(key, SECRET):
            raise unauthorized()
        machine = await self._machine(digest(key), fresh=fresh, request_id=request_id)
        if machine is None or 0 < machine.expires_at <= time.time():
            raise unauthorized()
        return machine

    async def _machine(self, key_digest: bytes, *, fresh: bool, request_id: str) -> Machine | None:
        if fresh:
            return await self._look_up(key_digest, request_id)
        cached = self._cached.get(key_digest)
        if cached is not None and time.monotonic() - cached[0] <= FRESH_SECONDS:
            return cached[1]
        return await self._in_flight.join(key_digest, lambda: self._look_up(key_digest, request_id))

    async def _look_up(self, key_digest: bytes, request_id: str) -> Machine | None:
        requested_at = time.monotonic()
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._lookup_slots.acquire()
        except TimeoutError:
            raise Unavailable(
                "UNAVAILABLE", "too many unknown API keys are being looked up"
            ) from None
        try:
            with bound(gateway_scope("key:resolve", request_id)):
                found = await self._clients.api_keys.ResolveApiKey(
                    ResolveApiKeyRequest(digest=key_digest)
                )
            machine = _machine(found)
        except grpc.aio.AioRpcError as error:
            service_error = from_rpc(error)
            if not isinstance(service_error, NotFound):
                raise service_error from None
            machine = None
        finally:
            self._lookup_slots.release()
        self._cached[key_digest] = (requested_at, machine)
        return machine


def _machine(found: ResolvedApiKey) -> Machine:
    expires_at = found.expire_time.ToNanoseconds() / 1e9 if found.HasField("expire_time") else 0.0
    return Machine(found.name, found.name.split("/")[1], frozenset(found.permissions), expires_at)
