"""What discounts leave of a line's price."""

from hypothesis import given

from services.commerce.pricing.lines import Balance
from tests.commerce.pricing.builders import adjustments, less, line, lines, rate


def taken(line, *adjustments):
    balance = Balance(line)
    for adjustment in adjustments:
        balance.take(adjustment.amount_minor, is_tax_inclusive=adjustment.is_tax_inclusive)
    return balance.net, balance.tax


def test_tax_is_rounded_once_for_the_line():
    assert taken(line(1020, 1000, 23)) == (1020000, 234600)
    assert taken(line(7000, 3, 20), less(500)) == (20500, 4100)


def test_a_discount_with_tax_lowers_the_gross_by_its_amount():
    assert taken(line(5000, 1, 10, incl=True), less(1000, incl=True)) == (3636, 364)


def test_a_discount_without_tax_lowers_the_net_by_its_amount():
    assert taken(line(5000, 1, 10, incl=True), less(1000)) == (3545, 355)


def test_a_discount_beyond_the_price_takes_the_price():
    assert taken(line(5000, 1, 10, incl=True), less(9999), less(1, incl=True)) == (0, 0)
    assert Balance(line(500)).take(700, is_tax_inclusive=False) == (500, 500)


def test_several_rates_add_and_do_not_compound():
    assert taken(line(10000, rates=[rate(13, "a"), rate("5.5", "b")])) == (10000, 1850)


@given(lines(adjusted=False), adjustments)
def test_neither_net_nor_tax_ever_grows_or_falls_below_zero(lines, adjustments):
    for each in lines:
        balance = Balance(each)
        for adjustment in adjustments:
            net, tax, gross = balance.net, balance.tax, balance.gross
            inclusive = adjustment.is_tax_inclusive
            most = balance.remaining(is_tax_inclusive=inclusive)

            parts = balance.take(adjustment.amount_minor, is_tax_inclusive=inclusive)

            assert 0 <= balance.net <= net
            assert 0 <= balance.tax <= tax
            assert parts == (net - balance.net, gross - balance.gross)
            assert parts[inclusive] == min(adjustment.amount_minor, most)


@given(lines())
def test_a_discount_of_all_that_is_left_leaves_nothing(lines):
    for each in lines:
        with_tax, without = Balance(each), Balance(each)
        for adjustment in each.adjustments:
            for balance in (with_tax, without):
                balance.take(adjustment.amount_minor, is_tax_inclusive=adjustment.is_tax_inclusive)

        with_tax.take(with_tax.gross, is_tax_inclusive=True)
        without.take(without.net, is_tax_inclusive=False)

        assert with_tax.gross == 0
        # A price of one unit that is tax alone has no net to take.
        assert without.gross == 0 or without.whole(is_tax_inclusive=False) == 0
