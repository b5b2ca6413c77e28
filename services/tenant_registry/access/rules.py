"""What an admin may do where: pure decisions over roles, policies and assignments."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

PLATFORM, TENANT = "PLATFORM", "TENANT"

# Every permission that a method requires, by where its caller is; a test compares them with the
# methods. Those of services are never given to an admin, whatever a pattern says.
OF_SERVICES = frozenset(
    {
        "access:resolve",
        "accessgrant:record",
        "account:own",
        "denial:record",
        "event:record",
        "host:resolve",
        "key:resolve",
        "session:create",
    }
)
PERMISSIONS = {
    PLATFORM: frozenset(
        {
            "access:explain",
            "admin:read",
            "admin:write",
            "assignment:read",
            "assignment:write",
            "role:read",
            "tenant:create",
            "tenant:list",
        }
    ),
    TENANT: frozenset(
        {
            "access:explain",
            "accessgrant:read",
            "accessgrant:write",
            "admin:read",
            "assignment:read",
            "assignment:write",
            "category:read",
            "category:write",
            "collection:read",
            "collection:write",
            "domain:read",
            "domain:write",
            "event:erase",
            "event:read",
            "key:read",
            "key:write",
            "listing:read",
            "listing:write",
            "product:read",
            "product:write",
            "role:read",
            "role:write",
            "storefront:read",
            "tenant:manage",
            "tenant:read",
            "tenant:write",
        }
    ),
}

# What a role given everywhere allows at a tenant that is not open to its holder: running the
# platform, but not looking into the tenant's shop.
OPERATING = frozenset(
    {
        "access:explain",
        "accessgrant:read",
        "accessgrant:write",
        "admin:read",
        "admin:write",
        "assignment:read",
        "assignment:write",
        "role:read",
        "tenant:manage",
        "tenant:read",
    }
)


class Verdict(StrEnum):
    """The result of one grant at one place and time."""

    COUNTS = "COUNTS"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    ELSEWHERE = "ELSEWHERE"
    LACKS_PERMISSION = "LACKS_PERMISSION"
    ACCESS_GRANT_NEEDED = "ACCESS_GRANT_NEEDED"
    ADMIN_DEACTIVATED = "ADMIN_DEACTIVATED"


_NEAREST = (
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
class Grant:
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
        placed = self.tenant is None or self.tenant == at
        return placed and self.reach == (PLATFORM if at is None else TENANT)


@dataclass(frozen=True, slots=True)
class Access:
    """What an admin may do at a place; `withheld` is what an access grant would add."""

    permissions: frozenset[str]
    roles: frozenset[str]
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weighed:
    """What one grant gives at a place, and what it withholds until the place is opened."""

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


def weighed(
    grant: Grant, *, at: str | None, now: datetime, opened: Collection[str], active: bool = True
) -> Weighed:
    """Decides what one grant gives at a tenant or, with None, at the platform.

    `opened` are the tenants that a role given everywhere may look into: the head office, and those
    for which its holder has an access grant.
    """
    if not active:
        return Weighed(Verdict.ADMIN_DEACTIVATED)
    verdict = grant.verdict(at=at, now=now)
    if verdict is not Verdict.COUNTS:
        return Weighed(verdict)
    whole = permissions_of(grant)
    is_closed = at is not None and grant.tenant is None and at not in opened
    given = whole & OPERATING if is_closed else whole
    return Weighed(verdict, given, whole - given)


def access(
    grants: Iterable[Grant], *, at: str | None, now: datetime, opened: Collection[str]
) -> Access:
    """Combines what an active admin's grants allow at a place; `opened` as in `weighed`."""
    found = [(grant, weighed(grant, at=at, now=now, opened=opened)) for grant in grants]
    given = frozenset().union(*(one.given for _, one in found))
    withheld = frozenset().union(*(one.withheld for _, one in found))
    roles = frozenset(grant.role for grant, one in found if one.verdict is Verdict.COUNTS)
    return Access(permissions=given, roles=roles, withheld=withheld - given)


def told(verdicts: Iterable[Verdict]) -> Verdict:
    """Sums up the verdicts on one role: the one closest to counting."""
    return min(verdicts, key=_NEAREST.index)


def permissions_of(grant: Grant) -> frozenset[str]:
    return _permissions(grant.patterns, grant.reach)


# There are few policies, and each is needed for every request of an admin.
@lru_cache(maxsize=1024)
def _permissions(patterns: tuple[str, ...], reach: str) -> frozenset[str]:
    return frozenset().union(*(expanded(pattern, reach) for pattern in patterns))


def expanded(pattern: str, reach: str) -> frozenset[str]:
    """Returns the permissions that a pattern covers; none for an unknown noun."""
    return frozenset(p for p in PERMISSIONS[reach] if covers(pattern, p))


def covers(pattern: str, other: str) -> bool:
    """Returns whether a pattern covers another pattern or a permission."""
    noun, _, verb = pattern.partition(":")
    other_noun, _, other_verb = other.partition(":")
    return noun in ("*", other_noun) and verb in ("*", other_verb)
