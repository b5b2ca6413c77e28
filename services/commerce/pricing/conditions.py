"""Conditions over a cart, a line or an address: an attribute, an operator, and values.

A context maps an attribute, such as `customer.groups.id`, to its values as texts; one that has none
is an empty tuple, or missing. `eq`, `ne`, `in` and `nin` compare texts, the others numbers. An
amount is written in the context as in the condition.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from operator import ge, gt, le, lt

Context = Mapping[str, tuple[str, ...]]


class Operator(StrEnum):
    EQ = "eq"
    NE = "ne"
    IN = "in"
    NIN = "nin"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold; without values, it never does."""

    attribute: str
    operator: Operator
    values: tuple[str, ...]


_COMPARISONS: dict[Operator, Callable[[Decimal, Decimal], bool]] = {
    Operator.GT: gt,
    Operator.GTE: ge,
    Operator.LT: lt,
    Operator.LTE: le,
}


def all_hold(conditions: Iterable[Condition], context: Context) -> bool:
    """Tells whether every condition holds; none at all hold."""
    return all(holds(condition, context) for condition in conditions)


def holds(condition: Condition, context: Context) -> bool:
    """Tells whether a condition holds.

    Of an attribute with several values, `eq` needs each to be among the condition's, `ne` and `nin`
    none, `in` one; a comparison needs each to compare so with some value. An attribute without
    values fulfils `ne` and `nin` alone.
    """
    found, values = context.get(condition.attribute, ()), condition.values
    if not values:
        return False
    match condition.operator:
        case Operator.NE | Operator.NIN:
            return not set(found) & set(values)
        case Operator.IN:
            return bool(set(found) & set(values))
        case Operator.EQ:
            return bool(found) and set(found) <= set(values)
    compare = _COMPARISONS[condition.operator]
    return bool(found) and all(any(_compared(each, v, compare) for v in values) for each in found)


def _compared(one: str, other: str, compare: Callable[[Decimal, Decimal], bool]) -> bool:
    try:
        numbers = Decimal(one), Decimal(other)
    except InvalidOperation:
        return False
    return all(number.is_finite() for number in numbers) and compare(*numbers)
