"""Exact division of whole amounts: rounding half up, and parts that sum to their whole."""

from collections.abc import Mapping
from decimal import Decimal


def round_half_up(numerator: int, denominator: int) -> int:
    """Divides, and rounds a half towards plus infinity; the denominator is positive."""
    return (2 * numerator + denominator) // (2 * denominator)


def percentage(percent: Decimal, amount: int) -> int:
    """Returns so many percent of an amount, rounded half up."""
    numerator, denominator = percent.as_integer_ratio()
    return round_half_up(numerator * amount, denominator * 100)


def apportion(whole: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Divides an amount in proportion to weights, so that the parts sum to it.

    Each part is rounded down; what is left over goes, a unit each, to the parts with the largest
    fractions, and among equal ones to the smaller key. The order of `weights` changes nothing. No
    part is larger than its weight if the whole is not larger than their sum.
    """
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    parts, fractions = {}, []
    for key, weight in weights.items():
        parts[key], fraction = divmod(whole * weight, total)
        fractions.append((-fraction, key))
    remainder = whole - sum(parts.values())
    if remainder:
        for _, key in sorted(fractions)[:remainder]:
            parts[key] += 1
    return parts
