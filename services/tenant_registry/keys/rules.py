"""Rules for keys: their fields, and the permissions they may hold."""

from collections.abc import Collection
from datetime import datetime, timedelta

from services.tenant_registry.access.rules import PERMISSIONS, TENANT

# Of live keys; publishable ones are part of the tenant's configuration, so they are few.
MOST = {"SECRET": 100, "PUBLISHABLE": 20}
TITLE_LENGTH = 100
LONGEST = timedelta(days=3653)

# Only people administer access: a key could otherwise create more keys.
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
    """Lists what is wrong with a key to create, by field."""
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
