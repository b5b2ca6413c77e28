"""Rules for a tenant's own roles."""

from services.tenant_registry.roles.assignment_rules import Refused, beyond
from services.tenant_registry.roles.permissions import PERMISSIONS, TENANT

NAME_LIMIT = 100
TEXT_LIMIT = 500
MOST_PERMISSIONS = 100
MOST_ROLES = 100
# The role whose permissions at a tenant limit what the tenant's own roles may hold.
CEILING = "TenantAdmin"


def violations(display_name: str, description: str, permissions: list[str]) -> dict[str, str]:
    """Lists what is wrong, by field; patterns are refused, so that no later permission slips in."""
    found = {}
    if not display_name.strip() or len(display_name) > NAME_LIMIT:
        found["display_name"] = f"is required, with at most {NAME_LIMIT} characters"
    if len(description) > TEXT_LIMIT:
        found["description"] = f"must have at most {TEXT_LIMIT} characters"
    unknown = sorted(set(permissions) - PERMISSIONS[TENANT])
    if unknown:
        found["permissions"] = f"must exist at a tenant, unlike {unknown[0][:100]}"
    elif not 1 <= len(permissions) <= MOST_PERMISSIONS or len(set(permissions)) < len(permissions):
        found["permissions"] = f"must have 1 to {MOST_PERMISSIONS} entries, without repeats"
    return found


def may_hold(permissions: list[str], *, ceiling: frozenset[str], held: frozenset[str]) -> None:
    """Refuses a role that holds more than a TenantAdmin, or than its maker.

    Raises:
        Refused: ROLE_EXCEEDS or GRANT_EXCEEDS.
    """
    above = beyond(permissions, ceiling, TENANT)
    if above:
        raise Refused(
            "ROLE_EXCEEDS", "A tenant's role cannot hold what TenantAdmin does not", above
        )
    missing = beyond(permissions, held, TENANT)
    if missing:
        raise Refused(
            "GRANT_EXCEEDS", "A role cannot hold what you do not hold here without an end", missing
        )


def may_change(permissions: list[str], *, held: frozenset[str]) -> None:
    """Refuses to let an admin change a role that holds more than they do.

    Raises:
        Refused: GRANT_OVER_MORE.
    """
    more = beyond(permissions, held, TENANT)
    if more:
        raise Refused(
            "GRANT_OVER_MORE", "You cannot change a role that holds permissions you lack", more
        )
