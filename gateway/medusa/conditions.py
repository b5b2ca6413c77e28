"""Takes a query's $and and $or apart: conditions that all hold, of each one of its filters.

Only `$and` holds an `$or`. What is deeper stays a key of a filter, which no route takes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

Pair = tuple[str, str]
Condition = list[list[Pair]]
"""Filters, each the pairs of keys and values that it was written with."""

_AND = re.compile(r"\$and\[([0-9]{1,6})\]\[([^\[\]]+)\](.*)")
_OR = re.compile(r"\$or\[([0-9]{1,6})\]\[([^\[\]]+)\](.*)")


def split(pairs: Iterable[Pair]) -> tuple[list[Pair], list[Condition]]:
    """Returns the pairs outside of conditions, and the conditions."""
    outside, elements = _grouped(pairs, _AND)
    outside, choices = _grouped(outside, _OR)
    conditions = [choices] if choices else []
    for element in elements:
        plain, choices = _grouped(element, _OR)
        conditions += [[plain]] if plain else []
        conditions += [choices] if choices else []
    return outside, conditions


def _grouped(pairs: Iterable[Pair], form: re.Pattern[str]) -> tuple[list[Pair], list[list[Pair]]]:
    """Returns the pairs of another form, and those of this one by their place."""
    others: list[Pair] = []
    groups: defaultdict[int, list[Pair]] = defaultdict(list)
    for key, value in pairs:
        if match := form.fullmatch(key):
            place, name, rest = match.groups()
            groups[int(place)].append((f"{name}{rest}", value))
        else:
            others.append((key, value))
    return others, [groups[place] for place in sorted(groups)]
