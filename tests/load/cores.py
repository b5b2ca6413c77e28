"""How long each process has kept a core busy: the cost of work, whatever else the machine does."""

import os
from collections.abc import Iterator
from pathlib import Path

from deploy.local.platform import LocalPlatform
from deploy.manifest import GATEWAY, SERVICES, WITNESS

PROCESSES = (GATEWAY.name, *(service.name for service in SERVICES), WITNESS.name)
_TICKS = os.sysconf("SC_CLK_TCK")


def of_process(pid: int, *, with_ended: bool = False) -> float:
    """Seconds of a process, 0 if it has ended; `with_ended` adds those of its ended children."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, stat[11 : 15 if with_ended else 13])) / _TICKS


def of_platform(platform: LocalPlatform) -> dict[str, float]:
    """Seconds of each process of a platform, and of PostgreSQL with all its backends."""
    seconds = {name: of_process(platform.pid(name)) for name in PROCESSES}
    postgres = platform.pid("postgres")
    seconds["postgres"] = of_process(postgres, with_ended=True) + sum(
        of_process(child) for child in _children(postgres)
    )
    seconds["valkey"] = of_process(platform.pid("valkey"))
    return seconds


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())
