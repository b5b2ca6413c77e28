"""Names of resources that exist both at tenants and at the platform."""

from services.kernel.call.names import parse
from services.kernel.call.scope import current_scope


def place_of(parent: str) -> str | None:
    """Returns the tenant that `parent` names, None for the platform; it must be the scope's own.

    Raises:
        PermissionDenied: SCOPE_MISMATCH.
    """
    scope = current_scope()
    if scope.tenant is not None or parent:
        scope.require_parent(parent)
    return scope.tenant


def placed(name: str, pattern: str) -> tuple[str | None, str]:
    """Parses a name below the scope's own place into the tenant, or None, and the id.

    Raises:
        PermissionDenied: SCOPE_MISMATCH.
    """
    scope = current_scope()
    if scope.tenant is None:
        if name.startswith("tenants/"):
            scope.require(name)
        return None, parse(name, pattern)[0]
    scope.require(name)
    return scope.tenant, parse(name, f"tenants/{{tenant}}/{pattern}")[1]
