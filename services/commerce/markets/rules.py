"""What a region is for whoever buys in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MANUAL = "pp_system_default"
"""The payment provider that takes no money: it is settled elsewhere."""


@dataclass(frozen=True, slots=True)
class Market:
    """A region; codes are in upper case.

    An alias is a region once more, under an id that clients may still have.
    """

    id: str
    name: str
    currency_code: str
    countries: tuple[str, ...]
    automatic_taxes: bool = False
    includes_tax: bool = False
    payment_providers: tuple[str, ...] = (MANUAL,)
    metadata: Mapping[str, Any] | None = None
    is_alias: bool = False

    @property
    def only_country(self) -> str:
        """The country, if there is just one; else empty."""
        return self.countries[0] if len(self.countries) == 1 else ""


def find(markets: Sequence[Market], region_id: str) -> Market | None:
    """Returns the region of this id, or the first for an empty one; None if there is none."""
    return next((market for market in markets if region_id in ("", market.id)), None)


def canonical_id(markets: Sequence[Market], market: Market) -> str:
    """Returns the id that staff know a region by: the first may have a second one."""
    return markets[0].id if market.is_alias else market.id
