"""Runs a module under a wrong clock: `python -m tests.faults.clock DIAL MODULE ARGUMENT…`.

What the process takes for now is later than it is, by as much as the dial says, which may be turned
while it runs; how long things take is as it was.
"""

import datetime
import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

_SECONDS = struct.Struct("d")


class Dial:
    """A file that says by how many seconds a process takes the time to be later than it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(_SECONDS.pack(0.0))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _SECONDS.size)

    @property
    def seconds(self) -> float:
        [found] = _SECONDS.unpack_from(self._bytes)
        return float(found)

    def turn(self, seconds: float) -> None:
        """Sets whoever reads it forward, or back."""
        _SECONDS.pack_into(self._bytes, 0, seconds)


class _Like(type):
    """Makes times that were made elsewhere, as by the database's driver, instances too."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, cls.__mro__[1])


def follow(dial: Dial) -> None:
    """Has this process's clock say what the dial says."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + dial.seconds
    time.time_ns = lambda: now_ns() + int(dial.seconds * 1e9)

    class Shifted(datetime.datetime, metaclass=_Like):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp(time.time(), tz)

    datetime.datetime = Shifted  # type: ignore[misc]


if __name__ == "__main__":
    follow(Dial(Path(sys.argv[1])))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
