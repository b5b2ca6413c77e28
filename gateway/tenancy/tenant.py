"""A tenant as the gateway knows it, and the errors for unknown ones."""

import re
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from souk.tenant_registry.v1.tenant_pb2 import Tenant, TenantConfig

from gateway.medusa.errors import Problem, Refused
from services.kernel.call.errors import NotFound
from services.kernel.process.tenant_ids import PATTERN
from services.values.api_keys import digest

ACTIVE = "active"
_NAME = re.compile(f"tenants/({PATTERN})")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MAX_BYTES = 128 * 1024
# A plan that only a newer registry knows counts as the most common one.
_PLANS = {value: name.removeprefix("PLAN_").lower() for name, value in Tenant.Plan.items()[1:]}


@dataclass(frozen=True, slots=True)
class KnownTenant:
    """A tenant as of `version`; codes are in upper case, as in the contract."""

    id: str
    display_name: str
    country_code: str
    currency_code: str
    default_locale: str
    supported_locales: tuple[str, ...]
    time_zone: str
    capabilities: tuple[str, ...]
    state: str
    hosts: tuple[str, ...]
    key_digests: frozenset[bytes]
    version: int
    plan: str = "standard"
    cors_origins: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether shoppers can see it; other tenants do not exist for them."""
        return self.state == ACTIVE

    def owns(self, host: str, base_domain: str) -> bool:
        return host in self.hosts or host == f"{self.id}.{base_domain}"

    def has_key(self, key: str) -> bool:
        """Returns whether a publishable key is one of its live ones."""
        return digest(key) in self.key_digests


def known_tenant(config: TenantConfig) -> KnownTenant:
    """Converts the registry's response.

    Raises:
        ValueError: it is not a valid tenant.
    """
    tenant = config.tenant
    name = _NAME.fullmatch(tenant.name)
    if not name or not _CURRENCY.fullmatch(tenant.currency_code) or config.version <= 0:
        raise ValueError("not a tenant's configuration")
    return KnownTenant(
        id=name[1],
        display_name=tenant.display_name,
        country_code=tenant.country_code,
        currency_code=tenant.currency_code,
        default_locale=tenant.default_locale,
        supported_locales=tuple(tenant.supported_locales),
        time_zone=tenant.time_zone,
        capabilities=tuple(tenant.capabilities),
        state=Tenant.State.Name(tenant.state).removeprefix("STATE_").lower(),
        hosts=tuple(config.hosts),
        key_digests=frozenset(config.publishable_key_digests),
        version=config.version,
        plan=_PLANS.get(tenant.plan, "standard"),
        cors_origins=tuple(tenant.cors_origins),
    )


def parse_config(data: bytes) -> KnownTenant | None:
    """Parses a stored configuration; None if it is invalid."""
    if len(data) > _MAX_BYTES:
        return None
    try:
        return known_tenant(TenantConfig.FromString(data))
    except (DecodeError, ValueError):
        return None


def unknown_shop() -> Refused:
    """Returns the error for an unknown, closed or not yet open shop, byte for byte the same."""
    return Refused(
        Problem(
            404, "not_found", "SHOP_UNKNOWN", "No such shop. Check the host name or the tenant id."
        )
    )


def tenant_not_found(tenant_id: str) -> NotFound:
    """Returns the error for a tenant that does not exist or that the caller may not know of."""
    return NotFound(
        "TENANT_NOT_FOUND", f"No such tenant: {tenant_id[:63]}", tenant=f"tenants/{tenant_id[:63]}"
    )
