"""What an admin may do where: a pure decision over roles, policies and assignments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

PLATFORM, TENANT = "PLATFORM", "TENANT"

# Every permission that a method asks for, by where its caller stands; a test compares them with the
# methods. Those of services alone are no admin's, whatever a pattern says.
OF_SERVICES = frozenset(
    {
        "access:resolve",
        "account:own",
        "event:record",
        "host:resolve",
        "key:resolve",
        "session:create",
    }
)
PERMISSIONS = {
    PLATFORM: frozenset({"tenant:create", "tenant:list"}),
    TENANT: frozenset(
        {
            "category:read",
            "category:write",
            "collection:read",
            "collection:write",
            "domain:read",
            "domain:write",
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

    def counts(self, *, at: str | None, now: datetime) -> bool:
        """Tells whether it holds now at a tenant or, with None, at the platform itself."""
        begun = self.from_time <= now
        ended = self.until_time is not None and self.until_time <= now
        revoked = self.revoke_time is not None and self.revoke_time <= now
        reaches = self.reach == (PLATFORM if at is None else TENANT)
        placed = self.tenant is None or self.tenant == at
        return begun and not ended and not revoked and reaches and placed


@dataclass(frozen=True, slots=True)
class Access:
    permissions: frozenset[str]
    roles: frozenset[str]


def access(grants: Iterable[Grant], *, at: str | None, now: datetime) -> Access:
    """Adds up what an admin's grants allow at a tenant or, with None, at the platform itself."""
    valid = [grant for grant in grants if grant.counts(at=at, now=now)]
    reach = PLATFORM if at is None else TENANT
    patterns = {pattern for grant in valid for pattern in grant.patterns}
    return Access(
        permissions=frozenset().union(*(expanded(pattern, reach) for pattern in patterns)),
        roles=frozenset(grant.role for grant in valid),
    )


def expanded(pattern: str, reach: str) -> frozenset[str]:
    """Lists the permissions that a pattern stands for; none for a noun that nobody knows yet."""
    noun, _, verb = pattern.partition(":")
    return frozenset(
        permission
        for permission in PERMISSIONS[reach]
        if noun in ("*", permission.partition(":")[0])
        and verb in ("*", permission.partition(":")[2])
    )
