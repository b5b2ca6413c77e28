"""Which shipping options are offered, and at what price."""

from itertools import permutations

import pytest

from services.commerce.pricing.conditions import Condition, Operator
from services.commerce.pricing.shipping import (
    Address,
    Area,
    PriceType,
    ShippingOption,
    ShippingPrice,
    offered,
    price,
)

FRANCE = (Area("fr"),)
STORE = {"enabled_in_store": ("true",), "is_return": ("false",)}


def option(*prices, areas=FRANCE, conditions=(), kind="flat", name="post"):
    return ShippingOption(name, "default", PriceType(kind), tuple(areas), prices, conditions)


def costs(amount, *conditions, currency="EUR", region=None):
    return ShippingPrice(amount, currency, region, conditions)


def when(attribute, operator, value):
    return Condition(attribute, Operator(operator), (value,))


def price_of(found, *, currency="EUR", region="france", **context):
    texts = {key: (str(value),) for key, value in context.items()}
    return price(found, currency_code=currency, region_id=region, context=texts)


@pytest.mark.parametrize(
    ("area", "covered"),
    [
        (Area("fr"), True),
        (Area("FR", "fr-idf"), True),
        (Area("fr", "fr-idf", "paris"), True),
        (Area("fr", city="Paris", postal_code="75011"), True),
        (Area("de"), False),
        (Area("fr", "fr-ara"), False),
        (Area("fr", city="Lyon"), False),
        (Area("fr", postal_code="75012"), False),
        (Area("fr", postal_code="7501"), False),
    ],
)
def test_an_area_covers_an_address_where_all_that_it_names_is_the_same(area, covered):
    assert area.covers(Address("fr", "FR-IDF", "Paris", " 75011 ")) is covered


def test_options_are_offered_where_any_area_covers_the_address():
    here = option(areas=[Area("de"), Area("fr", "fr-idf")], name="here")
    there = option(areas=[Area("de")], name="there")

    assert offered([here, there], Address("fr", "fr-idf"), STORE) == [here]
    assert offered([here, there], Address("de"), STORE) == [here, there]
    assert offered([option(areas=[])], Address("fr"), STORE) == []


def test_without_an_address_every_option_is_offered():
    found = [option(areas=[Area("de")]), option(areas=[Area("fr")])]

    assert offered(found, None, STORE) == found


def test_an_option_is_offered_where_its_conditions_hold():
    shop = option(conditions=(when("enabled_in_store", "eq", "true"),))
    back = option(conditions=(when("is_return", "eq", "true"),))

    assert offered([shop, back], Address("fr"), STORE) == [shop]


def test_a_price_is_of_the_carts_currency():
    assert price_of(option(costs(500), costs(600, currency="USD")), currency="USD") == 600
    assert price_of(option(costs(500)), currency="TND") is None


def test_a_price_of_the_region_comes_before_one_for_all():
    prices = [costs(400), costs(500, region="france"), costs(300, region="spain")]

    for order in permutations(prices):
        assert price_of(option(*order)) == 500


@pytest.mark.parametrize(("total", "amount"), [("99.99", 700), (100, 0), (50, 700)])
def test_shipping_is_free_from_a_total_and_not_below_it(total, amount):
    free = costs(0, when("item_total", "gte", "100"))

    assert price_of(option(costs(700), free), item_total=total) == amount


def test_of_the_prices_that_fit_the_one_with_most_conditions_wins_then_the_lowest():
    between = costs(500, when("item_total", "gte", "10"), when("item_total", "lt", "50"))
    prices = [costs(100), costs(200, when("item_total", "gte", "10")), between]

    for order in permutations(prices):
        assert price_of(option(*order), item_total=20) == 500
        assert price_of(option(*order), item_total=60) == 200
    assert price_of(option(costs(300), costs(200))) == 200


def test_a_calculated_price_depends_on_the_weight():
    table = option(
        costs(500, when("weight", "lte", "1000")),
        costs(900, when("weight", "gt", "1000"), when("weight", "lte", "5000")),
        kind="calculated",
    )

    assert price_of(table, weight=1000) == 500
    assert price_of(table, weight=1001) == 900
    assert price_of(table, weight=5001) is None


def test_a_flat_price_does_not_depend_on_the_weight():
    assert price_of(option(costs(500, when("weight", "lte", "1000"))), weight=10) is None
