"""The figures: how many requests each plan allows, for each kind, to whom."""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.addresses import group
from gateway.limits.kinds import Kind
from gateway.redis import key

_REMEMBERED = 4096


@dataclass(frozen=True)
class Quota:
    """`burst` requests at once, and then `per_second` of them."""

    per_second: float
    burst: int

    @functools.cached_property
    def interval(self) -> float:
        """Seconds that one request uses up."""
        return 1 / self.per_second

    @functools.cached_property
    def tolerance(self) -> float:
        """Seconds that may be used up ahead of time."""
        return self.burst / self.per_second

    @functools.cached_property
    def window(self) -> int:
        """Whole seconds after which a burst is possible again."""
        return math.ceil(self.tolerance)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one plan allows for one kind of request: all of a tenant's, one admin's, one client's.

    A storefront's own server asks for all of its shoppers from one address, so for store reads an
    address may ask nearly as often as the tenant.
    """

    tenant: Quota
    address: Quota
    principal: Quota


@dataclass(frozen=True, slots=True)
class Limit:
    """A quota, whose it is, and the name under which its holder is told of it."""

    name: str
    key: str
    quota: Quota


# By one address: what may be refused before it is known whose it is, and what may be asked of the
# registry for names that no memory knows. The last is for all addresses at one gateway process.
REFUSED = Quota(50, 500)
ASKED_FOR_ADDRESS = Quota(20, 40)
ASKED = Quota(100, 200)

Plan = Mapping[Kind, Figures]


def _plan(*, store: Quota, admin: Quota, write: Quota) -> Plan:
    """Half of what a tenant may do, one admin or one address may."""
    return {
        kind: Figures(quota, half := Quota(quota.per_second / 2, quota.burst // 2), half)
        for kind, quota in {
            Kind.STORE_READ: store,
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


@functools.lru_cache(maxsize=_REMEMBERED)
def of_request(kind: Kind, *, tenant: str, plan: str, address: str) -> tuple[Limit, ...]:
    """What is known before anybody has proved who they are.

    Whose a request to the admin API is turns out later, so there the address alone is counted.
    """
    figures = _figures(plan, kind)
    if figures is None:
        return ()
    client = Limit(
        "address", key("limit", kind, "address", tenant, group(address)), figures.address
    )
    if kind is not Kind.STORE_READ:
        return (client,)
    return (Limit("tenant", key("limit", kind, "tenant", tenant), figures.tenant), client)


@functools.lru_cache(maxsize=_REMEMBERED)
def of_scope(kind: Kind, *, tenant: str, plan: str, actor: str) -> tuple[Limit, ...]:
    """What is counted of somebody known, at the tenant in whose scope they act."""
    figures = _figures(plan, kind)
    if figures is None:
        return ()
    return (
        Limit("tenant", key("limit", kind, "tenant", tenant), figures.tenant),
        Limit("principal", key("limit", kind, "principal", tenant, actor), figures.principal),
    )


@functools.lru_cache(maxsize=_REMEMBERED)
def of_account(kind: Kind, *, actor: str) -> tuple[Limit, ...]:
    """What is counted of somebody at their own account, which is no tenant's and on no plan."""
    figures = _STANDARD[kind]
    return (Limit("principal", key("limit", kind, "account", actor), figures.principal),)


def of_login(address: str, *, per_minute: int) -> tuple[Limit, ...]:
    """Guesses are counted by address alone, in all shops together: admins are the platform's."""
    quota = Quota(per_minute / 60, per_minute)
    return (Limit("address", key("limit", Kind.LOGIN, "address", group(address)), quota),)


@functools.lru_cache(maxsize=_REMEMBERED)
def of_refusal(address: str) -> tuple[Limit, ...]:
    """What is refused before it is known whose it is, of whatever kind, is no tenant's."""
    return (Limit("address", key("limit", "refusal", "address", group(address)), REFUSED),)


def of_question(address: str, *, gateway: str) -> tuple[Limit, ...]:
    """The registry is asked for an address first, so that one cannot use up what is everybody's."""
    return (
        Limit("address", key("limit", "question", "address", group(address)), ASKED_FOR_ADDRESS),
        Limit("gateway", key("limit", "question", "gateway", gateway), ASKED),
    )
