"""Places in a list that some of its items ask for."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def placed(items: Iterable[tuple[T, int | None]]) -> list[T]:
    """Puts each item that comes with a rank in that place; the others keep their order.

    Of two with the same rank, the first is first. One beyond the last means the last.
    """
    pairs = list(items)
    result = [item for item, rank in pairs if rank is None]
    free = 0
    for item, rank in sorted(
        ((item, rank) for item, rank in pairs if rank is not None), key=lambda pair: pair[1]
    ):
        free = max(free, rank)
        result.insert(free, item)
        free += 1
    return result
