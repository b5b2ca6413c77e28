"""What can be promised of what is in stock, and from where it is taken."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

INSUFFICIENT = "INSUFFICIENT_INVENTORY"
"""Why a line of a cart cannot be bought: there are not so many."""

Available = Mapping[str, int]
"""How many there are to sell, by variant; less than none after a recount."""

AvailableAt = Mapping[tuple[str, str], int]
"""How many there are to sell, by variant and location."""


@dataclass(frozen=True, slots=True)
class Demand:
    """So many of a variant for a line of a cart; `without_stock`, also if there are not so many."""

    line_id: str
    variant_id: str
    quantity: int
    without_stock: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """How many of a variant are to be had at a location."""

    variant_id: str
    location_id: str
    available: int


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken from one location for a line."""

    demand: Demand
    location_id: str
    quantity: int


class Shortage(Exception):
    """There is not enough of what is demanded; `available` is what there is of what is counted."""

    def __init__(self, available: Available) -> None:
        super().__init__("not enough in stock")
        self.available = available


def short_lines(lines: Iterable[Demand], available: Available) -> frozenset[str]:
    """Returns the ids of lines for which those before them leave not enough.

    Variants that `available` does not have are not counted.
    """
    remaining, short = Counter(available), set()
    for line in lines:
        if line.variant_id not in available:
            continue
        if line.quantity > remaining[line.variant_id]:
            short.add(line.line_id)
        else:
            remaining[line.variant_id] -= line.quantity
    return frozenset(short)


def is_short(lines: Collection[Demand], stock: AvailableAt, location_id: str | None) -> bool:
    """Tells whether a location lacks some of what lines want; None means all of them together."""
    available = dict.fromkeys((line.variant_id for line in lines), 0)
    for (variant_id, place), number in stock.items():
        if variant_id in available and location_id in (None, place):
            available[variant_id] += number
    return bool(short_lines(lines, available))


def allocate(lines: Collection[Demand], levels: Sequence[Level]) -> list[Part]:
    """Decides from where each line is taken: from the first location that has all of it.

    If none has, it is split, since all together have it. Without stock, it is taken from the first
    location, whose level then owes it; a variant without any level owes nobody anything.

    Raises:
        Shortage: nothing at all must be taken.
    """
    remaining = {(level.variant_id, level.location_id): level.available for level in levels}
    total: Counter[str] = Counter()
    for level in levels:
        total[level.variant_id] += level.available
    available = {
        line.variant_id: total[line.variant_id] for line in lines if not line.without_stock
    }
    parts: list[Part] = []
    for line in lines:
        places = [key for key in remaining if key[0] == line.variant_id]
        if line.quantity > total[line.variant_id] and not line.without_stock:
            raise Shortage(available)
        total[line.variant_id] -= line.quantity
        for key, quantity in _shares(line, places, remaining):
            remaining[key] -= quantity
            parts.append(Part(line, key[1], quantity))
    return parts


_Place = tuple[str, str]


def _shares(
    line: Demand, places: Sequence[_Place], remaining: Mapping[_Place, int]
) -> list[tuple[_Place, int]]:
    whole = next((place for place in places if remaining[place] >= line.quantity), None)
    if whole is not None:
        return [(whole, line.quantity)]
    shares, missing = dict[_Place, int](), line.quantity
    for place in places:
        shares[place] = min(max(remaining[place], 0), missing)
        missing -= shares[place]
    if places:
        shares[places[0]] += missing
    return [(place, quantity) for place, quantity in shares.items() if quantity]
