"""How much is tried: a part in `make test`, everything in `make campaign-isolation`."""

import itertools
import os
from collections.abc import Callable, Sequence
from typing import TypeVar

R = TypeVar("R")
C = TypeVar("C")

CAMPAIGN = os.environ.get("SOUK_CAMPAIGN") == "isolation"


def size(small: int, full: int) -> int:
    return full if CAMPAIGN else small


def covering(
    rows: Sequence[R], columns: Sequence[C], outcome: Callable[[R, C], str], *, turn: int
) -> list[tuple[R, C]]:
    """Chooses cells of a table: in each column each outcome, each by the next row that has it.

    Tables with as many consecutive turns as rows have each pair of a row and a column between them.
    The campaign has every cell.
    """
    if CAMPAIGN:
        return list(itertools.product(rows, columns))
    start = turn % len(rows)
    cells: list[tuple[R, C]] = []
    for column in columns:
        found: dict[str, tuple[R, C]] = {}
        for row in (*rows[start:], *rows[:start]):
            found.setdefault(outcome(row, column), (row, column))
        cells += found.values()
    return cells
