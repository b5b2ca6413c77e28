"""Medusa's totals, of lines and of carts, to the smallest unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.commerce.pricing.totals import CartTotals, LineTotals, cart_totals, line_totals
from tests.commerce.pricing.builders import less, line, lines, rate


@pytest.mark.parametrize(
    ("priced", "expected"),
    [
        (
            line(5000, 1, 10, incl=True, less=[less(1000)]),
            {"subtotal": 4545, "tax_total": 355, "total": 3900, "discount_total": 1100},
        ),
        (
            line(5000, 1, 10, incl=True, less=[less(1000, incl=True)]),
            {"subtotal": 4545, "tax_total": 364, "total": 4000, "discount_total": 1000},
        ),
        (
            line(10000, 2, 20, less=[less(3000)]),
            {"subtotal": 20000, "tax_total": 3400, "total": 20400, "discount_total": 3600},
        ),
    ],
)
def test_a_line_costs_what_medusa_says(priced, expected):
    totals = line_totals(priced)

    assert {field: getattr(totals, field) for field in expected} == expected


def test_a_line_says_what_it_cost_before_and_what_each_discount_took():
    totals = line_totals(line(10000, 2, 20, less=[less(3000, name="A"), less(1200, incl=True)]))

    assert (totals.original_subtotal, totals.original_tax_total) == (20000, 4000)
    assert (totals.discount_subtotal, totals.discount_tax_total) == (4000, 800)
    assert [(a.adjustment.code, a.subtotal, a.total) for a in totals.adjustments] == [
        ("A", 3000, 3600),
        ("PROMO", 1000, 1200),
    ]


def test_all_of_a_price_with_tax_taken_off_leaves_exactly_zero():
    gross = line_totals(line(39900, 1, 19, incl=True, less=[less(39900, incl=True)]))
    net = line_totals(line(39900, 1, 19, incl=True, less=[less(33529)]))

    assert (gross.total, gross.tax_total, net.total, net.tax_total) == (0, 0, 0, 0)


def test_all_of_net_prices_taken_off_leaves_exactly_zero():
    lines = [
        line(276271, 2, 18, name="a", less=[less(552542)]),
        line(254237, 2, 18, name="b", less=[less(508474)]),
    ]

    totals = cart_totals(lines)

    assert (totals.total, totals.tax_total, totals.item_discount_total) == (0, 0, 1251999)


def test_tax_is_computed_on_the_price_after_the_discount():
    totals = cart_totals([line(100000, 1, 20, less=[less(5000)])])

    assert (totals.tax_total, totals.total) == (19000, 114000)


def test_tax_is_rounded_per_line_and_not_per_unit():
    assert cart_totals([line(7000, 3, 20, less=[less(500)])]).tax_total == 4100
    assert cart_totals([line(1020, 1000, 23)]).tax_total == 234600


def test_a_net_cart_has_one_gross_total():
    assert cart_totals([line(8850, 4, 19)]).total == 42126


def test_a_quarter_off_a_price_with_tax_is_a_quarter_off_what_is_paid():
    assert cart_totals([line(2390, 10, 20, incl=True, less=[less(5975, incl=True)])]).total == 17925


def test_discounts_larger_than_the_cart_leave_zero_and_nothing_negative():
    totals = cart_totals([line(30000, 1, 20, less=[less(30000), less(50000)])])

    assert (totals.total, totals.discount_subtotal, totals.discount_total) == (0, 30000, 36000)


def test_credit_pays_for_what_is_owed_and_the_rest_is_kept():
    totals = cart_totals([line(5000)], [line(1000)], credit_minor=10000)

    assert (totals.total, totals.credit_line_total) == (0, 6000)


def test_currencies_of_any_decimals_are_whole_numbers_of_their_smallest_unit():
    yen = cart_totals([line(505, 3, 10, incl=True)])
    millimes = cart_totals([line(1234, 1, 19, incl=True)])

    assert (yen.total, yen.tax_total) == (1515, 138)
    assert (millimes.total, millimes.tax_total) == (1234, 197)


def test_the_parts_of_a_tax_sum_to_it_whatever_the_order_of_the_rates():
    parish, province = rate("9.975", "b"), rate(5, "a")
    discounted = {"less": [less(1001)], "name": "line"}

    totals = line_totals(line(3333, rates=[parish, province], **discounted))
    turned = line_totals(line(3333, rates=[province, parish], **discounted))

    assert [(t.rate.id, t.subtotal, t.total) for t in totals.tax_lines] == [
        ("b", 332, 232),
        ("a", 167, 117),
    ]
    assert set(totals.tax_lines) == set(turned.tax_lines)


def test_the_subtotal_of_a_cart_is_net_before_discounts_with_shipping():
    totals = cart_totals(
        [line(10000, 1, 20, less=[less(1000)])], [line(595, 1, 21, incl=True, name="post")]
    )

    assert totals.subtotal == totals.item_subtotal + totals.shipping_subtotal == 10000 + 492
    assert (totals.item_total, totals.shipping_total, totals.total) == (10800, 595, 11395)


@given(lines(), lines(prefix="method", quantity=st.just(1)), st.integers(0, 10**9))
def test_every_total_follows_from_the_lines(items, methods, credit):
    totals = cart_totals(items, methods, credit_minor=credit)

    lines_and_cart: list[LineTotals | CartTotals] = [
        *totals.items,
        *totals.shipping_methods,
        totals,
    ]
    for each in lines_and_cart:
        assert each.discount_total == each.discount_subtotal + each.discount_tax_total
        assert each.original_total == each.original_subtotal + each.original_tax_total
        assert each.original_total - each.discount_total == (
            each.subtotal - each.discount_subtotal + each.tax_total
        )
        assert min(v for v in _amounts(each)) >= 0
    for found in (*totals.items, *totals.shipping_methods):
        assert found.total == found.original_total - found.discount_total
        assert sum(part.total for part in found.tax_lines) == found.tax_total
        assert sum(part.subtotal for part in found.tax_lines) == found.original_tax_total
        assert sum(part.total for part in found.adjustments) == found.discount_total
        assert sum(part.subtotal for part in found.adjustments) == found.discount_subtotal
    assert totals.total == (
        totals.subtotal + totals.tax_total - totals.discount_subtotal - totals.credit_line_total
    )
    assert totals.total == totals.item_total + totals.shipping_total - totals.credit_line_total


def _amounts(totals):
    names = getattr(totals, "__slots__", None) or totals._fields
    return [value for name in names if isinstance(value := getattr(totals, name), int)]


@given(lines(), st.randoms())
def test_the_order_of_the_lines_changes_no_total(items, random):
    shuffled = list(items)
    random.shuffle(shuffled)

    assert set(cart_totals(shuffled).items) == set(cart_totals(items).items)
    assert cart_totals(shuffled).total == cart_totals(items).total
