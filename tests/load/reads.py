"""Reads through a service: how long each takes, and how long it keeps the database's core busy.

Other work on the machine does not disturb the latter.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import asyncpg

from tests.load import table

READS = 200


class Read(NamedTuple):
    seconds: float
    of_core: float


async def measured(superuser: asyncpg.Connection, database: str, call: Any, request: Any) -> Any:
    """Reads again and again, after a first time that makes what connections keep."""
    await call(request)
    rows = await superuser.fetch(
        "SELECT pid FROM pg_stat_activity WHERE usename LIKE $1", f"{database}%"
    )
    backends = [Path(f"/proc/{row['pid']}/schedstat") for row in rows]
    return [await _read(backends, call, request) for _ in range(READS)]


async def _read(backends: Sequence[Path], call: Any, request: Any) -> Read:
    before, began = _of_core(backends), time.perf_counter()
    await call(request)
    return Read(time.perf_counter() - began, _of_core(backends) - before)


def _of_core(backends: Sequence[Path]) -> float:
    return sum(int(path.read_text().split()[0]) for path in backends) / 1e9


def print_line(name: str, small: Sequence[Read], large: Sequence[Read]) -> None:
    """Prints a line of reads in a large world, whose floor is the same in a small one."""
    seconds, of_core = zip(*large, strict=True)
    table.rate(name, 1 / median(seconds), 1 / median(read.seconds for read in small))
    print(
        f"  p99 {_p99(seconds):.1f} ms; of the database's core {1000 * median(of_core):.2f} ms,"
        f" p99 {_p99(of_core):.2f} ms; of the small one's"
        f" {1000 * median(read.of_core for read in small):.2f} ms"
    )


def _p99(seconds: Sequence[float]) -> float:
    return 1000 * quantiles(seconds, n=100)[98]
