"""Rules for a tenant's own roles."""

from services.tenant_registry.roles.assignment_rules import Refused, missing_permissions
from services.tenant_registry.roles.permissions import PERMISSIONS, TENANT

MOST_ROLES = 100
# The role whose permissions at a tenant limit what the tenant's own roles may hold.
CEILING = "TenantAdmin"


def violations(display_name: str, permissions: list[str]) -> dict[str, str]:
    """Lists what is wrong, by field; patterns are refused, so that no later permission slips in."""
    violations = {}
    if not display_name.strip():
        violations["display_name"] = "must not be empty"
    unknown = sorted(set(permissions) - PERMISSIONS[TENANT])
    if unknown:
        violations["permissions"] = f"must exist at a tenant, unlike {unknown[0][:100]}"
    elif not permissions or len(set(permissions)) < len(permissions):
        violations["permissions"] = "must have at least one entry, without repeats"
    return violations


def may_hold(permissions: list[str], *, ceiling: frozenset[str], held: frozenset[str]) -> None:
    """Refuses a role that holds more than a TenantAdmin, or than its maker.

    Raises:
        Refused: ROLE_EXCEEDS or GRANT_EXCEEDS.
    """
    excess = missing_permissions(permissions, ceiling, TENANT)
    if excess:
        raise Refused(
            "ROLE_EXCEEDS", "A tenant's role cannot hold what TenantAdmin does not", excess
        )
    missing = missing_permissions(permissions, held, TENANT)
    if missing:
        raise Refused(
            "GRANT_EXCEEDS", "A role cannot hold what you do not hold here without an end", missing
        )


def may_change(permissions: list[str], *, held: frozenset[str]) -> None:
    """Refuses to let an admin change a role that holds more than they do.

    Raises:
        Refused: GRANT_OVER_MORE.
    """
    missing = missing_permissions(permissions, held, TENANT)
    if missing:
        raise Refused(
            "GRANT_OVER_MORE", "You cannot change a role that holds permissions you lack", missing
        )
