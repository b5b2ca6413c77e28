"""Rules for a tenant's states, its hosts and its API keys: pure."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from services.tenant_registry.roles.permissions import PERMISSIONS, TENANT

DOMAINS_LIMIT = 100
# Of live keys; publishable ones are part of the tenant's configuration, so they are few.
LIVE_KEYS_LIMIT = {"SECRET": 100, "PUBLISHABLE": 20}
LONGEST_KEY = timedelta(days=3653)
# Only people administer access: a key could otherwise create more keys.
_OF_PEOPLE = frozenset({"access", "accessgrant", "admin", "assignment", "key", "role"})
GRANTABLE = frozenset(p for p in PERMISSIONS[TENANT] if p.partition(":")[0] not in _OF_PEOPLE)


def slug_of(host: str, *, base: str) -> str | None:
    """Returns the tenant that a host names as a subdomain of the base domain, if any."""
    label = host.removesuffix(f".{base}")
    return label if label != host and "." not in label else None


def is_reserved(host: str, *, tenant: str, base: str) -> bool:
    """Returns whether a host is reserved: the base domain, or another's below it.

    Below the base domain a tenant may have its own subdomain and what is below that. Everything
    else there is reserved: a free label may become a tenant's id later, and treating the two
    differently would reveal which tenants exist.
    """
    own = f"{tenant}.{base}"
    if host == own or host.endswith(f".{own}"):
        return False
    return host == base or host.endswith(f".{base}")


def key_violations(
    kind: str,
    title: str,
    permissions: Collection[str],
    *,
    has_all: bool,
    expires: datetime | None,
    now: datetime,
) -> dict[str, str]:
    """Lists what is wrong with a key to create, by field.

    One that `has_all` gets its maker's permissions, which are still to be looked up.
    """
    violations = {}
    if kind not in LIVE_KEYS_LIMIT:
        violations["kind"] = "must be secret or publishable"
    if violation := title_violation(title):
        violations["title"] = violation
    if violation := _permissions_violation(kind, permissions, has_all=has_all):
        violations["permissions"] = violation
    if expires is not None and not now < expires <= now + LONGEST_KEY:
        violations["expire_time"] = "must be in the future and within ten years"
    return violations


def title_violation(title: str) -> str:
    return "" if title.strip() else "must not be empty"


def _permissions_violation(kind: str, permissions: Collection[str], *, has_all: bool) -> str:
    if kind == "PUBLISHABLE":
        return "must be empty for a publishable key" if permissions or has_all else ""
    if has_all:
        return "must be empty together with all_permissions" if permissions else ""
    if not permissions:
        return "must not be empty for a secret key"
    ungrantable = sorted(set(permissions) - GRANTABLE)
    return f"must not include {', '.join(ungrantable[:5])[:200]}" if ungrantable else ""


class State(StrEnum):
    PROVISIONING = "PROVISIONING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ARCHIVED = "ARCHIVED"


class Refused(Exception):
    """The state of a tenant forbids an act; callers switch on `reason`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def updated(state: State) -> State:
    """Allows changes to any tenant but an archived one."""
    if state is State.ARCHIVED:
        raise Refused("TENANT_ARCHIVED", "This tenant is archived. Undelete it first.")
    return state


def activated(state: State) -> State:
    return State.ACTIVE if updated(state) else state


def suspended(state: State, *, head_office: bool) -> State:
    _protect(head_office=head_office)
    return State.SUSPENDED if updated(state) else state


def archived(state: State, *, head_office: bool) -> State:
    _protect(head_office=head_office)
    return State.ARCHIVED if updated(state) else state


def undeleted(state: State) -> State:
    """Restores an archived tenant as suspended: opening it again is a separate decision."""
    if state is not State.ARCHIVED:
        raise Refused("TENANT_NOT_ARCHIVED", "The tenant is not deleted.")
    return State.SUSPENDED


def _protect(*, head_office: bool) -> None:
    if head_office:
        raise Refused("HEAD_OFFICE_PROTECTED", "The head office cannot be suspended or deleted.")
