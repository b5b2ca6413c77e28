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
from gateway.identity.access_facts import FRESH_SECONDS, Facts, own_scope
from gateway.medusa.errors import unauthorized
from services.kernel.call.errors import NotFound, Unavailable, from_rpc
from services.kernel.call.scope import bound
from services.values.api_keys import PREFIXES, SECRET, digest, is_sound

_REMEMBERED = 4096
# Limits how much made-up keys can load the registry.
_QUESTIONS = 32
_WAIT_SECONDS = 0.5
_PREFIX = PREFIXES[SECRET]


@dataclass(frozen=True, slots=True)
class Machine:
    """The holder of a key: `actor` is the key's name; `ends` is in Unix seconds, 0 for never."""

    actor: str
    tenant: str
    held: frozenset[str]
    ends: float
    session_id: str = ""  # a machine has no session

    async def access(
        self,
        tenant_id: str | None,
        *,
        fresh: bool,  # it was already read with the freshness that the request needs
        request_id: str,
    ) -> Facts:
        return Facts(self.held if tenant_id == self.tenant else frozenset())


def key_in(header: bytes) -> str | None:
    """Finds a secret key in an Authorization header; None if there is none.

    It is sent as `Bearer souk_live_…` or, as Medusa's clients do, as `Basic` with the key as the
    user name and an empty password.
    """
    scheme, _, credentials = header.partition(b" ")
    given = credentials.strip()
    if scheme.lower() == b"basic":
        try:
            user, colon, password = b64decode(given, validate=True).partition(b":")
        except binascii.Error:
            return None
        given = user if colon and not password else b""
    elif scheme.lower() != b"bearer":
        return None
    return given.decode("latin-1") if given.startswith(_PREFIX.encode()) else None


class ApiKeys:
    """Looks up holders of keys; reads may use a result up to a second old, writes always ask."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: LRUCache[bytes, tuple[float, Machine | None]] = LRUCache(_REMEMBERED)
        self._asking: SingleFlight[Machine | None] = SingleFlight()
        self._questions = asyncio.Semaphore(_QUESTIONS)

    async def holder(self, key: str, *, fresh: bool, request_id: str) -> Machine:
        """Returns the holder of a key.

        Raises:
            Refused: 401, the key is malformed, unknown, revoked or expired.
            Unavailable: the registry does not answer, or too many keys are being looked up.
        """
        if not is_sound(key, SECRET):
            raise unauthorized()
        machine = await self._machine(digest(key), fresh=fresh, request_id=request_id)
        if machine is None or 0 < machine.ends <= time.time():
            raise unauthorized()
        return machine

    async def _machine(self, of: bytes, *, fresh: bool, request_id: str) -> Machine | None:
        if fresh:
            return await self._ask(of, request_id)
        known = self._known.get(of)
        if known is not None and time.monotonic() - known[0] <= FRESH_SECONDS:
            return known[1]
        return await self._asking.join(of, lambda: self._ask(of, request_id))

    async def _ask(self, of: bytes, request_id: str) -> Machine | None:
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._questions.acquire()
        except TimeoutError:
            raise Unavailable(
                "UNAVAILABLE", "too many unknown API keys are being looked up"
            ) from None
        try:
            with bound(own_scope("key:resolve", request_id)):
                found = await self._clients.api_keys.ResolveApiKey(ResolveApiKeyRequest(digest=of))
            machine = _machine(found)
        except grpc.aio.AioRpcError as error:
            refused = from_rpc(error)
            if not isinstance(refused, NotFound):
                raise refused from None
            machine = None
        finally:
            self._questions.release()
        self._known[of] = (asked_at, machine)
        return machine


def _machine(found: ResolvedApiKey) -> Machine:
    ends = found.expire_time.ToNanoseconds() / 1e9 if found.HasField("expire_time") else 0.0
    return Machine(found.name, found.name.split("/")[1], frozenset(found.permissions), ends)
