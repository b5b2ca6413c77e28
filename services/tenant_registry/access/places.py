"""Names of things that exist at a tenant as well as at the platform."""

from services.kernel.names import parse
from services.kernel.scope import current_scope


def place_of(parent: str) -> str | None:
    """Tells where a call is made by the parent that it names, which must be its scope's own place.

    Raises:
        PermissionDenied: SCOPE_MISMATCH.
    """
    scope = current_scope()
    if scope.tenant is not None or parent:
        scope.require_parent(parent)
    return scope.tenant


def placed(name: str, pattern: str) -> tuple[str | None, str]:
    """Takes apart a name below the scope's own place: the tenant, None at the platform, and the id.

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
