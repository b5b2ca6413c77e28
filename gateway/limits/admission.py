"""Applies rate limits to a request: on arrival, and again when the caller is known."""

import re
import uuid

from gateway.limits.kinds import Holder, Kind, kind_of
from gateway.limits.limiter import Limiter, Verdict
from gateway.limits.plans import (
    Limit,
    account_limits,
    login_limits,
    lookup_limits,
    refusal_limits,
    request_limits,
    scope_limits,
)
from gateway.medusa.errors import Problem, Refused
from gateway.metrics import Metrics
from gateway.request_state import RequestState
from gateway.tenancy import KnownTenant, Resolution, Tenancy

_IN_PATH = re.compile(r"/admin/tenants/([a-z0-9-]{1,63})(?=/|$)")


class Admission:
    """Counts requests against the limits of their tenant, address and caller."""

    def __init__(
        self, limiter: Limiter, tenancy: Tenancy, metrics: Metrics, *, logins_per_minute: int
    ) -> None:
        self._limiter = limiter
        self._tenancy = tenancy
        self._metrics = metrics
        self._logins_per_minute = logins_per_minute

    async def on_arrival(
        self, method: str, path: str, state: RequestState, resolution: Resolution
    ) -> None:
        """Counts a request before its caller is known, and notes whose share it uses.

        Raises:
            Refused: 429 RATE_LIMITED.
        """
        kind = kind_of(method, path)
        named = self._named(path, resolution)
        tenant, plan = self._counted(named)
        if kind is Kind.LOGIN:
            limits = login_limits(state.address, per_minute=self._logins_per_minute)
            await self._count_exactly(kind, limits, state)
        else:
            limits = request_limits(kind, tenant, plan, state.address)
            self._count(kind, limits, state)
        state.put(Holder(named.id if named else tenant, kind))

    def count_refusal(self, state: RequestState) -> None:
        """Counts a request that was refused before its tenant was known, by its address only.

        Raises:
            Refused: 429 RATE_LIMITED.
        """
        self._count(Kind.STORE_READ, refusal_limits(state.address), state)

    async def count_caller(
        self, method: str, path: str, state: RequestState, *, tenant: KnownTenant | None, actor: str
    ) -> None:
        """Counts a request of a known caller at the tenant in whose scope it runs.

        None is the caller's own account.

        Raises:
            Refused: 429 RATE_LIMITED.
        """
        kind = kind_of(method, path)
        if kind is Kind.LOGIN:
            return
        if tenant is None:
            limits = account_limits(kind, actor=actor)
        else:
            limits = scope_limits(kind, tenant=tenant.id, plan=tenant.plan, actor=actor)
        if kind is Kind.WRITE:
            await self._count_exactly(kind, limits, state)
        else:
            self._count(kind, limits, state)

    def _named(self, path: str, resolution: Resolution) -> KnownTenant | None:
        """Returns the cached tenant that a request is for, or acts on by its path."""
        if resolution.found is None and (named := _IN_PATH.match(path)):
            return self._tenancy.known(named[1])
        return resolution.found

    def _counted(self, named: KnownTenant | None) -> tuple[str, str]:
        """Returns the tenant whose limits apply on arrival, and its plan.

        An unknown tenant counts as the head office, so that strangers cannot create counters. So
        does a closed one, whose own limits would reveal that it exists.
        """
        is_open = named is not None and named.is_open
        found = named if is_open else self._tenancy.known(self._tenancy.fallback_id)
        return (found.id, found.plan) if found else (self._tenancy.fallback_id, "standard")

    def _count(self, kind: Kind, limits: tuple[Limit, ...], state: RequestState) -> None:
        if limits:
            self._apply(kind, self._limiter.count(limits), state)

    async def _count_exactly(
        self, kind: Kind, limits: tuple[Limit, ...], state: RequestState
    ) -> None:
        if limits:
            self._apply(kind, await self._limiter.count_exactly(limits), state)

    def _apply(self, kind: Kind, verdict: Verdict, state: RequestState) -> None:
        before = state.get(Verdict)
        # The headers tell the limit that the caller will meet first.
        if before is None or verdict.is_refused or verdict.remaining <= before.remaining:
            state.put(verdict)
        if verdict.is_refused:
            self._metrics.limited(kind, verdict.tightest.name)
            raise Refused(_refusal(verdict))


class LookupLimit:
    """Limits how many look-ups of unknown names clients may cause at the registry."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._gateway = uuid.uuid4().hex

    def allows(self, address: str) -> bool:
        """Counts a look-up that a client causes; False if it, or this process, has had too many."""
        return not self._limiter.count(lookup_limits(address, gateway=self._gateway)).is_refused


def _refusal(verdict: Verdict) -> Problem:
    seconds = verdict.reset_seconds
    return Problem(
        429,
        "too_many_requests",
        "RATE_LIMITED",
        f"Too many requests. Try again in {seconds} s.",
        {"limit": verdict.tightest.name, "retry_after_seconds": seconds},
        {"retry-after": str(seconds)},
    )
