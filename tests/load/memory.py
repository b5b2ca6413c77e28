"""How much memory each process holds: its share of what it has mapped (PSS)."""

import re
from pathlib import Path

from deploy.local.platform import LocalPlatform
from tests.load.cores import PROCESSES


def of_platform(platform: LocalPlatform) -> dict[str, float]:
    """Megabytes of each process of ours; those of PostgreSQL and Valkey are not counted."""
    return {name: of_process(platform.pid(name)) for name in PROCESSES}


def of_process(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    assert found, "the kernel tells no PSS"
    return int(found[1]) / 1000
