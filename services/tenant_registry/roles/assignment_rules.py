"""Who may give and take roles: pure rules, without a database.

Only an admin's assignments count here, whether or not a tenant is open to them: an access grant is
for looking into a shop, and does not change what may be given to others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.tenant_registry.roles.evaluation import AssignedPolicy, Verdict
from services.tenant_registry.roles.permissions import PLATFORM, TENANT, covers, expanded

GLOBAL_ADMIN, TENANT_ADMIN = "GlobalAdmin", "TenantAdmin"
# Any tenant where the admins in question have no roles of its own; never a tenant's id.
ANY_OTHER = ""
_MOST_NAMED = 5
_ENDED = (Verdict.REVOKED, Verdict.EXPIRED)


class Refused(Exception):
    """A role may not be given or taken; callers switch on `reason`.

    `permissions` are those in the way, if any.
    """

    def __init__(self, reason: str, message: str, permissions: Sequence[str] = ()) -> None:
        self.reason = reason
        self.message = f"{message}: {_listed(permissions)}." if permissions else f"{message}."
        self.permissions = permissions
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class Holder:
    """An admin, with one `AssignedPolicy` for each policy of each role ever given to them."""

    admin: str
    active: bool
    policies: tuple[AssignedPolicy, ...] = ()

    def may(self, at: str | None, *, now: datetime, until: datetime | None) -> frozenset[str]:
        """Returns the patterns held at a place from now to `until`; None means for good."""
        if not self.active:
            return frozenset()
        return _patterns(
            policy
            for policy in self.policies
            if policy.verdict(at=at, now=now) is Verdict.COUNTS and lasts(policy, until)
        )

    def will(self, at: str | None, *, now: datetime) -> frozenset[str]:
        """Returns the patterns that they hold there, now or later."""
        return _patterns(
            policy
            for policy in self.policies
            if policy.reaches(at) and policy.verdict(at=at, now=now) not in _ENDED
        )

    def places(self, now: datetime) -> set[str | None]:
        """Returns where they hold a role, now or later; None means the platform and all tenants."""
        return {
            policy.tenant
            for policy in self.policies
            if policy.verdict(at=policy.tenant, now=now) not in _ENDED
        }

    def guards(self, now: datetime) -> set[str | None]:
        """Returns where they are GlobalAdmin or TenantAdmin, now and without an end."""
        return {
            policy.tenant for policy in self.policies if self.active and is_guardian(policy, now)
        }

    def with_policies(self, policies: Sequence[AssignedPolicy]) -> "Holder":
        return replace(self, policies=(*self.policies, *policies))

    def without(self, assignment: str) -> "Holder":
        return replace(
            self,
            policies=tuple(policy for policy in self.policies if policy.assignment != assignment),
        )

    def with_role_changed(self, role: str, permissions: Sequence[str]) -> "Holder":
        """Returns them as they are once a single-policy role has other permissions."""
        patterns = tuple(permissions)
        changed = (
            replace(policy, patterns=patterns) if policy.role == role else policy
            for policy in self.policies
        )
        return replace(self, policies=tuple(changed))

    def deactivated(self) -> "Holder":
        return replace(self, active=False)

    def activated(self) -> "Holder":
        return replace(self, active=True)


def may_know(actor: Holder, target: Holder, tenant: str | None, *, now: datetime) -> bool:
    """Returns whether an admin may know of another: a member there, or one of all whom they see."""
    sees_all = any(covers(pattern, "admin:read") for pattern in actor.may(None, now=now, until=now))
    return sees_all or tenant in target.places(now)


def may_give(
    giver: Holder, target: Holder, policies: Sequence[AssignedPolicy], *, now: datetime
) -> None:
    """Checks that an admin may give a role with these policies to another.

    Raises:
        Refused: GRANT_TO_SELF, ROLE_IS_GLOBAL, GRANT_EXCEEDS or GRANT_OVER_MORE.
    """
    tenant, until = policies[0].tenant, policies[0].until_time
    if giver.admin == target.admin:
        raise Refused("GRANT_TO_SELF", "You cannot give a role to yourself")
    if tenant is not None and any(policy.reach == PLATFORM for policy in policies):
        raise Refused(
            "ROLE_IS_GLOBAL",
            "This role counts everywhere. Give it at the platform, not at a tenant",
        )
    for at in _places_reached({tenant}):
        requested = _patterns(policy for policy in policies if policy.reaches(at))
        excess = missing_permissions(requested, giver.may(at, now=now, until=until), _reach_at(at))
        if excess:
            raise Refused(
                "GRANT_EXCEEDS", "You cannot give what you do not hold there for that long", excess
            )
    may_act_on(giver, target, {tenant}, now=now)


def may_withdraw(actor: Holder, offered: Sequence[AssignedPolicy], *, now: datetime) -> None:
    """Checks that an admin may withdraw the offer of a role that somebody else made.

    Raises:
        Refused: GRANT_OVER_MORE.
    """
    for at in _places_reached({policy.tenant for policy in offered}):
        patterns = _patterns(policy for policy in offered if policy.reaches(at))
        missing = missing_permissions(patterns, actor.may(at, now=now, until=now), _reach_at(at))
        if missing:
            raise Refused(
                "GRANT_OVER_MORE", "This invite offers permissions that you do not hold", missing
            )


def holds_already(target: Holder, policies: Sequence[AssignedPolicy]) -> bool:
    """Returns whether a role to give would add nothing, as they hold it for all that time."""
    requested = policies[0]
    return any(
        (held.role, held.tenant) == (requested.role, requested.tenant)
        and held.revoke_time is None
        and held.from_time <= requested.from_time
        and lasts(held, requested.until_time)
        for held in target.policies
    )


def may_restore(giver: Holder, target: Holder, *, now: datetime) -> None:
    """Checks that an admin may reactivate another, who would regain their roles.

    Raises:
        Refused: GRANT_TO_SELF or GRANT_OVER_MORE.
    """
    if target.admin == giver.admin:
        raise Refused("GRANT_TO_SELF", "You cannot restore your own roles")
    for policy in target.policies:
        for at in _places_reached({policy.tenant}):
            if not policy.reaches(at) or policy.verdict(at=at, now=now) in _ENDED:
                continue
            held = giver.may(at, now=now, until=policy.until_time)
            missing = missing_permissions(policy.patterns, held, _reach_at(at))
            if missing:
                message = "You cannot restore what you do not hold for as long"
                raise Refused("GRANT_OVER_MORE", message, missing)


def may_change_role(
    giver: Holder,
    holders: Iterable[Holder],
    *,
    tenant: str,
    added: Sequence[str],
    now: datetime,
) -> None:
    """Checks that an admin may change a role that others hold; `added` is new in it.

    Raises:
        Refused: GRANT_TO_SELF or GRANT_OVER_MORE.
    """
    for holder in holders:
        if added and holder.admin == giver.admin:
            raise Refused(
                "GRANT_TO_SELF", "You cannot add permissions to a role that you hold", added
            )
        may_act_on(giver, holder, {tenant}, now=now)


def may_act_on(giver: Holder, target: Holder, places: set[str | None], *, now: datetime) -> None:
    """Refuses to let an admin act on one who holds more, now or later, at one of the places.

    Raises:
        Refused: GRANT_OVER_MORE.
    """
    if giver.admin == target.admin:
        return
    for at in _places_reached(places):
        held = giver.may(at, now=now, until=now)
        missing = missing_permissions(target.will(at, now=now), held, _reach_at(at))
        if missing:
            raise Refused(
                "GRANT_OVER_MORE",
                "This admin holds permissions there that you do not hold",
                missing,
            )


def missing_permissions(requested: Iterable[str], held: frozenset[str], reach: str) -> list[str]:
    """Lists the permissions that `requested` patterns cover and `held` ones do not.

    A pattern of an unknown noun stands for itself: what it may cover one day must not be given by
    an admin who would not hold it then.
    """
    held_permissions = frozenset().union(*(expanded(pattern, reach) for pattern in held))
    missing: set[str] = set()
    for pattern in requested:
        if not any(covers(other, pattern) for other in held):
            permissions = expanded(pattern, reach)
            missing |= permissions - held_permissions if permissions else {pattern}
    return sorted(missing)


def is_guardian(policy: AssignedPolicy, now: datetime) -> bool:
    """Returns whether it is the role that a place must always have: started and without an end."""
    role = GLOBAL_ADMIN if policy.tenant is None else TENANT_ADMIN
    endless = policy.until_time is None and policy.revoke_time is None
    return policy.role == role and endless and policy.from_time <= now


def lasts(policy: AssignedPolicy, until: datetime | None) -> bool:
    """Returns whether it lasts until then; None means for good."""
    return policy.until_time is None or (until is not None and until <= policy.until_time)


def _patterns(policies: Iterable[AssignedPolicy]) -> frozenset[str]:
    return frozenset(pattern for policy in policies for pattern in policy.patterns)


def _places_reached(places: set[str | None]) -> list[str | None]:
    """Lists where roles at these places reach; one given everywhere reaches all tenants."""
    tenants: set[str | None] = {place for place in places if place is not None}
    if None in places:
        return [None, ANY_OTHER, *sorted(map(str, tenants))]
    return sorted(tenants, key=str)


def _reach_at(at: str | None) -> str:
    return PLATFORM if at is None else TENANT


def _listed(permissions: Sequence[str]) -> str:
    unnamed = len(permissions) - _MOST_NAMED
    return ", ".join(permissions[:_MOST_NAMED]) + (f" and {unnamed} more" if unnamed > 0 else "")
