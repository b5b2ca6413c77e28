"""Which shipping options an address is offered, and what they cost.

An option is offered if an area of its service zone covers the address and its conditions hold. Its
price is one of its prices in the cart's currency whose conditions hold: one for the cart's region
before one for all, then the one with the most conditions, then the lowest. A flat option's prices
depend on `item_total` alone; a calculated one's also on `weight` and on `subtotal`, so a table of
weights is a price for each row. Amounts are in the context as they are in the conditions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.commerce.pricing.conditions import Condition, Context, all_hold


class PriceType(StrEnum):
    FLAT = "flat"
    CALCULATED = "calculated"


# What a price may depend on.
ATTRIBUTES = {
    PriceType.FLAT: ("item_total",),
    PriceType.CALCULATED: ("item_total", "subtotal", "weight"),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where to send to, as far as shipping asks."""

    country_code: str
    province_code: str = ""
    city: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A country, or as much of it as is given; names and codes are compared without case."""

    country_code: str
    province_code: str = ""
    city: str = ""
    postal_code: str = ""

    def covers(self, address: Address) -> bool:
        """Tells whether an address is in this area; a postal code must be the same."""
        return (
            _same(self.country_code, address.country_code)
            and (not self.province_code or _same(self.province_code, address.province_code))
            and (not self.city or _same(self.city, address.city))
            and (not self.postal_code or _same(self.postal_code, address.postal_code))
        )


@dataclass(frozen=True, slots=True)
class ShippingPrice:
    """A price of an option; without a region it is for every region of its currency."""

    amount_minor: int
    currency_code: str
    region_id: str | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A way of shipping to the areas of a service zone."""

    id: str
    shipping_profile_id: str
    price_type: PriceType
    areas: tuple[Area, ...]
    prices: tuple[ShippingPrice, ...]
    conditions: tuple[Condition, ...] = ()


def offered(
    options: Iterable[ShippingOption], address: Address | None, context: Context
) -> list[ShippingOption]:
    """Returns the options for an address, in their order; without one, those for any."""
    return [
        option
        for option in options
        if (address is None or any(area.covers(address) for area in option.areas))
        and all_hold(option.conditions, context)
    ]


def price(
    option: ShippingOption, *, currency_code: str, region_id: str, context: Context
) -> int | None:
    """Returns what an option costs, or None if it has no price for this cart.

    A flat option sees nothing of the context but what flat prices may depend on.
    """
    known = {key: context[key] for key in ATTRIBUTES[option.price_type] if key in context}
    matching = [
        (found.region_id is None, -len(found.conditions), found.amount_minor)
        for found in option.prices
        if found.currency_code == currency_code
        and found.region_id in (None, region_id)
        and all_hold(found.conditions, known)
    ]
    return min(matching)[2] if matching else None


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
