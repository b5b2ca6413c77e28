"""Which tax rates apply to goods and to shipping at an address.

A country without a tax region of its own has no tax. Of the rates of a province and its country,
one applies, the first of: the product's (or the shipping option's) in the province, its type's
there, the province's default; then the same in the country. If it is combinable and of a province,
the best one of the country is added to it. Shipping has its option's rate or the default, whatever
rates the goods have.
"""

from collections.abc import Iterable
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
class LocalRates:
    """The rates of an address, those of the province before those of the country."""

    province: tuple[RegionRate, ...] = ()
    country: tuple[RegionRate, ...] = ()

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
    """Selects the rates of an address; none without a tax region for the country itself."""
    by_place = {_place(region.country_code, region.province_code): region for region in regions}
    country = by_place.get(_place(country_code, None))
    if country is None:
        return LocalRates()
    province = by_place.get(_place(country_code, province_code)) if province_code else None
    # Sorted, so that of two rates for one product it is always the same that applies.
    ordered = sorted(rates, key=lambda rate: rate.id)
    return LocalRates(
        tuple(rate for rate in ordered if province and rate.tax_region_id == province.id),
        tuple(rate for rate in ordered if rate.tax_region_id == country.id),
    )


def _place(country_code: str, province_code: str | None) -> tuple[str, str]:
    return country_code.casefold(), (province_code or "").casefold()


def _best(rates: Iterable[RegionRate], subjects: list[RateRule]) -> RegionRate | None:
    found = list(rates)
    for rule in subjects:
        for rate in found:
            if rule in rate.rules:
                return rate
    return next((rate for rate in found if rate.is_default), None)


def _tax_rate(rate: RegionRate) -> TaxRate:
    return TaxRate(rate.id, rate.code, rate.name, rate.percent or Decimal(0))
