"""Where a request meets its limits: at the door, and again once it is known who asks."""

import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from gateway.errors import Problem, Refused
from gateway.limits.kinds import Kind, kind_of
from gateway.limits.limiter import Verdict
from gateway.limits.plans import (
    Limit,
    of_account,
    of_login,
    of_refusal,
    of_request,
    of_scope,
)
from gateway.tenancy import KnownTenant, Resolution, Tenancy

if TYPE_CHECKING:
    from gateway.runtime import Runtime

State = MutableMapping[str, Any]
_IN_PATH = re.compile(r"/admin/tenants/([a-z0-9-]{1,63})(?=/|$)")


async def count_at_the_door(
    runtime: "Runtime", method: str, path: str, state: State
) -> tuple[str, Kind] | None:
    """Counts a request before anybody has proved who they are.

    Gives in whose share of the slots it is served; None for what an operator asks.

    Raises:
        Refused: 429 RATE_LIMITED.
    """
    kind = kind_of(method, path)
    if kind is None:
        return None
    named = _named(runtime.tenancy, path, state["resolution"])
    tenant, plan = _counted(runtime.tenancy, named)
    if kind is Kind.LOGIN:
        limits = of_login(state["address"], per_minute=runtime.settings.logins_per_minute)
    else:
        limits = of_request(kind, tenant=tenant, plan=plan, address=state["address"])
    await _meet(runtime, kind, limits, state, exactly=kind is Kind.LOGIN)
    return (named.id if named else tenant), kind


async def count_refused(runtime: "Runtime", state: State) -> None:
    """Counts a request that was refused before it was known whose it is, by its address alone.

    Raises:
        Refused: 429 RATE_LIMITED.
    """
    limits = of_refusal(state["address"])
    await _meet(runtime, Kind.STORE_READ, limits, state, exactly=False)


async def count_actor(
    runtime: "Runtime",
    method: str,
    path: str,
    state: State,
    *,
    tenant: KnownTenant | None,
    actor: str,
) -> None:
    """Counts a request of somebody known, at the tenant in whose scope they act.

    None is their own account.

    Raises:
        Refused: 429 RATE_LIMITED.
    """
    kind = kind_of(method, path)
    if kind in (None, Kind.LOGIN):
        return
    if tenant is None:
        limits = of_account(kind, actor=actor)
    else:
        limits = of_scope(kind, tenant=tenant.id, plan=tenant.plan, actor=actor)
    await _meet(runtime, kind, limits, state, exactly=kind is Kind.WRITE)


def _named(tenancy: Tenancy, path: str, resolution: Resolution) -> KnownTenant | None:
    """Tells which tenant a request is for, or acts on by its path; asks nobody."""
    if resolution.found is None and (named := _IN_PATH.match(path)):
        return tenancy.known(named[1])
    return resolution.found


def _counted(tenancy: Tenancy, named: KnownTenant | None) -> tuple[str, str]:
    """Tells whose limits a request meets at the door, and that tenant's plan.

    What names no tenant that is known counts as the head office's: no stranger makes up a key. So
    does what names a closed one, whose own figures would tell that it is there.
    """
    found = named if named is not None and named.is_open else tenancy.known(tenancy.fallback_id)
    return (found.id, found.plan) if found else (tenancy.fallback_id, "standard")


async def _meet(
    runtime: "Runtime", kind: Kind, limits: tuple[Limit, ...], state: State, *, exactly: bool
) -> None:
    if not limits:
        return
    limiter = runtime.limiter
    verdict = await limiter.ask(limits) if exactly else limiter.count(limits)
    before: Verdict | None = state.get("verdict")
    if before is None or verdict.is_refused or verdict.remaining <= before.remaining:
        state["verdict"] = verdict
    if verdict.is_refused:
        runtime.metrics.limited(kind, verdict.tightest.name)
        raise Refused(_refusal(verdict))


def _refusal(verdict: Verdict) -> Problem:
    seconds = verdict.reset_seconds
    return Problem(
        429,
        "too_many_requests",
        "RATE_LIMITED",
        f"Too many requests. Try again in {seconds} s.",
        {"limit": verdict.tightest.name, "retry_after": seconds},
        {"retry-after": str(seconds)},
    )
