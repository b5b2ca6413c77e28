"""Which shops are shown."""

from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope


def require_open() -> None:
    """Refuses to show a shop that is not open.

    Raises:
        NotFound: SHOP_UNKNOWN.
    """
    if current_scope().tenant_state not in ("active", ""):
        raise NotFound("SHOP_UNKNOWN", "No such shop.")
