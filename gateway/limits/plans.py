"""How many requests each plan allows, by kind of request and by holder."""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.cache.redis import key
from gateway.limits.kinds import Kind
from gateway.limits.networks import NETWORK_FACTOR, networks

_CACHE_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Quota:
    """`burst` requests at once, then `per_second`.

    A request uses `interval` seconds, of which `tolerance` may be used ahead of time; a full burst
    is possible again after `window` whole seconds.
    """

    per_second: float
    burst: int
    interval: float = field(init=False)
    tolerance: float = field(init=False)
    window: int = field(init=False)

    def __post_init__(self) -> None:
        # Once, not with each request; the class is frozen.
        object.__setattr__(self, "interval", 1 / self.per_second)
        object.__setattr__(self, "tolerance", self.burst / self.per_second)
        object.__setattr__(self, "window", math.ceil(self.tolerance))


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan allows for one kind of request: per tenant, per address and per caller.

    A storefront's server may send all of its shoppers' requests from one address, so for store
    reads the limit of an address is close to the tenant's.
    """

    tenant: Quota
    address: Quota
    principal: Quota


@dataclass(frozen=True)
class Limit:
    """A quota with its counter's key and its name in the response headers."""

    name: str
    key: str
    quota: Quota

    @functools.cached_property
    def policy(self) -> bytes:
        """What the header RateLimit-Policy says of it."""
        return f'"{self.name}";q={self.quota.burst};w={self.quota.window}'.encode()


# Per address: refusals before the tenant is known, and registry look-ups of names that are not
# cached. The last is for all addresses together in one gateway process.
REFUSED = Quota(50, 500)
LOOKUPS_OF_ADDRESS = Quota(20, 40)
LOOKUPS = Quota(100, 200)

_ANONYMOUS = frozenset({Kind.STORE_READ, Kind.PICTURE})

Plan = Mapping[Kind, Figures]


def _plan(*, store: Quota, admin: Quota, write: Quota) -> Plan:
    """Makes a plan in which one caller or address has half of the tenant's quota.

    Pictures count beside store reads, as many as those: a page shows dozens.
    """
    return {
        kind: Figures(quota, half := Quota(quota.per_second / 2, quota.burst // 2), half)
        for kind, quota in {
            Kind.STORE_READ: store,
            Kind.PICTURE: store,
            Kind.ADMIN_READ: admin,
            Kind.WRITE: write,
        }.items()
    }


_STANDARD = _plan(store=Quota(2000, 10_000), admin=Quota(500, 5000), write=Quota(200, 4000))
PLANS: Mapping[str, Plan | None] = {
    "trial": _plan(store=Quota(20, 100), admin=Quota(10, 60), write=Quota(4, 40)),
    "standard": _STANDARD,
    "large": _plan(
        store=Quota(50_000, 200_000), admin=Quota(10_000, 50_000), write=Quota(5000, 50_000)
    ),
    "unlimited": None,
}


def _figures(plan: str, kind: Kind) -> Figures | None:
    figures = PLANS.get(plan, PLANS["standard"])
    return figures[kind] if figures is not None else None


@functools.lru_cache(maxsize=_CACHE_SIZE)
def request_limits(kind: Kind, tenant: str, plan: str, address: str) -> tuple[Limit, ...]:
    """Returns the limits that apply before the caller is known.

    The tenant of an admin request is only certain later, so it counts for the address only.
    """
    figures = _figures(plan, kind)
    if figures is None:
        return ()
    client = _of_client(figures.address, kind, tenant, address=address)
    if kind not in _ANONYMOUS:
        return client
    return (Limit("tenant", key("limit", kind, "tenant", tenant), figures.tenant), *client)


@functools.lru_cache(maxsize=_CACHE_SIZE)
def scope_limits(kind: Kind, *, tenant: str, plan: str, actor: str) -> tuple[Limit, ...]:
    """Returns the limits of a known caller at the tenant in whose scope the request runs."""
    figures = _figures(plan, kind)
    if figures is None:
        return ()
    return (
        Limit("tenant", key("limit", kind, "tenant", tenant), figures.tenant),
        Limit("principal", key("limit", kind, "principal", tenant, actor), figures.principal),
    )


@functools.lru_cache(maxsize=_CACHE_SIZE)
def account_limits(kind: Kind, *, actor: str) -> tuple[Limit, ...]:
    """Returns the limits of an admin's own account, which belongs to no tenant or plan."""
    figures = _STANDARD[kind]
    return (Limit("principal", key("limit", kind, "account", actor), figures.principal),)


def login_limits(address: str, *, per_minute: int) -> tuple[Limit, ...]:
    """Returns the limits of logins: by address only, across all shops, as admins are shared."""
    quota = Quota(per_minute / 60, per_minute)
    return _of_client(quota, Kind.LOGIN, address=address)


@functools.lru_cache(maxsize=_CACHE_SIZE)
def refusal_limits(address: str) -> tuple[Limit, ...]:
    """Returns the limits of requests of any kind that are refused before the tenant is known."""
    return _of_client(REFUSED, "refusal", address=address)


def lookup_limits(address: str, *, gateway: str) -> tuple[Limit, ...]:
    """Returns the limits of registry look-ups; the address's own protects the shared one."""
    return (
        *_of_client(LOOKUPS_OF_ADDRESS, "question", address=address),
        Limit("gateway", key("limit", "question", "gateway", gateway), LOOKUPS),
    )


def _of_client(quota: Quota, kind: str, *parts: str, address: str) -> tuple[Limit, ...]:
    """Returns the limit of a client's address, and of the wider network around it in IPv6."""
    limits = []
    for name, network in zip(("address", "network"), networks(address), strict=False):
        limits.append(Limit(name, key("limit", kind, "address", *parts, network), quota))
        quota = Quota(quota.per_second * NETWORK_FACTOR, quota.burst * NETWORK_FACTOR)
    return tuple(limits)
