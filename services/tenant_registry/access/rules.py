"""What an admin may do where: a pure decision over roles, policies and assignments."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PLATFORM, TENANT = "PLATFORM", "TENANT"

# Every permission that a method asks for, by where its caller stands; a test compares them with the
# methods. Those of services alone are no admin's, whatever a pattern says.
OF_SERVICES = frozenset(
    {
        "access:resolve",
        "account:own",
        "denial:record",
        "event:record",
        "host:resolve",
        "key:resolve",
        "session:create",
    }
)
PERMISSIONS = {
    PLATFORM: frozenset({"assignment:read", "assignment:write", "tenant:create", "tenant:list"}),
    TENANT: frozenset(
        {
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
            "storefront:read",
            "tenant:manage",
            "tenant:read",
            "tenant:write",
        }
    ),
}

# What a role that was given everywhere allows at a tenant that is not open to its holder: to run
# the platform, and not to look into the tenant's shop.
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
    """What one grant comes to at one place and time."""

    COUNTS = "COUNTS"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    ELSEWHERE = "ELSEWHERE"
    LACKS_PERMISSION = "LACKS_PERMISSION"
    ACCESS_GRANT_NEEDED = "ACCESS_GRANT_NEEDED"
    ADMIN_DEACTIVATED = "ADMIN_DEACTIVATED"


@dataclass(frozen=True, slots=True)
class Grant:
    """One policy of a role that was given to an admin; `tenant` None means everywhere."""

    role: str
    tenant: str | None
    from_time: datetime
    until_time: datetime | None
    revoke_time: datetime | None
    reach: str
    patterns: tuple[str, ...]
    assignment: str = ""

    def verdict(self, *, at: str | None, now: datetime) -> Verdict:
        """Tells whether it counts now at a tenant or, with None, at the platform itself."""
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
    """What somebody may do at a place, and `withheld`, what an access grant would add to it."""

    permissions: frozenset[str]
    roles: frozenset[str]
    withheld: frozenset[str] = frozenset()


def access(
    grants: Iterable[Grant], *, at: str | None, now: datetime, opened: Collection[str]
) -> Access:
    """Adds up what an admin's grants allow at a tenant or, with None, at the platform itself.

    `opened` are the tenants into which the admin may look by a role that was given everywhere: the
    head office, and those for which they hold an access grant.
    """
    valid = [grant for grant in grants if grant.verdict(at=at, now=now) is Verdict.COUNTS]
    whole = frozenset().union(*(permissions_of(grant) for grant in valid))
    given = frozenset().union(*(given_by(grant, at=at, opened=opened) for grant in valid))
    return Access(
        permissions=given,
        roles=frozenset(grant.role for grant in valid),
        withheld=whole - given,
    )


def given_by(grant: Grant, *, at: str | None, opened: Collection[str]) -> frozenset[str]:
    """Lists what a grant that counts gives there, less what needs an access grant."""
    whole = permissions_of(grant)
    is_closed = at is not None and grant.tenant is None and at not in opened
    return whole & OPERATING if is_closed else whole


def permissions_of(grant: Grant) -> frozenset[str]:
    return frozenset().union(*(expanded(pattern, grant.reach) for pattern in grant.patterns))


def expanded(pattern: str, reach: str) -> frozenset[str]:
    """Lists the permissions that a pattern stands for; none for a noun that nobody knows yet."""
    return frozenset(p for p in PERMISSIONS[reach] if covers(pattern, p))


def covers(pattern: str, other: str) -> bool:
    """Tells whether a pattern stands for all that another one, or a permission, does."""
    noun, _, verb = pattern.partition(":")
    other_noun, _, other_verb = other.partition(":")
    return noun in ("*", other_noun) and verb in ("*", other_verb)
