"""Names of the events that a call left: collected on commit, returned beside the answer."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

METADATA_KEY = "souk-events"
# An act of the head office may leave one per tenant; a caller does not need all their names.
_MOST = 20

_collected: ContextVar[list[str] | None] = ContextVar("souk_receipts", default=None)


@contextmanager
def collecting() -> Iterator[list[str]]:
    """Yields a list that collects the names of events left within the block."""
    names: list[str] = []
    token = _collected.set(names)
    try:
        yield names
    finally:
        _collected.reset(token)


def is_collecting() -> bool:
    return _collected.get() is not None


def collect(names: Iterable[str]) -> None:
    """Adds names of events, such as tenants/paris/events/evt_01…, without repeats."""
    collected = _collected.get()
    if collected is not None:
        known = set(collected)
        collected += [name for name in dict.fromkeys(names) if name not in known]


def encode(names: list[str]) -> str:
    return ",".join(names[:_MOST])


def decode(text: str) -> list[str]:
    return [name for name in text.split(",") if name]
