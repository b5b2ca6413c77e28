"""What a key may be: its fields, and the permissions that one may hold at all."""

from collections.abc import Collection
from datetime import datetime, timedelta

from services.tenant_registry.access.rules import PERMISSIONS, TENANT

# Live ones; publishable keys travel with the tenant's configuration, so they are few.
MOST = {"SECRET": 100, "PUBLISHABLE": 20}
TITLE_LENGTH = 100
LONGEST = timedelta(days=3653)

# Whoever administers access is a person: a key could otherwise make more of itself.
_OF_PEOPLE = frozenset({"access", "accessgrant", "admin", "assignment", "key", "role"})
GRANTABLE = frozenset(p for p in PERMISSIONS[TENANT] if p.partition(":")[0] not in _OF_PEOPLE)


def faults(
    kind: str,
    title: str,
    permissions: Collection[str],
    *,
    expires: datetime | None,
    now: datetime,
) -> dict[str, str]:
    """Tells, by field, what is wrong with a key to be made."""
    found = {}
    if kind not in MOST:
        found["kind"] = "must be secret or publishable"
    if not 1 <= len(title.strip()) <= TITLE_LENGTH:
        found["title"] = f"must have 1 to {TITLE_LENGTH} characters"
    if wrong := _faults_of_permissions(kind, permissions):
        found["permissions"] = wrong
    if expires is not None and not now < expires <= now + LONGEST:
        found["expire_time"] = "must be in the future and within ten years"
    return found


def _faults_of_permissions(kind: str, permissions: Collection[str]) -> str:
    if kind == "PUBLISHABLE":
        return "must be empty for a publishable key" if permissions else ""
    if not permissions:
        return "must not be empty for a secret key"
    unfit = sorted(set(permissions) - GRANTABLE)
    return f"must not include {', '.join(unfit[:5])[:200]}" if unfit else ""
