"""What an admin may do where: pure decisions over the policies of their assigned roles."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from services.tenant_registry.roles.permissions import OPERATING, PLATFORM, TENANT, expanded


class Verdict(StrEnum):
    """The result of one policy at one place and time."""

    COUNTS = "COUNTS"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    ELSEWHERE = "ELSEWHERE"
    LACKS_PERMISSION = "LACKS_PERMISSION"
    ACCESS_GRANT_NEEDED = "ACCESS_GRANT_NEEDED"
    ADMIN_DEACTIVATED = "ADMIN_DEACTIVATED"


_NEAREST_FIRST = (
    Verdict.COUNTS,
    Verdict.ACCESS_GRANT_NEEDED,
    Verdict.LACKS_PERMISSION,
    Verdict.ELSEWHERE,
    Verdict.NOT_YET,
    Verdict.EXPIRED,
    Verdict.REVOKED,
    Verdict.ADMIN_DEACTIVATED,
)


@dataclass(frozen=True, slots=True)
class AssignedPolicy:
    """One policy of a role given to an admin; `tenant` None means everywhere."""

    role: str
    tenant: str | None
    from_time: datetime
    until_time: datetime | None
    revoke_time: datetime | None
    reach: str
    patterns: tuple[str, ...]
    assignment: str = ""

    def verdict(self, *, at: str | None, now: datetime) -> Verdict:
        """Returns whether it counts now at a tenant or, with None, at the platform."""
        if self.revoke_time is not None and self.revoke_time <= now:
            return Verdict.REVOKED
        if self.until_time is not None and self.until_time <= now:
            return Verdict.EXPIRED
        if self.from_time > now:
            return Verdict.NOT_YET
        return Verdict.COUNTS if self.reaches(at) else Verdict.ELSEWHERE

    def reaches(self, at: str | None) -> bool:
        is_here = self.tenant is None or self.tenant == at
        return is_here and self.reach == (PLATFORM if at is None else TENANT)


@dataclass(frozen=True, slots=True)
class Access:
    """What an admin may do at a place; `withheld` is what an access grant would add."""

    permissions: frozenset[str]
    roles: frozenset[str]
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """What one policy gives at a place, and what it withholds until the place is opened."""

    verdict: Verdict
    given: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()

    def about(self, permission: str) -> Verdict:
        """Returns whether it gives a permission there, or why not."""
        if self.verdict is not Verdict.COUNTS or permission in self.given:
            return self.verdict
        if permission in self.withheld:
            return Verdict.ACCESS_GRANT_NEEDED
        return Verdict.LACKS_PERMISSION


def policy_effect(
    policy: AssignedPolicy,
    *,
    at: str | None,
    now: datetime,
    open_tenants: Collection[str],
    active: bool = True,
) -> PolicyEffect:
    """Decides what one policy gives at a tenant or, with None, at the platform.

    `open_tenants` are those that a role given everywhere may look into: the head office, and those
    for which its holder has an access grant.
    """
    if not active:
        return PolicyEffect(Verdict.ADMIN_DEACTIVATED)
    verdict = policy.verdict(at=at, now=now)
    if verdict is not Verdict.COUNTS:
        return PolicyEffect(verdict)
    permissions = permissions_of(policy)
    is_closed = at is not None and policy.tenant is None and at not in open_tenants
    given = permissions & OPERATING if is_closed else permissions
    return PolicyEffect(verdict, given, permissions - given)


def access(
    policies: Iterable[AssignedPolicy],
    *,
    at: str | None,
    now: datetime,
    open_tenants: Collection[str],
) -> Access:
    """Combines what an active admin's policies allow at a place; see `policy_effect`."""
    effects = [
        (policy, policy_effect(policy, at=at, now=now, open_tenants=open_tenants))
        for policy in policies
    ]
    given = frozenset().union(*(effect.given for _, effect in effects))
    withheld = frozenset().union(*(effect.withheld for _, effect in effects))
    roles = frozenset(policy.role for policy, effect in effects if effect.verdict is Verdict.COUNTS)
    return Access(permissions=given, roles=roles, withheld=withheld - given)


def nearest(verdicts: Iterable[Verdict]) -> Verdict:
    """Sums up the verdicts on one role: the one closest to counting."""
    return min(verdicts, key=_NEAREST_FIRST.index)


def permissions_of(policy: AssignedPolicy) -> frozenset[str]:
    return _permissions(policy.patterns, policy.reach)


# There are few policies, and each is needed for every request of an admin.
@lru_cache(maxsize=1024)
def _permissions(patterns: tuple[str, ...], reach: str) -> frozenset[str]:
    return frozenset().union(*(expanded(pattern, reach) for pattern in patterns))
