"""Buy X, get Y."""

from itertools import permutations

import pytest

from services.commerce.pricing.discounts import apply_promotions
from tests.commerce.pricing.promotion_builders import cart, promotion, target, where


def saved(promotions, *targets, methods=()):
    """Returns what each line saves, by its id; lines that save nothing are left out."""
    found = apply_promotions(promotions, cart(), targets, methods)
    sums = {
        line.id: sum(adjustment.amount_minor for adjustment in line.adjustments)
        for line in (*found.items, *found.shipping_methods)
    }
    return {name: amount for name, amount in sums.items() if amount}


def buy_get(buy, get, value=100, **rest):
    rest.setdefault("max_quantity", 100)
    return promotion(value, buy=buy, get=get, **rest)


def test_the_cheapest_unit_is_the_free_one():
    lines = [target(1000 * n, name=f"line-{n}") for n in (5, 3, 2, 1)]

    for order in permutations(lines):
        assert saved([buy_get(2, 1)], *order) == {"line-1": 1000}
    assert saved([buy_get(2, 1)], *lines[:3]) == {"line-2": 2000}


@pytest.mark.parametrize(("most", "free"), [(10, 2), (2, 2), (1, 1)])
def test_every_whole_set_counts_up_to_the_largest_number_of_units(most, free):
    assert saved([buy_get(2, 1, max_quantity=most)], target(500, 6)) == {"line": 500 * free}


def test_a_set_that_the_cart_cannot_fill_gives_nothing():
    assert saved([buy_get(10, 20)], target(500, 10)) == {}
    assert saved([buy_get(2, 2, max_quantity=3)], target(500, 8)) == {"line": 1000}


def test_half_of_the_price_is_half_of_the_price():
    assert saved([buy_get(1, 1, 50)], target(1001, 2)) == {"line": 501}


def test_an_amount_is_taken_off_each_unit_and_no_more_than_its_price():
    assert saved([buy_get(1, 1, 300, fixed=True)], target(1000, 4)) == {"line": 600}
    assert saved([buy_get(1, 1, 5000, fixed=True)], target(1000, 4)) == {"line": 2000}


def test_units_bought_and_units_discounted_may_differ():
    offer = buy_get(
        1,
        1,
        buy_rules=where("product", "eq", "phone"),
        target_rules=where("product", "eq", "case"),
    )
    phone = target(50000, 1, product="phone", name="phone")
    case = target(2000, 3, product="case", name="case")

    assert saved([offer], phone, case) == {"case": 2000}
    assert saved([offer], case) == {}


def test_bought_are_first_the_units_that_could_not_be_discounted():
    offer = buy_get(1, 1, target_rules=where("product", "eq", "case"))
    case, strap = target(2000, name="case", product="case"), target(500, name="strap")

    assert saved([offer], case, strap) == {"case": 2000}


def test_the_order_in_which_lines_were_added_changes_nothing():
    others = [target(1000 + n, name=f"other-{n}") for n in range(4)]
    shirt = target(1500, 2, name="shirt")

    assert saved([buy_get(3, 1)], *others, shirt) == saved([buy_get(3, 1)], shirt, *others)


def test_a_unit_counts_for_one_promotion_alone():
    offers = [buy_get(1, 1, code="A"), buy_get(1, 1, code="B")]

    assert saved(offers, target(1000, 2)) == {"line": 1000}
    assert saved(offers, target(1000, 5)) == {"line": 2000}


def test_a_promotion_on_the_order_discounts_its_items():
    assert saved([buy_get(1, 1, target="order")], target(1000, 2)) == {"line": 1000}


def test_a_purchase_may_earn_the_shipping():
    offer = buy_get(2, 1, target="shipping_methods")

    assert saved([offer], target(1000, 2), methods=[target(700, name="post")]) == {"post": 700}
    assert saved([offer], target(1000, 1), methods=[target(700, name="post")]) == {}


def test_a_unit_that_may_not_be_discounted_may_be_bought():
    book = target(900, name="book", discountable=False)

    assert saved([buy_get(1, 1)], book, target(2000, name="shirt")) == {"shirt": 2000}
    assert saved([buy_get(1, 1)], book) == {}
