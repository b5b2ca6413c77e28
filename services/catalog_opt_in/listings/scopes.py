"""What the scope says of the tenant that sells."""

from services.kernel.call.errors import FailedPrecondition
from services.kernel.call.scope import current_scope


def refuse_archived() -> None:
    """Refuses changes at an archived tenant; it may still opt out, which holds up nobody else.

    Raises:
        FailedPrecondition: TENANT_ARCHIVED.
    """
    if current_scope().tenant_state == "archived":
        raise FailedPrecondition("TENANT_ARCHIVED", "This tenant is archived. Undelete it first.")


def scope_currency() -> str:
    """Returns the currency of the scope's tenant.

    Raises:
        FailedPrecondition: CURRENCY_MISSING, the scope has none.
    """
    currency = current_scope().currency
    if not currency:
        raise FailedPrecondition("CURRENCY_MISSING", "The tenant has no currency to sell in.")
    return currency
