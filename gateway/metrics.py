"""The metrics in /metrics; labels are routes and known tenants, never client input."""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_TENANTS = 1_000
_REMEMBERED = 4_096
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "souk_request_seconds",
            "Request duration by route.",
            ("method", "route"),
            registry=self.registry,
        )
        self._answers = Counter(
            "souk_answers",
            "Responses by tenant and status; tenants beyond the first thousand count as other.",
            ("tenant", "status"),
            registry=self.registry,
        )
        self._limited = Counter(
            "souk_limited",
            "Rate-limited requests by kind of request and by the limit that applied.",
            ("kind", "limit"),
            registry=self.registry,
        )
        self._hot_answers = Counter(
            "souk_hot_answers",
            "Storefront reads: from memory (hit), from the routes (miss), from their answer to"
            " another request (shared), or from the routes as the catalogue's version is unknown"
            " (uncached).",
            ("result",),
            registry=self.registry,
        )
        self._hot_bytes = Gauge(
            "souk_hot_bytes", "The memory that hot answers take.", registry=self.registry
        )
        self._hot_evictions = Counter(
            "souk_hot_evictions",
            "Hot answers that were dropped to make room.",
            registry=self.registry,
        )
        self._version_polls = Counter(
            "souk_version_polls",
            "Polls for versions of catalogues and of set-ups, by whether they were answered in"
            " time.",
            ("of", "answered"),
            registry=self.registry,
        )
        # Finding the counter of some labels costs more than counting.
        self._request_children = lru_cache(_REMEMBERED)(self._children)
        self._hot_answers_of = lru_cache(_REMEMBERED)(self._hot_answers.labels)
        self._tenants: set[str] = {"", "other"}

    def observe(self, method: str, route: str, status: int, *, seconds: float, tenant: str) -> None:
        durations, answers = self._request_children(method, route, status, tenant)
        durations.observe(seconds)
        answers.inc()

    def _children(
        self, method: str, route: str, status: int, tenant: str
    ) -> tuple[Histogram, Counter]:
        known_method = method if method in _METHODS else "other"
        return (
            self._seconds.labels(known_method, route or "none"),
            self._answers.labels(self._label(tenant), str(status)),
        )

    def limited(self, kind: str, limit: str) -> None:
        self._limited.labels(kind, limit).inc()

    def hot_answer(self, result: str) -> None:
        self._hot_answers_of(result).inc()

    def hot_bytes(self, number: int) -> None:
        self._hot_bytes.set(number)

    def hot_eviction(self) -> None:
        self._hot_evictions.inc()

    def version_poll(self, of: str, *, answered: bool) -> None:
        self._version_polls.labels(of, "yes" if answered else "no").inc()

    def _label(self, tenant: str) -> str:
        if tenant not in self._tenants:
            if len(self._tenants) >= _TENANTS:
                return "other"
            self._tenants.add(tenant)
        return tenant
