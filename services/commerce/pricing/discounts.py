"""Applies promotions to the lines and shipping methods of a cart.

Which promotions, and in which order, is in `promotions`. The result is the same for every order of
lines, promotions and codes: wherever lines compete, the cheaper unit comes first, then the id.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.commerce.pricing.apportionment import apportion, percentage
from services.commerce.pricing.buy_get import Units, units_bought_and_discounted
from services.commerce.pricing.conditions import all_hold
from services.commerce.pricing.lines import Line
from services.commerce.pricing.open_lines import OpenLine, Target
from services.commerce.pricing.promotions import (
    Allocation,
    Circumstances,
    MethodType,
    Promotion,
    PromotionType,
    TargetType,
    applies,
    in_stacking_order,
)

Shares = list[tuple[OpenLine, int]]


@dataclass(frozen=True, slots=True)
class Discounted:
    """The same lines in the same order with their adjustments, and which promotions made them.

    Those are the ones whose limits and budgets an order uses up.
    """

    items: tuple[Line, ...]
    shipping_methods: tuple[Line, ...]
    promotion_ids: tuple[str, ...]


def apply_promotions(
    promotions: Iterable[Promotion],
    cart: Circumstances,
    items: Iterable[Target],
    shipping_methods: Iterable[Target] = (),
) -> Discounted:
    """Stacks every promotion that applies; no line is discounted below 0."""
    goods = [OpenLine(target) for target in items]
    methods = [OpenLine(target) for target in shipping_methods]
    budget_uses: Counter[str] = Counter()
    effective: list[str] = []
    for promotion in in_stacking_order(promotions):
        if not applies(promotion, cart):
            continue
        shares, used_units = _shares(promotion, goods, methods)
        cost = _cost(promotion, shares)
        if not shares or not _is_affordable(promotion, cost, budget_uses):
            continue
        for line, amount in shares:
            line.take(promotion, amount)
        for line, units in used_units:
            line.units -= units
        if promotion.campaign:
            budget_uses[promotion.campaign.id] += cost
        effective.append(promotion.id)
    return Discounted(
        tuple(line.closed() for line in goods),
        tuple(method.closed() for method in methods),
        tuple(effective),
    )


def _cost(promotion: Promotion, shares: Shares) -> int:
    """Returns what a promotion uses of its campaign's budget."""
    budget = promotion.campaign and promotion.campaign.budget
    return sum(amount for _, amount in shares) if budget and budget.is_spend else 1


def _is_affordable(promotion: Promotion, cost: int, budget_uses: Counter[str]) -> bool:
    campaign = promotion.campaign
    if campaign is None or campaign.budget is None or campaign.budget.limit is None:
        return True
    return campaign.budget.used + budget_uses[campaign.id] + cost <= campaign.budget.limit


def _shares(
    promotion: Promotion, goods: Sequence[OpenLine], methods: Sequence[OpenLine]
) -> tuple[Shares, Units]:
    """Returns what is taken off which lines, and the units that are then used up."""
    of_shipping = promotion.method.target_type is TargetType.SHIPPING_METHODS
    targets = [line for line in (methods if of_shipping else goods) if _is_target(line, promotion)]
    used_units: Units = []
    if promotion.type is PromotionType.BUYGET:
        rules = promotion.method.buy_rules
        buyable = [line for line in goods if all_hold(rules, line.target.context)]
        bought, discounted = units_bought_and_discounted(promotion.method, buyable, targets)
        used_units = bought + discounted
        shares = [(line, line.discount(promotion, units)) for line, units in discounted]
    else:
        shares = _standard(promotion, targets)
    return [(line, amount) for line, amount in shares if amount > 0], used_units


def _is_target(line: OpenLine, promotion: Promotion) -> bool:
    return (
        line.target.is_discountable
        and line.remaining(promotion) > 0
        and all_hold(promotion.method.target_rules, line.target.context)
    )


def _standard(promotion: Promotion, targets: Sequence[OpenLine]) -> Shares:
    method = promotion.method
    if method.target_type is TargetType.ORDER or method.allocation is Allocation.ACROSS:
        return _across(promotion, targets)
    if method.allocation is Allocation.ONCE:
        return _once(promotion, targets)
    return [(line, line.discount(promotion, _units(promotion, line))) for line in targets]


def _units(promotion: Promotion, line: OpenLine) -> int:
    quantity, most = line.target.line.quantity, promotion.method.max_quantity
    return quantity if most is None else min(quantity, most)


def _once(promotion: Promotion, targets: Sequence[OpenLine]) -> Shares:
    """Discounts so many units of the whole cart, the cheapest first."""
    shares, units_remaining = [], promotion.method.max_quantity or 1
    for line in sorted(targets, key=lambda line: line.price_rank):
        units = min(line.target.line.quantity, units_remaining)
        shares.append((line, line.discount(promotion, units)))
        units_remaining -= units
    return shares


def _across(promotion: Promotion, targets: Sequence[OpenLine]) -> Shares:
    """Divides one discount among lines, in proportion to what is left of each."""
    remaining = {line.id: line.remaining(promotion) for line in targets}
    value, whole = promotion.method.value, sum(remaining.values())
    is_percentage = promotion.method.type is MethodType.PERCENTAGE
    amount = percentage(value, whole) if is_percentage else min(int(value), whole)
    parts = apportion(amount, remaining)
    return [(line, parts[line.id]) for line in targets]
