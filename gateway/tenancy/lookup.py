"""Looks up tenants in memory, then in Redis, then in tenant-registry.

Cached tenants survive an outage of both: memory is refreshed in the background and kept while
nothing answers.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.cache.single_flight import SingleFlight
from gateway.tenancy.memory import Entry, TenantMemory
from gateway.tenancy.redis_tenants import RedisTenants
from gateway.tenancy.registry_lookups import RegistryLookups
from gateway.tenancy.sign import Sign
from gateway.tenancy.tenant import KnownTenant, known, tenant_not_found, unknown_shop
from services.kernel.call.errors import InvalidArgument, NotFound, ServiceError, Unavailable
from services.kernel.process.tenant_ids import TENANT_ID
from services.values.api_keys import PUBLISHABLE, digest, is_sound

# Up to the first age, a cached tenant is used as is; up to the second, it is used while it is
# refreshed; after that, it is refreshed first, if the registry answers.
SOFT_SECONDS = 5.0
HARD_SECONDS = 30.0
_WAIT_SECONDS = 0.25

_log = structlog.get_logger("gateway")
Fetch = Callable[[], Coroutine[Any, Any, KnownTenant | None]]


class Tenancy:
    def __init__(
        self, questions: RegistryLookups, shared: RedisTenants, *, base_domain: str, fallback: str
    ) -> None:
        self._questions = questions
        self._shared = shared
        self._base_domain = base_domain
        self._fallback = fallback
        self._memory = TenantMemory()
        self._flights: SingleFlight[KnownTenant | None] = SingleFlight()
        self._behind: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Starts listening for changes by other processes."""
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
        """Returns a tenant from this process's memory."""
        entry = self._memory.tenant(tenant_id)
        return entry.tenant if entry else None

    @property
    def fallback_id(self) -> str:
        return self._fallback

    async def shares(self) -> bool:
        """Returns whether Redis answers."""
        return await self._shared.answers()

    async def owner(self, host: str, address: str) -> KnownTenant | None:
        """Finds the open shop at a normalised host; None for a closed shop or an unknown host.

        Both take the same steps, count for the client's address, and are cached for the same few
        seconds in this process only: a scan of random hosts learns nothing and fills no cache.

        Raises:
            Unavailable: neither Redis nor the registry answers.
            Refused: 503, the address asked for too many unknown names.
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
        """Finds the shop of a publishable key in the same way; a malformed key costs nothing.

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
        """Finds the open shop with a tenant's id in the same way.

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
        """Finds the owner of a name that no open shop in memory has; counts only registry calls."""
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
        """Finds a tenant by its id in any state; None if there is none.

        Raises:
            Unavailable: neither Redis nor the registry answers.
        """
        if entry := self._memory.tenant(tenant_id):
            return await self._confirmed(entry)
        if not TENANT_ID.fullmatch(tenant_id) or self._memory.is_unknown("tenant", tenant_id):
            return None
        return await self._flights.join(("tenant", tenant_id), self._fetching(tenant_id))

    async def tenant(self, tenant_id: str) -> KnownTenant:
        """Finds a tenant by its id in any state.

        Raises:
            NotFound: TENANT_NOT_FOUND.
        """
        tenant = await self.find(tenant_id)
        if tenant is None:
            raise tenant_not_found(tenant_id)
        return tenant

    async def fallback(self) -> KnownTenant:
        """Returns the tenant of the platform's own hosts when a request names no other."""
        tenant = await self.find(self._fallback)
        if tenant is None:
            raise unknown_shop()
        return tenant

    async def changed(self, tenant_id: str) -> None:
        """Propagates a change of a tenant or its domains here, to Redis and to all gateways.

        Never raises: the change is done, and a gateway that misses it notices within seconds.
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
        """Handles another process's notice that a tenant changed: older data here is in doubt."""
        self._memory.forget_unknown()
        entry = self._memory.tenant(tenant_id)
        if entry is None or version == 0 or entry.tenant.version < version:
            self._memory.doubt(tenant_id)

    async def _confirmed(self, entry: Entry) -> KnownTenant | None:
        tenant_id = entry.tenant.id
        if self._shared.has_lost_a_key():
            self._memory.forget_all()
            return await self._flights.join(("tenant", tenant_id), self._fetching(tenant_id))
        age = time.monotonic() - entry.confirmed_at
        if age <= SOFT_SECONDS:
            return entry.tenant
        refresh = self._flights.start(("tenant", tenant_id), self._fetching(tenant_id))
        if age <= HARD_SECONDS:
            return entry.tenant
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return await asyncio.shield(refresh)
        except (ServiceError, TimeoutError):
            # Nothing answers: use the cached tenant, and retry in the background.
            self._memory.confirm_at(tenant_id, time.monotonic() - SOFT_SECONDS)
            return entry.tenant

    def _fetching(self, tenant_id: str) -> Fetch:
        return lambda: self._fetch(tenant_id)

    async def _fetch(self, tenant_id: str) -> KnownTenant | None:
        generation, asked_at = self._memory.generation, time.monotonic()
        kept = await self._shared.tenant(tenant_id)
        if kept is not None and kept.is_fresh and not self._memory.is_in_doubt(tenant_id):
            if self._memory.tenant(tenant_id) is None:
                # There is no version here to compare with, so the registry decides.
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
            # Kept there, it would make a closed shop take longer than an unknown one, every time.
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
        if tenant is None or not tenant.is_open:  # a newer version may be closed
            self._memory.put_unknown(*sign.name, generation=generation)
            return None
        self._memory.point(*sign.name, tenant.id)
        self._later(self._shared.point(*sign.name, tenant.id))
        return tenant

    def _learn(self, config: TenantConfig, *, asked_at: float) -> KnownTenant:
        try:
            tenant = known(config)
        except ValueError as error:
            # One broken row must not take down a shop that is cached.
            _log.error("tenant_config_broken", error=str(error))
            raise Unavailable(
                "UNAVAILABLE", "tenant-registry returned an invalid response"
            ) from None
        self._later(self._shared.put(tenant, config.SerializeToString()))
        return self._memory.put(tenant, asked_at=asked_at)

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
