"""Runs a module under a wrong clock: `python -m tests.faults.clock SECONDS MODULE ARGUMENT…`.

What the process takes for now is that much later than it is; how long things take is as it was.
"""

import datetime
import runpy
import sys
import time


class _Like(type):
    """Makes times that were made elsewhere, as by the database's driver, instances too."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, cls.__mro__[1])


def shift(seconds: float) -> None:
    """Sets this process's clock forward, or back."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + int(seconds * 1e9)

    class Shifted(datetime.datetime, metaclass=_Like):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp(time.time(), tz)

    datetime.datetime = Shifted  # type: ignore[misc]


if __name__ == "__main__":
    shift(float(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
