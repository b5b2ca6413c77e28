"""Errors that several methods of the room answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.kernel.call.errors import NotFound, PermissionDenied
from services.tenant_registry.roles import assignment_rules


def admin_not_found(admin_id: str) -> NotFound:
    name = f"admins/{admin_id}"
    return NotFound("ADMIN_NOT_FOUND", f"No such admin: {name}.", admin=name)


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Translates refusals by the rules into errors that cross the wire."""
    try:
        yield
    except assignment_rules.Refused as refused:
        error = PermissionDenied(refused.reason, refused.message)
        if refused.permissions:
            error.metadata["permissions"] = ", ".join(refused.permissions)
        raise error from None
