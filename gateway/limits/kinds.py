"""Which limits a request is counted against, by its method and its path."""

from enum import StrEnum

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Identity providers send people back by GET. A browser's question beforehand is no guess.
_LOGINS = frozenset({"GET", "HEAD", "POST"})
_UNCOUNTED = frozenset({"/healthz", "/readyz", "/metrics"})


class Kind(StrEnum):
    """A class of routes; each is counted apart."""

    LOGIN = "login"
    WRITE = "write"
    ADMIN_READ = "admin-read"
    STORE_READ = "store-read"


def kind_of(method: str, path: str) -> Kind | None:
    """Tells the class of a request; None for what an operator's probes ask."""
    if path in _UNCOUNTED:
        return None
    if path.startswith("/auth/") and method in _LOGINS:
        return Kind.LOGIN
    if method in _READS:
        return Kind.ADMIN_READ if path.startswith("/admin/") else Kind.STORE_READ
    return Kind.WRITE
