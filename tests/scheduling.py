"""How xdist hands the tests to its two workers: long modules first, so that both end together."""

from collections.abc import Iterable

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Those that take longest or start platforms of their own, the longest first. The rest follow.
LONG = (
    "tests/deploy/local/test_up.py",  # its first start becomes the snapshot that others start from
    "tests/isolation/test_fuzz.py",  # needs no platform, so it does not wait for that snapshot
    "tests/faults",
    "tests/isolation/test_replay.py",
    "tests/isolation/test_matrix_http.py",
    "tests/isolation/test_rpcs.py",
    "tests/isolation/test_matrix_rpcs.py",
)
TOGETHER = ("tests/faults",)
"""Folders whose modules share a platform, and so a worker."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a worker one module, or one folder of TOGETHER, after the other."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # keeps the order of `longest_first`

    def _split_scope(self, nodeid: str) -> str:
        module = str(super()._split_scope(nodeid))
        return next((one for one in TOGETHER if module.startswith(one)), module)


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    def place(item: pytest.Item) -> int:
        long = (n for n, start in enumerate(LONG) if item.nodeid.startswith(start))
        return next(long, len(LONG))

    return sorted(items, key=place)
