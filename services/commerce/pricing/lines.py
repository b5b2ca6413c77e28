"""A line of a cart as rules see it, and what discounts leave of its price."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import lcm

from services.commerce.pricing.apportionment import round_half_up


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate that applies to a line, in percent from 0 to 100."""

    id: str
    code: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What one promotion takes off a line: with its tax, or net and the tax besides."""

    amount_minor: int
    is_tax_inclusive: bool
    promotion_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """So many units at a price, or a shipping method, whose quantity is 1.

    Rates add and never compound. Adjustments are in the order in which they were made.
    """

    id: str
    unit_price_minor: int
    quantity: int
    is_tax_inclusive: bool
    tax_rates: tuple[TaxRate, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


@lru_cache(maxsize=1024)
def whole_rates(percents: tuple[Decimal, ...]) -> tuple[tuple[int, ...], int]:
    """Writes percentages as fractions: their numerators, and the denominator they share."""
    ratios = [percent.as_integer_ratio() for percent in percents]
    common = lcm(*(denominator for _, denominator in ratios))
    return tuple(n * (common // d) for n, d in ratios), common * 100


class Balance:
    """What is still to be paid for a line: its whole price at first, less with each discount.

    Net and tax are whole numbers at every step, and neither ever grows or falls below 0. The line's
    tax is rounded once, not per unit. After a discount, it is in the same proportion to what is
    left as it was, unrounded, to the whole: to the gross if the discount was with tax, else to the
    net. So a discount with tax lowers the gross by exactly its amount, one without tax the net, and
    a discount of all that is left leaves exactly 0.
    """

    __slots__ = ("_full_gross", "_full_net", "_tax_denominator", "_tax_numerator", "net", "tax")

    def __init__(self, line: Line) -> None:
        numerators, denominator = whole_rates(tuple([rate.percent for rate in line.tax_rates]))
        numerator, price = sum(numerators), line.unit_price_minor * line.quantity
        self._tax_numerator = price * numerator
        self._tax_denominator = denominator + numerator * line.is_tax_inclusive
        self.tax = round_half_up(self._tax_numerator, self._tax_denominator)
        self.net = self._full_net = price - self.tax if line.is_tax_inclusive else price
        self._full_gross = self.net + self.tax

    @property
    def gross(self) -> int:
        return self.net + self.tax

    def remaining(self, *, is_tax_inclusive: bool) -> int:
        """Returns the most that a discount with tax, or one without, can take."""
        return self.gross if is_tax_inclusive else self.net

    def whole(self, *, is_tax_inclusive: bool) -> int:
        """Returns the price before all discounts, with tax or without."""
        return self._full_gross if is_tax_inclusive else self._full_net

    def take(self, amount: int, *, is_tax_inclusive: bool) -> tuple[int, int]:
        """Takes an amount off, or what is left if that is less; returns its net and its gross."""
        amount = min(amount, self.remaining(is_tax_inclusive=is_tax_inclusive))
        if amount <= 0:
            return 0, 0
        net, gross = self.net, self.gross
        if is_tax_inclusive:
            self.tax = self._share_of_tax(gross - amount, self._full_gross)
            self.net = gross - amount - self.tax
        else:
            self.net = net - amount
            self.tax = self._share_of_tax(self.net, self._full_net)
        return net - self.net, gross - self.gross

    def _share_of_tax(self, part: int, whole: int) -> int:
        return round_half_up(self._tax_numerator * part, self._tax_denominator * whole)
