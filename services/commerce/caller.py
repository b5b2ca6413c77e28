"""Who calls: a customer of the tenant, somebody who may become one, or an anonymous shopper."""

from services.kernel.call.scope import current_scope


def current_customer() -> str | None:
    """Returns the id of the customer who calls; None for anybody else."""
    return _id_after("customers/")


def current_identity() -> str | None:
    """Returns the id of the identity that calls and has no customer yet; None for anybody else."""
    return _id_after("identities/")


def _id_after(prefix: str) -> str | None:
    actor = current_scope().actor
    return actor.removeprefix(prefix) if actor.startswith(prefix) else None
