"""What something costs by the prices of price lists."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SALE, OVERRIDE = "SALE", "OVERRIDE"
# What the contract can hold as a quantity.
_MOST = 2**31 - 1


class ListPrice(NamedTuple):
    """A price of a list that applies, in minor units; a quantity of 0 is no bound."""

    variant_id: str
    price_list_id: str
    kind: str
    currency: str
    amount: int
    least: int = 0
    most: int = 0
    is_for_group: bool = False

    def holds_for(self, quantity: int) -> bool:
        return self.least <= quantity and (not self.most or quantity <= self.most)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of something costs, and what without sales; with the lists that say so."""

    amount: int
    original: int
    by: ListPrice | None = None
    original_by: ListPrice | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """What one costs from one quantity to another; 0 is no bound."""

    least: int
    most: int
    cost: Cost


def cost(plain: int | None, prices: Iterable[ListPrice], quantity: int = 1) -> Cost | None:
    """Returns what one costs if that many are bought; None if there is no price.

    A price that replaces others does so first: one for a group of customers before one for
    everybody, and then the lowest. Of all sales the lowest counts, if it is lower than that.
    """
    holding = [price for price in prices if price.holds_for(quantity)]
    override = min(
        (price for price in holding if price.kind == OVERRIDE),
        key=lambda price: (not price.is_for_group, price.amount, price.price_list_id),
        default=None,
    )
    original = override.amount if override else plain
    if original is None:
        return None
    sale = min(
        (price for price in holding if price.kind == SALE and price.amount < original),
        key=lambda price: (price.amount, price.price_list_id),
        default=None,
    )
    amount = sale.amount if sale else original
    return Cost(amount, original, by=sale or override, original_by=override)


def tiers(
    plain: int | None, by_quantity: Sequence[tuple[int, int, int]], prices: Sequence[ListPrice]
) -> list[Tier]:
    """Returns what one costs by quantity, if that depends on it: each quantity is in one tier.

    `by_quantity` are the plain prices for some quantities: from, to, and the amount.
    """
    of_lists = [(price.least, price.most) for price in prices]
    starts = sorted({1, *_starts([*of_lists, *((least, most) for least, most, _ in by_quantity)])})
    if len(starts) == 1 and not by_quantity:
        return []
    found = []
    for start, following in zip(starts, [*starts[1:], 1], strict=True):
        fitting = [
            amount
            for least, most, amount in by_quantity
            if least <= start and (not most or start <= most)
        ]
        at_start = cost(min(fitting, default=plain), prices, start)
        if at_start is not None:
            found.append(Tier(start, following - 1, at_start))
    return found


def _starts(bounds: Iterable[tuple[int, int]]) -> Iterator[int]:
    for least, most in bounds:
        yield max(least, 1)
        if 0 < most < _MOST:
            yield most + 1
