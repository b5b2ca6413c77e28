"""The metrics in /metrics; labels are routes and known tenants, never client input."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_TENANTS = 1_000
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "souk_request_seconds",
            "Request duration by route.",
            ("method", "route"),
            registry=self._registry,
        )
        self._answers = Counter(
            "souk_answers",
            "Responses by tenant and status; tenants beyond the first thousand count as other.",
            ("tenant", "status"),
            registry=self._registry,
        )
        self._limited = Counter(
            "souk_limited",
            "Rate-limited requests by kind of request and by the limit that applied.",
            ("kind", "limit"),
            registry=self._registry,
        )
        self._tenants: set[str] = {"", "other"}

    def observe(self, method: str, route: str, status: int, *, seconds: float, tenant: str) -> None:
        known_method = method if method in _METHODS else "other"
        self._seconds.labels(known_method, route or "none").observe(seconds)
        self._answers.labels(self._label(tenant), str(status)).inc()

    def limited(self, kind: str, limit: str) -> None:
        self._limited.labels(kind, limit).inc()

    def _label(self, tenant: str) -> str:
        if tenant not in self._tenants:
            if len(self._tenants) >= _TENANTS:
                return "other"
            self._tenants.add(tenant)
        return tenant

    def text(self) -> tuple[bytes, str]:
        """Returns the page for Prometheus and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
