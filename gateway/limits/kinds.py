"""Classifies requests for rate limits by method and path."""

from enum import StrEnum
from typing import NamedTuple

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Identity providers redirect back with GET. A preflight is not a login attempt.
_LOGINS = frozenset({"GET", "HEAD", "POST"})


class Kind(StrEnum):
    """A class of routes, each counted separately."""

    LOGIN = "login"
    WRITE = "write"
    ADMIN_READ = "admin-read"
    STORE_READ = "store-read"
    PICTURE = "picture"


class Holder(NamedTuple):
    """Whose share of the fair queue's slots a request uses."""

    tenant: str
    kind: Kind


def kind_of(method: str, path: str) -> Kind:
    """Returns the class of a request."""
    if path.startswith("/auth/") and method in _LOGINS:
        return Kind.LOGIN
    if method in _READS:
        if path.startswith("/uploads/"):
            return Kind.PICTURE
        return Kind.ADMIN_READ if path.startswith("/admin/") else Kind.STORE_READ
    return Kind.WRITE
