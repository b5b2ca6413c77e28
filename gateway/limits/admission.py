"""Applies rate limits to a request: on arrival, and again when the caller is known."""

import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

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
from gateway.medusa.errors import Problem, Refused
from gateway.tenancy import KnownTenant, Resolution, Tenancy

if TYPE_CHECKING:
    from gateway.runtime import Runtime

State = MutableMapping[str, Any]
_IN_PATH = re.compile(r"/admin/tenants/([a-z0-9-]{1,63})(?=/|$)")


async def count_at_the_door(
    runtime: "Runtime", method: str, path: str, state: State
) -> tuple[str, Kind] | None:
    """Counts a request before its caller is known.

    Returns whose share of the slots it uses; None for an operator's probe.

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
    """Counts a request that was refused before its tenant was known, by its address only.

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
    """Counts a request of a known caller at the tenant in whose scope it runs.

    None is the caller's own account.

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
    """Returns the cached tenant that a request is for, or acts on by its path."""
    if resolution.found is None and (named := _IN_PATH.match(path)):
        return tenancy.known(named[1])
    return resolution.found


def _counted(tenancy: Tenancy, named: KnownTenant | None) -> tuple[str, str]:
    """Returns the tenant whose limits apply on arrival, and its plan.

    An unknown tenant counts as the head office, so that strangers cannot create counters. So does
    a closed one, whose own limits would reveal that it exists.
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
