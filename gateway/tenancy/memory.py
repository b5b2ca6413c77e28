"""A bounded cache of tenants in this process, with the time when each was last confirmed."""

import time
from dataclasses import dataclass

from cachetools import LRUCache

from gateway.tenancy.tenant import KnownTenant

_TENANTS = 20_000
_OWNERS = 40_000
# Apart from the tenants: a scan of random names pushes out nothing but such names.
_UNKNOWN = 4_096
_DOUBTED = 4_096
UNKNOWN_SECONDS = 5.0
NEVER = float("-inf")


@dataclass(slots=True)
class Entry:
    """A tenant and when it was last confirmed, on the monotonic clock."""

    tenant: KnownTenant
    confirmed_at: float


class TenantMemory:
    def __init__(self) -> None:
        self._tenants: LRUCache[str, Entry] = LRUCache(_TENANTS)
        self._owners: LRUCache[tuple[str, str], str] = LRUCache(_OWNERS)
        self._unknown: LRUCache[tuple[str, str], float] = LRUCache(_UNKNOWN)
        self._doubted: LRUCache[str, float] = LRUCache(_DOUBTED)
        self._all_doubted_at = NEVER
        # Rises whenever a tenant or name may have been created: an answer "unknown" to an earlier
        # look-up must not be cached after that.
        self.generation = 0

    def tenant(self, tenant_id: str) -> Entry | None:
        return self._tenants.get(tenant_id)

    def owner(self, kind: str, name: str) -> Entry | None:
        """Returns the tenant to which a host or key last pointed; it may have changed since."""
        tenant_id = self._owners.get((kind, name))
        return self._tenants.get(tenant_id) if tenant_id is not None else None

    def put_owner(self, kind: str, name: str, tenant_id: str) -> None:
        self._owners[kind, name] = tenant_id

    def put(self, tenant: KnownTenant, *, requested_at: float) -> KnownTenant:
        """Stores a tenant and returns its newest version; an older one is ignored.

        It counts as confirmed at `requested_at`, unless it came into doubt since then.
        """
        cached = self._tenants.get(tenant.id)
        if cached is not None and cached.tenant.version > tenant.version:
            return cached.tenant
        if cached is not None and cached.tenant == tenant:
            tenant = cached.tenant  # the same object: hot reads compare them with each request
        doubted_at = max(self._doubted.get(tenant.id) or NEVER, self._all_doubted_at)
        self._tenants[tenant.id] = Entry(
            tenant, requested_at if requested_at > doubted_at else NEVER
        )
        return tenant

    def is_in_doubt(self, tenant_id: str) -> bool:
        """Returns whether only the registry knows the tenant's current version."""
        entry = self._tenants.get(tenant_id)
        return entry is not None and entry.confirmed_at == NEVER

    def confirm_at(self, tenant_id: str, moment: float) -> None:
        """Sets when a tenant counts as confirmed."""
        if entry := self._tenants.get(tenant_id):
            entry.confirmed_at = moment

    def doubt(self, tenant_id: str) -> None:
        """Makes the next use of a tenant refresh it; responses already on the way do not count."""
        self._doubted[tenant_id] = time.monotonic()
        self.confirm_at(tenant_id, NEVER)

    def doubt_all(self) -> None:
        self._all_doubted_at = time.monotonic()
        for tenant_id in list(self._tenants):
            self.confirm_at(tenant_id, NEVER)
        self.forget_unknown()

    def forget(self, tenant_id: str) -> None:
        self._tenants.pop(tenant_id, None)

    def forget_all(self) -> None:
        self._tenants.clear()
        self._owners.clear()
        self.forget_unknown()

    def is_unknown(self, kind: str, name: str) -> bool:
        expires_at = self._unknown.get((kind, name))
        return expires_at is not None and time.monotonic() < expires_at

    def put_unknown(self, kind: str, name: str, *, generation: int) -> None:
        if generation == self.generation:
            self._unknown[kind, name] = time.monotonic() + UNKNOWN_SECONDS

    def forget_unknown(self) -> None:
        self.generation += 1
        self._unknown.clear()
