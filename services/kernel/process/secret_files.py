"""Secret files, which are read again when they change, without a restart."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from services.kernel.process import logs

LOOK_SECONDS = 1.0
# An unknown key triggers an immediate check, but a flood of them must not cause constant reads.
SOONEST_SECONDS = 0.1

T = TypeVar("T")
Held = TypeVar("Held", covariant=True)


class Secret(Protocol[Held]):
    """A secret that may change."""

    def __call__(self) -> Held:
        """Returns the secret, at most a second old."""

    def again(self) -> Held:
        """Returns the secret after a fresh check, for use when something unknown was met."""


@dataclass(frozen=True, slots=True)
class Fixed(Generic[T]):
    """A secret that never changes."""

    held: T

    def __call__(self) -> T:
        return self.held

    def again(self) -> T:
        return self.held


class SecretFile(Generic[T]):
    """A secret in a file; `read` parses its text, or raises a ValueError."""

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
        """Reads a changed file; if it is unreadable, the old secret stays in use."""
        try:
            if (mark := self._marked()) != self._mark:
                self._held, self._mark = self._read(self._path.read_text()), mark
                logs.logger().info("secret_read_again", file=self._path.name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logs.logger().warning(
                "secret_unreadable", file=self._path.name, error=type(error).__name__
            )

    def _marked(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size


def ring(text: str) -> tuple[bytes, ...]:
    """Reads shared keys, one a line: the first is used, and all are accepted.

    Raises:
        ValueError: there is none.
    """
    keys = tuple(line.strip().encode() for line in text.splitlines() if line.strip())
    if not keys:
        raise ValueError("no key")
    return keys
