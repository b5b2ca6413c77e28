"""How much is tried: a part in `make test`, everything in `make campaign-isolation`."""

import os
import zlib
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

CAMPAIGN = os.environ.get("SOUK_CAMPAIGN") == "isolation"


def size(small: int, full: int) -> int:
    return full if CAMPAIGN else small


def chosen(cells: Iterable[T], *, one_in: int) -> list[T]:
    """Chooses one cell in so many by its name, always the same; all of them in the campaign."""
    return [c for c in cells if CAMPAIGN or zlib.crc32(repr(c).encode()) % one_in == 0]
