"""A line while promotions are applied to it."""

from dataclasses import dataclass, replace

from services.commerce.pricing.apportionment import percentage, round_half_up
from services.commerce.pricing.conditions import Context
from services.commerce.pricing.lines import Adjustment, Balance, Line
from services.commerce.pricing.promotions import MethodType, Promotion


@dataclass(frozen=True, slots=True)
class Target:
    """A line without adjustments, and what rules know of it, such as `items.product.id`."""

    line: Line
    context: Context
    is_discountable: bool = True


class OpenLine:
    """What earlier promotions have left of a line: its price, and the units not yet counted.

    A percentage is taken of the price as it is written: with tax if the line's price includes it.
    So a quarter off 239.00 is 59.75 whatever the tax, and 100 % leaves exactly 0. An amount is with
    tax or without as the promotion says, on shipping methods too.
    """

    __slots__ = ("_adjustments", "_balance", "_line", "target", "units")

    def __init__(self, target: Target) -> None:
        self.target = target
        self.units = target.line.quantity
        self._line = target.line
        self._balance = Balance(target.line)
        self._adjustments: list[Adjustment] = []

    @property
    def id(self) -> str:
        return self._line.id

    @property
    def price_rank(self) -> tuple[int, str]:
        """Sorts lines from the cheapest unit to the dearest."""
        return self._line.unit_price_minor, self._line.id

    def remaining(self, promotion: Promotion) -> int:
        """Returns the most that a promotion can take, in its own measure."""
        return self._balance.remaining(is_tax_inclusive=self._takes_gross(promotion))

    def discount(self, promotion: Promotion, units: int) -> int:
        """Returns what a promotion takes off so many units, at most their price."""
        whole = self._balance.whole(is_tax_inclusive=self._takes_gross(promotion))
        price = round_half_up(whole * units, self._line.quantity)
        most, value = min(self.remaining(promotion), price), promotion.method.value
        if promotion.method.type is MethodType.PERCENTAGE:
            return percentage(value, most)
        return min(int(value) * units, most)

    def take(self, promotion: Promotion, amount: int) -> None:
        inclusive = self._takes_gross(promotion)
        self._balance.take(amount, is_tax_inclusive=inclusive)
        self._adjustments.append(Adjustment(amount, inclusive, promotion.id, promotion.code))

    def closed(self) -> Line:
        """Returns the line with all adjustments."""
        return replace(self._line, adjustments=tuple(self._adjustments))

    def _takes_gross(self, promotion: Promotion) -> bool:
        is_percentage = promotion.method.type is MethodType.PERCENTAGE
        return promotion.is_tax_inclusive or (is_percentage and self._line.is_tax_inclusive)
