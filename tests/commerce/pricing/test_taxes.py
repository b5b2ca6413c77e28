"""Which tax rates apply."""

from decimal import Decimal
from itertools import permutations

from services.commerce.pricing.taxes import (
    LocalRates,
    RateRule,
    Reference,
    RegionRate,
    TaxRegion,
    local_rates,
)

CANADA = TaxRegion("canada", "ca")
ONTARIO = TaxRegion("ontario", "ca", "ca-on")
FRANCE = TaxRegion("france", "fr")
REGIONS = [CANADA, ONTARIO, FRANCE]


def region_rate(percent, region, *rules, default=False, combinable=False, name=None):
    found = tuple(RateRule(Reference(kind), reference) for kind, reference in rules)
    value = None if percent is None else Decimal(str(percent))
    name = name or f"{region.id}-{percent}"
    return RegionRate(name, region.id, name, name, value, default, combinable, found)


def at(country, province, *rates) -> LocalRates:
    return local_rates(country, province, REGIONS, rates)


def percents(rates):
    return [float(rate.percent) for rate in rates]


def test_the_default_applies_where_no_rule_does():
    rates = at("fr", None, region_rate(20, FRANCE, default=True), region_rate(9, FRANCE))

    assert percents(rates.for_item("shirt")) == percents(rates.for_shipping("post")) == [20]


def test_a_country_without_a_tax_region_has_no_tax():
    general = region_rate(20, FRANCE, default=True)

    assert at("de", None, general).for_item("shirt") == ()
    assert local_rates("ca", "ca-on", [ONTARIO], [region_rate(13, ONTARIO, default=True)]) == (
        LocalRates()
    )


def test_a_product_comes_before_its_type_and_that_before_the_default():
    default = region_rate("8.1", FRANCE, default=True)
    of_type = region_rate("2.6", FRANCE, ("product_type", "book"))
    of_product = region_rate(0, FRANCE, ("product", "atlas"))

    for rates in permutations([default, of_type, of_product]):
        here = at("fr", None, *rates)
        assert percents(here.for_item("atlas", "book")) == [0]
        assert percents(here.for_item("novel", "book")) == [2.6]
        assert percents(here.for_item("shirt", "clothes")) == [8.1]


def test_a_rate_of_the_province_stands_instead_of_the_countrys():
    country = region_rate(5, CANADA, default=True)
    province = region_rate(13, ONTARIO, default=True)

    assert percents(at("ca", "ca-on", country, province).for_item("shirt")) == [13]
    assert percents(at("ca", "ca-qc", country, province).for_item("shirt")) == [5]
    assert percents(at("ca", None, country, province).for_item("shirt")) == [5]


def test_a_combinable_rate_of_the_province_is_added_to_the_countrys():
    country = region_rate(5, CANADA, default=True)
    province = region_rate(13, ONTARIO, default=True, combinable=True)

    assert percents(at("ca", "ca-on", country, province).for_item("shirt")) == [13, 5]
    assert percents(at("ca", "ca-on", province).for_item("shirt")) == [13]


def test_a_combinable_rate_of_the_country_is_added_to_nothing():
    country = region_rate(5, CANADA, default=True, combinable=True)
    province = region_rate(13, ONTARIO, default=True)

    assert percents(at("ca", "ca-on", country, province).for_item("shirt")) == [13]
    assert percents(at("ca", None, country).for_item("shirt")) == [5]


def test_a_default_of_the_province_comes_before_a_product_of_the_country():
    country = region_rate(0, CANADA, ("product", "atlas"))
    province = region_rate(13, ONTARIO, default=True)

    assert percents(at("ca", "ca-on", country, province).for_item("atlas")) == [13]


def test_shipping_has_its_options_rate_or_the_default():
    default = region_rate(20, FRANCE, default=True)
    books = region_rate("5.5", FRANCE, ("product_type", "book"))
    post = region_rate(0, FRANCE, ("shipping_option", "post"))
    here = at("fr", None, default, books, post)

    assert percents(here.for_shipping("post")) == [0]
    assert percents(here.for_shipping("courier")) == [20]


def test_codes_of_places_are_compared_without_case():
    rates = at("CA", "CA-ON", region_rate(13, ONTARIO, default=True))

    assert percents(rates.for_item("shirt")) == [13]


def test_the_code_of_a_province_may_lack_its_countrys():
    rates = region_rate(5, CANADA, default=True), region_rate(13, ONTARIO, default=True)

    for code in ("on", "ON", "ca-on", " CA-ON "):
        assert percents(at("ca", code, *rates).for_item("shirt")) == [13]
    assert percents(at("ca", "o", *rates).for_item("shirt")) == [5]


def test_a_country_is_no_province_of_itself():
    rate = region_rate(5, CANADA, default=True, combinable=True)

    for code in ("", " ", "ca-", None):
        assert percents(at("ca", code, rate).for_item("shirt")) == [5]


def test_a_rate_without_a_percentage_counts_as_zero():
    assert percents(at("fr", None, region_rate(None, FRANCE, default=True)).for_item("a")) == [0]


def test_a_gift_card_carries_no_tax():
    assert (
        at("fr", None, region_rate(20, FRANCE, default=True)).for_item("card", is_giftcard=True)
        == ()
    )


def test_of_two_rates_for_one_product_it_is_always_the_same():
    rates = [region_rate(n, FRANCE, ("product", "atlas"), name=f"rate-{n}") for n in (7, 3)]

    assert percents(at("fr", None, *rates).for_item("atlas")) == [3]
    assert percents(at("fr", None, *reversed(rates)).for_item("atlas")) == [3]


def test_a_region_that_changes_takes_its_rates_with_it():
    rates = [region_rate(20, FRANCE, default=True), region_rate(5, CANADA, default=True)]

    assert percents(at("fr", None, *rates).for_item("shirt")) == [20]
    assert percents(at("ca", None, *rates).for_item("shirt")) == [5]
