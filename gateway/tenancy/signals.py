"""Resolves the tenant from the host, prefix, header and key of a request."""

from enum import Enum
from typing import NamedTuple

from fastapi import Request

from gateway.medusa.errors import Refused, not_allowed
from gateway.request_state import state_of
from gateway.tenancy.hosts import Host
from gateway.tenancy.lookup import Tenancy
from gateway.tenancy.tenant import KnownTenant, unknown_shop
from services.kernel.process.tenant_ids import TENANT_ID


class Source(Enum):
    """What named the tenant, strongest first."""

    HOST = "host"
    PREFIX = "prefix"
    HEADER = "header"
    KEY = "publishable_key"
    FALLBACK = "fallback"


class Resolution(NamedTuple):
    """What a request names; `named` is empty if a request to a platform host names no tenant.

    `found` is the open shop of that name; None for an unknown and a closed one alike, so that
    strangers cannot tell them apart. Callers with permissions there find the tenant by `named`.
    """

    found: KnownTenant | None
    source: Source
    named: str = ""

    @property
    def tenant(self) -> KnownTenant | None:
        """The shop that the request is for; None if none was named.

        Raises:
            Refused: 404, no open shop has the named id.
        """
        if self.named and self.found is None:
            raise unknown_shop()
        return self.found


def resolution_of(request: Request) -> Resolution:
    """Returns what the guard resolved for this request."""
    resolution = state_of(request).get(Resolution)
    if resolution is None:
        raise RuntimeError("the guard resolves the tenant before any route runs")
    return resolution


async def resolve(
    tenancy: Tenancy,
    host: Host,
    *,
    prefix: str | None,
    header: str | None,
    key: str | None,
    address: str,
) -> Resolution:
    """Resolves the tenant: a tenant's own host always wins; on others, all signals must agree.

    `key` is a publishable key; `address` is the client's.

    Raises:
        Refused: 404 for a host without an open shop, and for a name that cannot be a tenant's; 400
            for signals that disagree, and for a key that no open shop has; 503 if the address asks
            for too many unknown names.
    """
    if not host.is_platform:
        return _on_own_host(await tenancy.owner(host.name, address), prefix, header, key)
    if prefix is not None and header is not None and prefix != header:
        raise _disagreement()
    named = header if prefix is None else prefix
    if named is None:
        return await _by_key(tenancy, key, address)
    if not TENANT_ID.fullmatch(named):
        raise unknown_shop()
    if key is not None and (await _by_key(tenancy, key, address)).named != named:
        raise _disagreement()
    source = Source.HEADER if prefix is None else Source.PREFIX
    return Resolution(await tenancy.shop(named, address), source, named)


async def _by_key(tenancy: Tenancy, key: str | None, address: str) -> Resolution:
    if key is None:
        return Resolution(None, Source.FALLBACK)
    tenant = await tenancy.owner_of_key(key, address)
    if tenant is None:
        raise _no_key()
    return Resolution(tenant, Source.KEY, tenant.id)


def _on_own_host(
    tenant: KnownTenant | None, prefix: str | None, header: str | None, key: str | None
) -> Resolution:
    # Before any other signal: a closed shop's host must reveal nothing.
    if tenant is None:
        raise unknown_shop()
    if prefix not in (None, tenant.id) or header not in (None, tenant.id):
        raise _disagreement()
    if key is not None and not tenant.has_key(key):
        raise _no_key()
    return Resolution(tenant, Source.HOST, tenant.id)


def _disagreement() -> Refused:
    return not_allowed(
        "TENANT_SIGNALS_DISAGREE",
        "The Host, path prefix, X-Tenant-ID and publishable key must all name the same tenant.",
    )


def _no_key() -> Refused:
    """Returns the error for a key that is unknown, revoked, or another or a closed shop's."""
    return not_allowed(
        "PUBLISHABLE_KEY_INVALID",
        "This publishable key is not valid for this shop. Check the key, or omit it.",
    )
