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
from gateway.tenancy.shop_identifier import ShopIdentifier
from gateway.tenancy.tenant import KnownTenant, known_tenant, tenant_not_found, unknown_shop
from services.kernel.call.errors import InvalidArgument, NotFound, ServiceError, Unavailable
from services.kernel.process.tenant_ids import TENANT_ID
from services.values.api_keys import PUBLISHABLE, digest, is_sound

# Up to the first age, a cached tenant is used as is; up to the second, it is used while it is
# refreshed; after that, it is refreshed first, if the registry answers.
SOFT_SECONDS = 5.0
HARD_SECONDS = 30.0
# There is a cached tenant to fall back on, so that no shopper waits for long.
_WAIT_SECONDS = 0.25

_log = structlog.get_logger("gateway")
Fetch = Callable[[], Coroutine[Any, Any, KnownTenant | None]]


class Tenancy:
    def __init__(
        self, registry: RegistryLookups, redis: RedisTenants, *, base_domain: str, fallback: str
    ) -> None:
        self._registry = registry
        self._redis = redis
        self._base_domain = base_domain
        self._fallback = fallback
        self._memory = TenantMemory()
        self._in_flight: SingleFlight[KnownTenant | None] = SingleFlight()
        self._background: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Starts listening for changes by other processes."""
        self._in_background(self._redis.listen(self.on_change_notice, self._memory.doubt_all))

    async def close(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._in_flight.close()
        await self._redis.close()

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

    async def redis_answers(self) -> bool:
        """Returns whether Redis answers."""
        return await self._redis.answers()

    async def owner(self, host: str, address: str) -> KnownTenant | None:
        """Finds the open shop at a normalised host; None for a closed shop or an unknown host.

        Both take the same steps, count for the client's address, and are cached for the same few
        seconds in this process only: a scan of random hosts learns nothing and fills no cache.

        Raises:
            Unavailable: neither Redis nor the registry answers.
            Refused: 503, the address asked for too many unknown names.
        """
        known = await self._open_shop(self._memory.owner("host", host))
        if known is not None and known.owns(host, self._base_domain):
            return known
        identifier = ShopIdentifier(
            ("host", host),
            lambda tenant: tenant.owns(host, self._base_domain),
            lambda: self._registry.shop_at(host),
        )
        return await self._look_up_owner(identifier, address)

    async def owner_of_key(self, key: str, address: str) -> KnownTenant | None:
        """Finds the shop of a publishable key in the same way; a malformed key costs nothing.

        Raises:
            Unavailable, Refused: as above.
        """
        if not is_sound(key, PUBLISHABLE):
            return None
        key_digest = digest(key)
        known = await self._open_shop(self._memory.owner("publishable-key", key_digest.hex()))
        if known is not None and known.has_key(key):
            return known
        identifier = ShopIdentifier(
            ("publishable-key", key_digest.hex()),
            lambda tenant: tenant.has_key(key),
            lambda: self._registry.shop_of_key(key_digest),
        )
        return await self._look_up_owner(identifier, address)

    async def shop(self, tenant_id: str, address: str) -> KnownTenant | None:
        """Finds the open shop with a tenant's id in the same way.

        Raises:
            Unavailable, Refused: as above.
        """
        known = await self._open_shop(self._memory.tenant(tenant_id))
        if known is not None:
            return known
        identifier = ShopIdentifier(
            ("shop", tenant_id),
            lambda tenant: tenant.id == tenant_id,
            lambda: self._registry.shop(tenant_id),
        )
        return await self._look_up_owner(identifier, address)

    async def _open_shop(self, entry: Entry | None) -> KnownTenant | None:
        if entry is None or not entry.tenant.is_open:
            return None
        tenant = await self._refreshed(entry)
        return tenant if tenant is not None and tenant.is_open else None

    async def _look_up_owner(self, identifier: ShopIdentifier, address: str) -> KnownTenant | None:
        """Finds the owner of a name that no open shop in memory has; counts only registry calls."""
        if self._memory.is_unknown(*identifier.key):
            return None
        registry_lookup = ("registry", *identifier.key)
        if registry_lookup not in self._in_flight:
            from_redis = await self._in_flight.join(
                identifier.key, lambda: self._ask_redis(identifier)
            )
            if from_redis is not None:
                return from_redis
            # Whoever joins a call that is under way causes none.
            if registry_lookup not in self._in_flight:
                self._registry.count(address)
        return await self._in_flight.join(registry_lookup, lambda: self._ask_registry(identifier))

    async def find(self, tenant_id: str) -> KnownTenant | None:
        """Finds a tenant by its id in any state; None if there is none.

        Raises:
            Unavailable: neither Redis nor the registry answers.
        """
        if entry := self._memory.tenant(tenant_id):
            return await self._refreshed(entry)
        if not TENANT_ID.fullmatch(tenant_id) or self._memory.is_unknown("tenant", tenant_id):
            return None
        return await self._in_flight.join(("tenant", tenant_id), self._fetching(tenant_id))

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

    async def publish_change(self, tenant_id: str) -> None:
        """Propagates a change of a tenant or its domains here, to Redis and to all gateways.

        Never raises: the change is done, and a gateway that misses it notices within seconds.
        """
        version, requested_at = 0, time.monotonic()
        try:
            config = await self._registry.tenant(tenant_id)
            tenant = self._memory.put(known_tenant(config), requested_at=requested_at)
            version = tenant.version
            await self._redis.put(tenant, config.SerializeToString())
        except (ServiceError, ValueError):
            self._memory.doubt(tenant_id)
        self._memory.forget_unknown()
        await self._redis.publish(tenant_id, version)

    def on_change_notice(self, tenant_id: str, version: int) -> None:
        """Handles another process's notice that a tenant changed: older data here is in doubt."""
        self._memory.forget_unknown()
        entry = self._memory.tenant(tenant_id)
        if entry is None or version == 0 or entry.tenant.version < version:
            self._memory.doubt(tenant_id)

    async def _refreshed(self, entry: Entry) -> KnownTenant | None:
        tenant_id = entry.tenant.id
        if self._redis.has_lost_a_key():
            self._memory.forget_all()
            return await self._in_flight.join(("tenant", tenant_id), self._fetching(tenant_id))
        age = time.monotonic() - entry.confirmed_at
        if age <= SOFT_SECONDS:
            return entry.tenant
        refresh = self._in_flight.start(("tenant", tenant_id), self._fetching(tenant_id))
        if age <= HARD_SECONDS:
            return entry.tenant
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                # Shielded: others may wait for the same answer.
                return await asyncio.shield(refresh)
        except (ServiceError, TimeoutError):
            # Nothing answers: use the cached tenant, and retry in the background.
            self._memory.confirm_at(tenant_id, time.monotonic() - SOFT_SECONDS)
            return entry.tenant

    def _fetching(self, tenant_id: str) -> Fetch:
        return lambda: self._fetch(tenant_id)

    async def _fetch(self, tenant_id: str) -> KnownTenant | None:
        generation, requested_at = self._memory.generation, time.monotonic()
        cached = await self._redis.tenant(tenant_id)
        if cached is not None and cached.is_fresh and not self._memory.is_in_doubt(tenant_id):
            if self._memory.tenant(tenant_id) is None:
                # There is no version here to compare with, so the registry decides.
                self._in_background(self._verify(tenant_id))
            return self._memory.put(cached.tenant, requested_at=requested_at)
        try:
            return self._remember(await self._registry.tenant(tenant_id), requested_at=requested_at)
        except (NotFound, InvalidArgument):
            self._memory.forget(tenant_id)
            self._memory.put_unknown("tenant", tenant_id, generation=generation)
            return None
        except Unavailable:
            # An old answer is better than no shop while the registry is away.
            if cached is None:
                raise
            return self._memory.put(cached.tenant, requested_at=requested_at)

    async def _verify(self, tenant_id: str) -> None:
        requested_at = time.monotonic()
        try:
            self._remember(await self._registry.tenant(tenant_id), requested_at=requested_at)
        except NotFound:
            self._memory.forget(tenant_id)
        except ServiceError:
            self._memory.confirm_at(tenant_id, time.monotonic() - SOFT_SECONDS)

    async def _ask_redis(self, identifier: ShopIdentifier) -> KnownTenant | None:
        hint = await self._redis.owner_hint(*identifier.key)
        if hint is None:
            return None
        tenant = await self.find(hint)
        if tenant is None or not tenant.is_open or not identifier.identifies(tenant):
            # Kept there, it would make a closed shop take longer than an unknown one, every time.
            self._in_background(self._redis.delete_owner_hint(*identifier.key))
            return None
        self._memory.put_owner(*identifier.key, tenant.id)
        return tenant

    async def _ask_registry(self, identifier: ShopIdentifier) -> KnownTenant | None:
        generation, requested_at = self._memory.generation, time.monotonic()
        try:
            tenant = self._remember(await identifier.fetch(), requested_at=requested_at)
        except (NotFound, InvalidArgument):
            tenant = None
        if tenant is None or not tenant.is_open:  # a newer version may be closed
            self._memory.put_unknown(*identifier.key, generation=generation)
            return None
        self._memory.put_owner(*identifier.key, tenant.id)
        self._in_background(self._redis.put_owner_hint(*identifier.key, tenant.id))
        return tenant

    def _remember(self, config: TenantConfig, *, requested_at: float) -> KnownTenant:
        try:
            tenant = known_tenant(config)
        except ValueError as error:
            # One broken row must not take down a shop that is cached.
            _log.error("tenant_config_broken", error=str(error))
            raise Unavailable(
                "UNAVAILABLE", "tenant-registry returned an invalid response"
            ) from None
        self._in_background(self._redis.put(tenant, config.SerializeToString()))
        return self._memory.put(tenant, requested_at=requested_at)

    def _in_background(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
