"""Finding a tenant: in memory, else in Redis, else by asking tenant-registry.

Known tenants outlive both: memory is refreshed behind the requests and kept while nobody answers.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.flights import Flights
from gateway.tenancy.memory import Entry, TenantMemory
from gateway.tenancy.questions import Questions
from gateway.tenancy.shared import SharedTenants
from gateway.tenancy.tenant import TENANT_ID, KnownTenant, known, tenant_not_found, unknown_shop
from services.kernel.apikeys import PUBLISHABLE, digest, is_sound
from services.kernel.errors import InvalidArgument, NotFound, ServiceError, Unavailable

# Up to the first age a known tenant is used as it is, up to the second it is used while it is
# asked for again, and after that it is asked for first, if somebody answers.
SOFT_SECONDS = 5.0
HARD_SECONDS = 30.0
_WAIT_SECONDS = 0.25

_log = structlog.get_logger("gateway")
Fetch = Callable[[], Coroutine[Any, Any, KnownTenant | None]]


@dataclass(frozen=True, slots=True)
class Sign:
    """What names a shop: a host, a publishable key or an id, and how to find out whose it is.

    `name` is its kind and its spelling; `is_of` tells whether a tenant that is known has it.
    """

    name: tuple[str, str]
    is_of: Callable[[KnownTenant], bool]
    ask: Callable[[], Coroutine[Any, Any, TenantConfig]]


class Tenancy:
    def __init__(
        self, questions: Questions, shared: SharedTenants, *, base_domain: str, fallback: str
    ) -> None:
        self._questions = questions
        self._shared = shared
        self._base_domain = base_domain
        self._fallback = fallback
        self._memory = TenantMemory()
        self._flights: Flights[KnownTenant | None] = Flights()
        self._behind: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Begins to hear of changes that other processes made."""
        self._later(self._shared.listen(self.heard, self._memory.doubt_all))

    async def close(self) -> None:
        for task in self._behind:
            task.cancel()
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self._flights.close()
        await self._shared.close()

    @property
    def knows_fallback(self) -> bool:
        return self._memory.tenant(self._fallback) is not None

    def known(self, tenant_id: str) -> KnownTenant | None:
        """What this process knows of a tenant without asking anybody."""
        entry = self._memory.tenant(tenant_id)
        return entry.tenant if entry else None

    @property
    def fallback_id(self) -> str:
        return self._fallback

    async def shares(self) -> bool:
        """Tells whether Redis answers."""
        return await self._shared.answers()

    async def owner(self, host: str, address: str) -> KnownTenant | None:
        """Finds the open shop at a normalised host; None at a closed shop's as at nobody's.

        Both are looked up in the same steps, for the address that asks, and remembered for the same
        few seconds in this process alone: a scan of random hosts is told nothing and grows nothing.

        Raises:
            Unavailable: nobody who could know answers.
            Refused: 503, the address asked for too many names that are not known here.
        """
        return await self._owner(
            Sign(
                ("host", host),
                lambda tenant: tenant.owns(host, self._base_domain),
                lambda: self._questions.shop_at(host),
            ),
            address,
        )

    async def owner_of_key(self, key: str, address: str) -> KnownTenant | None:
        """Finds the shop of a publishable key, in the same way; one misspelled costs nothing.

        Raises:
            Unavailable, Refused: as above.
        """
        if not is_sound(key, PUBLISHABLE):
            return None
        return await self._owner(
            Sign(
                ("publishable-key", digest(key).hex()),
                lambda tenant: tenant.has_key(key),
                lambda: self._questions.shop_of_key(digest(key)),
            ),
            address,
        )

    async def shop(self, tenant_id: str, address: str) -> KnownTenant | None:
        """Finds the shop that a tenant's id names, in the same way.

        Raises:
            Unavailable, Refused: as above.
        """
        entry = self._memory.tenant(tenant_id)
        if entry is not None and entry.tenant.is_open:
            tenant = await self._confirmed(entry)
            if tenant is not None and tenant.is_open:
                return tenant
        sign = Sign(
            ("shop", tenant_id),
            lambda tenant: tenant.id == tenant_id,
            lambda: self._questions.shop(tenant_id),
        )
        return await self._newcomer(sign, address)

    async def _owner(self, sign: Sign, address: str) -> KnownTenant | None:
        entry = self._memory.owner(*sign.name)
        if entry is not None and entry.tenant.is_open:
            tenant = await self._confirmed(entry)
            if tenant is not None and tenant.is_open and sign.is_of(tenant):
                return tenant
        return await self._newcomer(sign, address)

    async def _newcomer(self, sign: Sign, address: str) -> KnownTenant | None:
        """Finds whose a name is that no open shop in memory has; only a question is counted."""
        if self._memory.is_unknown(*sign.name):
            return None
        question = ("question", *sign.name)
        if question not in self._flights:
            hinted = await self._flights.join(sign.name, lambda: self._by_hint(sign))
            if hinted is not None:
                return hinted
            if question not in self._flights:
                self._questions.count(address)
        return await self._flights.join(question, lambda: self._by_question(sign))

    async def find(self, tenant_id: str) -> KnownTenant | None:
        """Finds a tenant by its id, whatever its state; None when there is none.

        Raises:
            Unavailable: nobody who could know answers.
        """
        if entry := self._memory.tenant(tenant_id):
            return await self._confirmed(entry)
        if not TENANT_ID.fullmatch(tenant_id) or self._memory.is_unknown("tenant", tenant_id):
            return None
        return await self._flights.join(("tenant", tenant_id), self._fetching(tenant_id))

    async def tenant(self, tenant_id: str) -> KnownTenant:
        """The same, for a caller that needs one.

        Raises:
            NotFound: TENANT_NOT_FOUND.
        """
        tenant = await self.find(tenant_id)
        if tenant is None:
            raise tenant_not_found(tenant_id)
        return tenant

    async def fallback(self) -> KnownTenant:
        """The tenant that the platform's own hosts show when nothing names another."""
        tenant = await self.find(self._fallback)
        if tenant is None:
            raise unknown_shop()
        return tenant

    async def changed(self, tenant_id: str) -> None:
        """Makes a write of a tenant or of its domains known here, in Redis and to all gateways.

        Never raises: the write is done, and what cannot be told now is found within seconds.
        """
        version, asked_at = 0, time.monotonic()
        try:
            config = await self._questions.tenant(tenant_id)
            tenant = self._memory.put(known(config), asked_at=asked_at)
            version = tenant.version
            await self._shared.put(tenant, config.SerializeToString())
        except (ServiceError, ValueError):
            self._memory.doubt(tenant_id)
        self._memory.forget_unknown()
        await self._shared.publish(tenant_id, version)

    def heard(self, tenant_id: str, version: int) -> None:
        """Takes another process's word that a tenant changed: what is older here is in doubt."""
        self._memory.forget_unknown()
        entry = self._memory.tenant(tenant_id)
        if entry is None or version == 0 or entry.tenant.version < version:
            self._memory.doubt(tenant_id)

    async def _confirmed(self, entry: Entry) -> KnownTenant | None:
        age = time.monotonic() - entry.confirmed_at
        if age <= SOFT_SECONDS:
            return entry.tenant
        tenant_id = entry.tenant.id
        refresh = self._flights.start(("tenant", tenant_id), self._fetching(tenant_id))
        if age <= HARD_SECONDS:
            return entry.tenant
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return await asyncio.shield(refresh)
        except (ServiceError, TimeoutError):
            # Nobody answers: go on with what is known, and ask again behind the requests.
            self._memory.confirm_at(tenant_id, time.monotonic() - SOFT_SECONDS)
            return entry.tenant

    def _fetching(self, tenant_id: str) -> Fetch:
        return lambda: self._fetch(tenant_id)

    async def _fetch(self, tenant_id: str) -> KnownTenant | None:
        generation, asked_at = self._memory.generation, time.monotonic()
        kept = await self._shared.tenant(tenant_id)
        if kept is not None and kept.is_fresh and not self._memory.is_in_doubt(tenant_id):
            if self._memory.tenant(tenant_id) is None:
                # Nothing here to hold its version against, so the registry has the last word.
                self._later(self._verify(tenant_id))
            return self._memory.put(kept.tenant, asked_at=asked_at)
        try:
            return self._learn(await self._questions.tenant(tenant_id), asked_at=asked_at)
        except (NotFound, InvalidArgument):
            self._memory.forget(tenant_id)
            self._memory.put_unknown("tenant", tenant_id, generation=generation)
            return None
        except Unavailable:
            if kept is None:
                raise
            return self._memory.put(kept.tenant, asked_at=asked_at)

    async def _verify(self, tenant_id: str) -> None:
        asked_at = time.monotonic()
        try:
            self._learn(await self._questions.tenant(tenant_id), asked_at=asked_at)
        except NotFound:
            self._memory.forget(tenant_id)
        except ServiceError:
            self._memory.confirm_at(tenant_id, time.monotonic() - SOFT_SECONDS)

    async def _by_hint(self, sign: Sign) -> KnownTenant | None:
        hint = await self._shared.owner_hint(*sign.name)
        if hint is None:
            return None
        tenant = await self.find(hint)
        if tenant is None or not tenant.is_open or not sign.is_of(tenant):
            # Left there, it would make a closed shop take longer than nobody's, time after time.
            self._later(self._shared.unpoint(*sign.name))
            return None
        self._memory.point(*sign.name, tenant.id)
        return tenant

    async def _by_question(self, sign: Sign) -> KnownTenant | None:
        generation, asked_at = self._memory.generation, time.monotonic()
        try:
            tenant = self._learn(await sign.ask(), asked_at=asked_at)
        except (NotFound, InvalidArgument):
            tenant = None
        if tenant is None or not tenant.is_open:  # a newer version may be known to be closed
            self._memory.put_unknown(*sign.name, generation=generation)
            return None
        self._memory.point(*sign.name, tenant.id)
        self._later(self._shared.point(*sign.name, tenant.id))
        return tenant

    def _learn(self, config: TenantConfig, *, asked_at: float) -> KnownTenant:
        try:
            tenant = known(config)
        except ValueError as error:
            # One broken row must not take down a shop that was known before it broke.
            _log.error("tenant_config_broken", error=str(error))
            raise Unavailable("UNAVAILABLE", "tenant-registry answers nonsense") from None
        self._later(self._shared.put(tenant, config.SerializeToString()))
        return self._memory.put(tenant, asked_at=asked_at)

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
