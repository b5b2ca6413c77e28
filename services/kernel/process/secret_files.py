"""Secret files, which are read again when they change, without a restart."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from services.kernel.process import logs

CHECK_SECONDS = 1.0
# An unknown key triggers an immediate check, but a flood of them must not cause constant reads.
MIN_CHECK_SECONDS = 0.1

T = TypeVar("T")
SecretT = TypeVar("SecretT", covariant=True)


class Secret(Protocol[SecretT]):
    """A secret that may change."""

    def __call__(self) -> SecretT:
        """Returns the secret, at most a second old."""

    def again(self) -> SecretT:
        """Returns the secret after a fresh check, for use when something unknown was met."""


@dataclass(frozen=True, slots=True)
class Fixed(Generic[T]):
    """A secret that never changes."""

    value: T

    def __call__(self) -> T:
        return self.value

    def again(self) -> T:
        return self.value


class SecretFile(Generic[T]):
    """A secret in a file; `read` parses its text, or raises a ValueError."""

    def __init__(self, path: Path, read: Callable[[str], T]) -> None:
        self._path = path
        self._read = read
        try:
            self._version = self._file_version()
            self._value = read(path.read_text())
        except OSError as error:
            raise SystemExit(f"souk: cannot read the secret {path}: {error.strerror}") from None
        self._checked_at = time.monotonic()

    def __call__(self) -> T:
        return self._checked(CHECK_SECONDS)

    def again(self) -> T:
        return self._checked(MIN_CHECK_SECONDS)

    def _checked(self, age: float) -> T:
        now = time.monotonic()
        if now - self._checked_at >= age:
            self._checked_at = now
            self._reload_if_changed()
        return self._value

    def _reload_if_changed(self) -> None:
        """Reads a changed file; if it is unreadable, the old secret stays in use."""
        try:
            if (version := self._file_version()) != self._version:
                self._value, self._version = self._read(self._path.read_text()), version
                logs.logger().info("secret_read_again", file=self._path.name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logs.logger().warning(
                "secret_unreadable", file=self._path.name, error=type(error).__name__
            )

    def _file_version(self) -> tuple[int, int, int]:
        stat = self._path.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


def ring(text: str) -> tuple[bytes, ...]:
    """Reads shared keys, one a line: the first is used, and all are accepted.

    Raises:
        ValueError: there is none.
    """
    keys = tuple(line.strip().encode() for line in text.splitlines() if line.strip())
    if not keys:
        raise ValueError("no key")
    return keys
