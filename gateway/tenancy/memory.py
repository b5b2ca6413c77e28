"""The tenants that this process knows, bounded, each with the time when that was last confirmed."""

import time
from dataclasses import dataclass

from gateway.bounded import Bounded
from gateway.tenancy.tenant import KnownTenant

_TENANTS = 20_000
_HOSTS = 40_000
_UNKNOWN = 4_096
UNKNOWN_SECONDS = 5.0
NEVER = float("-inf")


@dataclass(slots=True)
class Entry:
    """A tenant and when it was last confirmed, on the monotonic clock."""

    tenant: KnownTenant
    confirmed_at: float


class TenantMemory:
    def __init__(self) -> None:
        self._tenants: Bounded[str, Entry] = Bounded(_TENANTS)
        self._owners: Bounded[str, str] = Bounded(_HOSTS)
        self._unknown: Bounded[tuple[str, str], float] = Bounded(_UNKNOWN)
        # Rises whenever something may have come into being: an answer "unknown" that was asked
        # for before that must not be remembered after it.
        self.generation = 0

    def tenant(self, tenant_id: str) -> Entry | None:
        return self._tenants.get(tenant_id)

    def owner(self, host: str) -> Entry | None:
        """The tenant that a host pointed to when last asked; the caller checks that it owns it."""
        tenant_id = self._owners.get(host)
        return self._tenants.get(tenant_id) if tenant_id is not None else None

    def point(self, host: str, tenant_id: str) -> None:
        self._owners.put(host, tenant_id)

    def put(self, tenant: KnownTenant) -> KnownTenant:
        """Holds a tenant, just confirmed, and gives the newest version: an older one is ignored."""
        held = self._tenants.get(tenant.id)
        if held is not None and held.tenant.version > tenant.version:
            return held.tenant
        self._tenants.put(tenant.id, Entry(tenant, time.monotonic()))
        return tenant

    def confirm_at(self, tenant_id: str, moment: float) -> None:
        """Sets when a tenant counts as confirmed; NEVER asks for it again before it is used."""
        if entry := self._tenants.get(tenant_id):
            entry.confirmed_at = moment

    def doubt_all(self) -> None:
        for tenant_id in self._tenants.all_keys():
            self.confirm_at(tenant_id, NEVER)
        self.forget_unknown()

    def forget(self, tenant_id: str) -> None:
        self._tenants.drop(tenant_id)

    def is_unknown(self, kind: str, name: str) -> bool:
        until = self._unknown.get((kind, name))
        return until is not None and time.monotonic() < until

    def put_unknown(self, kind: str, name: str, *, generation: int) -> None:
        if generation == self.generation:
            self._unknown.put((kind, name), time.monotonic() + UNKNOWN_SECONDS)

    def forget_unknown(self) -> None:
        self.generation += 1
        self._unknown.clear()
