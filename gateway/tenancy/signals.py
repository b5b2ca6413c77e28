"""The signals of one request weighed against each other, and the tenant that they name."""

from dataclasses import dataclass
from enum import Enum

from fastapi import Request

from gateway.errors import Refused, not_allowed
from gateway.tenancy.hosts import Host
from gateway.tenancy.lookup import Tenancy
from gateway.tenancy.tenant import KnownTenant, unknown_shop


class Source(Enum):
    """What named the tenant, the strongest first."""

    HOST = "host"
    PREFIX = "prefix"
    HEADER = "header"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The tenant that a request is for; None when nothing named one on a host of the platform."""

    tenant: KnownTenant | None
    source: Source


def resolution_of(request: Request) -> Resolution:
    """What the guard found for this request."""
    resolution: Resolution = request.state.resolution
    return resolution


async def resolve(
    tenancy: Tenancy, host: Host, *, prefix: str | None, header: str | None
) -> Resolution:
    """Finds the tenant: a tenant's own host never yields, elsewhere prefix and header must agree.

    Raises:
        Refused: 404 for a shop that is not open, or is not; 400 for signals that disagree.
    """
    if not host.is_platform:
        return _on_own_host(await tenancy.owner(host.name), prefix, header)
    if prefix is not None and header is not None and prefix != header:
        raise _disagreement()
    named = header if prefix is None else prefix
    if named is None:
        return Resolution(None, Source.FALLBACK)
    tenant = await tenancy.find(named)
    if tenant is None:
        raise unknown_shop()
    return Resolution(tenant, Source.HEADER if prefix is None else Source.PREFIX)


def _on_own_host(tenant: KnownTenant | None, prefix: str | None, header: str | None) -> Resolution:
    # A closed shop is looked at before the other signals are: its host must tell nothing.
    if tenant is None or not tenant.is_open:
        raise unknown_shop()
    if any(named not in (None, tenant.id) for named in (prefix, header)):
        raise _disagreement()
    return Resolution(tenant, Source.HOST)


def _disagreement() -> Refused:
    return not_allowed(
        "TENANT_SIGNALS_DISAGREE", "Host, path prefix and X-Tenant-ID name different tenants"
    )
