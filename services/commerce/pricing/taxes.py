"""Which tax rates apply to goods and to shipping at an address.

A country without a tax region of its own has no tax. Of the rates of a province and its country,
one applies, the first of: the product's (or the shipping option's) in the province, its type's
there, the province's default; then the same in the country. If it is combinable and of a province,
the best one of the country is added to it. Shipping has its option's rate or the default, whatever
rates the goods have.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.commerce.pricing.lines import TaxRate


class Reference(StrEnum):
    PRODUCT = "product"
    PRODUCT_TYPE = "product_type"
    SHIPPING_OPTION = "shipping_option"


@dataclass(frozen=True, slots=True)
class TaxRegion:
    """A country, or a province of one; codes are compared without case."""

    id: str
    country_code: str
    province_code: str | None = None


@dataclass(frozen=True, slots=True)
class RateRule:
    """What a rate is for; a rate with several is for each of them."""

    reference: Reference
    reference_id: str


@dataclass(frozen=True, slots=True)
class RegionRate:
    """A rate of a tax region; one without a percentage counts as 0."""

    id: str
    tax_region_id: str
    code: str
    name: str
    percent: Decimal | None
    is_default: bool = False
    is_combinable: bool = False
    rules: tuple[RateRule, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rates:
    """The rates of one tax region: those with rules by what they are for, and the default."""

    by_rule: Mapping[RateRule, RegionRate]
    default: RegionRate | None


@dataclass(frozen=True, slots=True)
class LocalRates:
    """The rates of an address: those of the country and, before them, those of the province."""

    province: _Rates | None = None
    country: _Rates | None = None

    def for_item(
        self, product_id: str, product_type_id: str | None = None, *, is_giftcard: bool = False
    ) -> tuple[TaxRate, ...]:
        """Returns the rates of a product; a gift card is money, and carries none."""
        if is_giftcard:
            return ()
        subjects = [RateRule(Reference.PRODUCT, product_id)]
        if product_type_id is not None:
            subjects.append(RateRule(Reference.PRODUCT_TYPE, product_type_id))
        return self._applying(subjects)

    def for_shipping(self, shipping_option_id: str) -> tuple[TaxRate, ...]:
        return self._applying([RateRule(Reference.SHIPPING_OPTION, shipping_option_id)])

    def _applying(self, subjects: list[RateRule]) -> tuple[TaxRate, ...]:
        local, general = _best(self.province, subjects), _best(self.country, subjects)
        chosen = local or general
        added = general if local and local.is_combinable else None
        return tuple(_tax_rate(rate) for rate in (chosen, added) if rate)


def local_rates(
    country_code: str,
    province_code: str | None,
    regions: Iterable[TaxRegion],
    rates: Iterable[RegionRate],
) -> LocalRates:
    """Selects the rates of an address; none without a tax region for the country itself.

    A province's code may be written with its country's, as in ISO 3166-2, or without it.
    """
    by_place = {_place(region.country_code, region.province_code): region for region in regions}
    country = by_place.get(_place(country_code, None))
    if country is None:
        return LocalRates()
    place = _place(country_code, province_code)
    province = by_place.get(place) if place[1] else None
    # Sorted, so that of two rates for one product it is always the same that applies.
    ordered = sorted(rates, key=lambda rate: rate.id)
    of_province = _rates_of(province, ordered) if province else None
    return LocalRates(of_province, _rates_of(country, ordered))


def _rates_of(region: TaxRegion, rates: Iterable[RegionRate]) -> _Rates:
    own = [rate for rate in rates if rate.tax_region_id == region.id]
    by_rule: dict[RateRule, RegionRate] = {}
    for rate in own:
        for rule in rate.rules:
            by_rule.setdefault(rule, rate)
    return _Rates(by_rule, next((rate for rate in own if rate.is_default), None))


def _place(country_code: str, province_code: str | None) -> tuple[str, str]:
    country = country_code.casefold()
    return country, (province_code or "").strip().casefold().removeprefix(f"{country}-")


def _best(rates: _Rates | None, subjects: list[RateRule]) -> RegionRate | None:
    if rates is None:
        return None
    for rule in subjects:
        if found := rates.by_rule.get(rule):
            return found
    return rates.default


def _tax_rate(rate: RegionRate) -> TaxRate:
    return TaxRate(rate.id, rate.code, rate.name, rate.percent or Decimal(0))
