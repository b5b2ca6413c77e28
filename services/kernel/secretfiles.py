"""Secret files that are replaced while processes run: they are read again when they change."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from services.kernel import telemetry

LOOK_SECONDS = 1.0
# Who meets what it does not know looks at once, but a flood of such must not read files all day.
SOONEST_SECONDS = 0.1

T = TypeVar("T")
Held = TypeVar("Held", covariant=True)


class Secret(Protocol[Held]):
    """Something secret that may change."""

    def __call__(self) -> Held:
        """Gives it as it was a second ago at the latest."""

    def again(self) -> Held:
        """Gives it as it is, for who has met something that it does not know."""


@dataclass(frozen=True, slots=True)
class Fixed(Generic[T]):
    """A secret that never changes."""

    held: T

    def __call__(self) -> T:
        return self.held

    def again(self) -> T:
        return self.held


class SecretFile(Generic[T]):
    """A secret in a file; `read` makes of its text what is needed, or raises a ValueError."""

    def __init__(self, path: Path, read: Callable[[str], T]) -> None:
        self._path = path
        self._read = read
        try:
            self._mark = self._marked()
            self._held = read(path.read_text())
        except OSError as error:
            raise SystemExit(f"souk: cannot read the secret {path}: {error.strerror}") from None
        self._looked_at = time.monotonic()

    def __call__(self) -> T:
        return self._looked(LOOK_SECONDS)

    def again(self) -> T:
        return self._looked(SOONEST_SECONDS)

    def _looked(self, age: float) -> T:
        now = time.monotonic()
        if now - self._looked_at >= age:
            self._looked_at = now
            self._look()
        return self._held

    def _look(self) -> None:
        """Reads what changed; what cannot be read is not believed, and the old one serves on."""
        try:
            if (mark := self._marked()) != self._mark:
                self._held, self._mark = self._read(self._path.read_text()), mark
                telemetry.logger().info("secret_read_again", file=self._path.name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            telemetry.logger().warning(
                "secret_unreadable", file=self._path.name, error=type(error).__name__
            )

    def _marked(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size


def ring(text: str) -> tuple[bytes, ...]:
    """Reads keys that are the same on both sides, one a line: the first is used, all are known.

    Raises:
        ValueError: there is none.
    """
    keys = tuple(line.strip().encode() for line in text.splitlines() if line.strip())
    if not keys:
        raise ValueError("no key")
    return keys
