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
    """Chooses cells of a table: each row at least once, and in each column each outcome.

    Tables with consecutive turns have each pair of a row and a column between them. The campaign
    has every cell.
    """
    if CAMPAIGN:
        return list(itertools.product(rows, columns))
    cells = [(row, columns[(number + turn) % len(columns)]) for number, row in enumerate(rows)]
    start = turn % len(rows)
    for column in columns:
        found = {outcome(row, other) for row, other in cells if other == column}
        for row in (*rows[start:], *rows[:start]):
            if (end := outcome(row, column)) not in found:
                found.add(end)
                cells.append((row, column))
    return cells
