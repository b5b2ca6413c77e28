"""What each line and the whole cart cost, under the names of Medusa's fields.

Tax is rounded per line, half up, to the currency's smallest unit; everything else is a sum or a
difference of whole amounts. So the parts always sum to the whole, in any order of the lines:

- a line's total is its subtotal - discount_subtotal + tax_total
- it is also its original_total - discount_total
- its tax lines sum to its tax_total, its adjustments to its discount_subtotal and discount_total
- the cart's totals are the sums over items and shipping methods, less credit

What each line has is a named tuple, because making one takes a tenth of the time of a frozen class.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.commerce.pricing.apportionment import apportion
from services.commerce.pricing.lines import Adjustment, Balance, Line, TaxRate, whole_rates


class TaxLineTotals(NamedTuple):
    """One rate's part of a line's tax: `subtotal` before discounts, `total` after."""

    rate: TaxRate
    subtotal: int
    total: int


class AdjustmentTotals(NamedTuple):
    """What an adjustment took: `subtotal` without tax, `total` with it."""

    adjustment: Adjustment
    subtotal: int
    total: int


class LineTotals(NamedTuple):
    """The totals of an item or of a shipping method."""

    id: str
    subtotal: int
    tax_total: int
    total: int
    discount_subtotal: int
    discount_tax_total: int
    discount_total: int
    original_subtotal: int
    original_tax_total: int
    original_total: int
    tax_lines: tuple[TaxLineTotals, ...]
    adjustments: tuple[AdjustmentTotals, ...]


@dataclass(frozen=True, slots=True)
class CartTotals:
    """The totals of a cart, and those of its lines in the order given.

    As in Medusa, `subtotal` is net, before discounts, and with shipping, while `item_total`,
    `shipping_total` and `total` are after discounts and with tax.
    """

    items: tuple[LineTotals, ...]
    shipping_methods: tuple[LineTotals, ...]
    subtotal: int
    tax_total: int
    total: int
    discount_subtotal: int
    discount_tax_total: int
    discount_total: int
    original_subtotal: int
    original_tax_total: int
    original_total: int
    item_subtotal: int
    item_tax_total: int
    item_total: int
    item_discount_total: int
    original_item_subtotal: int
    original_item_tax_total: int
    original_item_total: int
    shipping_subtotal: int
    shipping_tax_total: int
    shipping_total: int
    shipping_discount_total: int
    original_shipping_subtotal: int
    original_shipping_tax_total: int
    original_shipping_total: int
    credit_line_total: int
    gift_card_total: int


def line_totals(line: Line) -> LineTotals:
    """Computes the totals of one line; discounts beyond its price are cut off."""
    balance = Balance(line)
    subtotal, original_tax = balance.net, balance.tax
    adjustments = _take_all(line.adjustments, balance) if line.adjustments else ()
    net, tax = balance.net, balance.tax
    return LineTotals(
        id=line.id,
        subtotal=subtotal,
        tax_total=tax,
        total=net + tax,
        discount_subtotal=subtotal - net,
        discount_tax_total=original_tax - tax,
        discount_total=subtotal - net + original_tax - tax,
        original_subtotal=subtotal,
        original_tax_total=original_tax,
        original_total=subtotal + original_tax,
        tax_lines=_tax_lines(line.tax_rates, original_tax, tax),
        adjustments=adjustments,
    )


def _take_all(
    adjustments: tuple[Adjustment, ...], balance: Balance
) -> tuple[AdjustmentTotals, ...]:
    return tuple(
        AdjustmentTotals(
            adjustment,
            *balance.take(adjustment.amount_minor, is_tax_inclusive=adjustment.is_tax_inclusive),
        )
        for adjustment in adjustments
    )


def _tax_lines(
    rates: tuple[TaxRate, ...], original_tax: int, tax: int
) -> tuple[TaxLineTotals, ...]:
    if len(rates) == 1:
        return (TaxLineTotals(rates[0], original_tax, tax),)
    numerators, _ = whole_rates(tuple(rate.percent for rate in rates))
    weights = {rate.id: weight for rate, weight in zip(rates, numerators, strict=True)}
    before = apportion(original_tax, weights)
    after = before if tax == original_tax else apportion(tax, weights)
    return tuple(TaxLineTotals(rate, before[rate.id], after[rate.id]) for rate in rates)


def cart_totals(
    items: Iterable[Line], shipping_methods: Iterable[Line] = (), *, credit_minor: int = 0
) -> CartTotals:
    """Computes all totals of a cart.

    Credit pays for what is owed and no more: `credit_line_total` is what was used of it, and the
    total is never negative.
    """
    goods = tuple(line_totals(line) for line in items)
    methods = tuple(line_totals(method) for method in shipping_methods)
    item, shipping = _Sums(goods), _Sums(methods)
    owed = item.total + shipping.total
    credit = min(credit_minor, owed)
    subtotal = item.subtotal + shipping.subtotal
    tax, original_tax = item.tax + shipping.tax, item.original_tax + shipping.original_tax
    original_total = item.original_total + shipping.original_total
    discount_total = original_total - owed
    return CartTotals(
        items=goods,
        shipping_methods=methods,
        subtotal=subtotal,
        tax_total=tax,
        total=owed - credit,
        discount_subtotal=discount_total - (original_tax - tax),
        discount_tax_total=original_tax - tax,
        discount_total=discount_total,
        original_subtotal=subtotal,
        original_tax_total=original_tax,
        original_total=original_total,
        item_subtotal=item.subtotal,
        item_tax_total=item.tax,
        item_total=item.total,
        item_discount_total=item.original_total - item.total,
        original_item_subtotal=item.subtotal,
        original_item_tax_total=item.original_tax,
        original_item_total=item.original_total,
        shipping_subtotal=shipping.subtotal,
        shipping_tax_total=shipping.tax,
        shipping_total=shipping.total,
        shipping_discount_total=shipping.original_total - shipping.total,
        original_shipping_subtotal=shipping.subtotal,
        original_shipping_tax_total=shipping.original_tax,
        original_shipping_total=shipping.original_total,
        credit_line_total=credit,
        gift_card_total=0,
    )


class _Sums:
    """The sums over lines from which all of a cart's totals follow."""

    __slots__ = ("original_tax", "original_total", "subtotal", "tax", "total")

    def __init__(self, lines: Sequence[LineTotals]) -> None:
        self.subtotal = self.tax = self.total = self.original_tax = self.original_total = 0
        for line in lines:
            self.subtotal += line.subtotal
            self.tax += line.tax_total
            self.total += line.total
            self.original_tax += line.original_tax_total
            self.original_total += line.original_total
