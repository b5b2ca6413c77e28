"""Buy X, get Y: which units are bought, and which are discounted for it."""

from collections.abc import Iterable, Sequence

from services.commerce.pricing.open_lines import OpenLine
from services.commerce.pricing.promotions import ApplicationMethod

Units = list[tuple[OpenLine, int]]


def units_bought_and_discounted(
    method: ApplicationMethod, buyable: Sequence[OpenLine], targets: Sequence[OpenLine]
) -> tuple[Units, Units]:
    """Chooses units for as many whole sets as the cart, and the method's max_quantity, allow.

    Bought are first the units that could not be discounted, then the dearest; discounted are the
    cheapest of those left. No unit is both, and none counts for two promotions of this kind.
    """
    sets = _sets(method, buyable, targets)
    bought = _first(sets * method.buy_rules_min_quantity, _in_buying_order(buyable, targets))
    units_bought = dict(bought)
    cheapest = sorted(targets, key=lambda line: line.price_rank)
    unbought = [(line, line.units - units_bought.get(line, 0)) for line in cheapest]
    return bought, _first(sets * method.apply_to_quantity, unbought)


def _sets(
    method: ApplicationMethod, buyable: Sequence[OpenLine], targets: Sequence[OpenLine]
) -> int:
    buy, get = method.buy_rules_min_quantity, method.apply_to_quantity
    if buy < 1 or get < 1:
        return 0
    most = method.max_quantity
    all_buyable, all_targets = _count(buyable), _count(targets)
    only_buyable = _count(line for line in {*buyable} - {*targets})
    return min(
        all_buyable // buy,
        all_targets // get,
        # A unit that is bought is no longer there to be discounted.
        (only_buyable + all_targets) // (buy + get),
        *(() if most is None else (most // get,)),
    )


def _in_buying_order(buyable: Sequence[OpenLine], targets: Sequence[OpenLine]) -> Units:
    discountable = set(targets)
    dearest = sorted(buyable, key=lambda line: (line in discountable, -line.price_rank[0], line.id))
    return [(line, line.units) for line in dearest]


def _first(count: int, units: Iterable[tuple[OpenLine, int]]) -> Units:
    taken: Units = []
    for line, most in units:
        if part := min(count, most):
            taken.append((line, part))
            count -= part
    return taken


def _count(lines: Iterable[OpenLine]) -> int:
    return sum(line.units for line in lines)
