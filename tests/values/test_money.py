"""Money: every amount is exact, or refused."""

import json
from decimal import Decimal

import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.call.errors import InvalidArgument
from services.values import money

currencies = st.sampled_from(sorted(money.CURRENCIES))
amounts = st.integers(1, money.MOST_MINOR)
any_amounts = st.integers(-money.MOST_MINOR, money.MOST_MINOR)


def reason_of(refused):
    return refused.value.reason


def minor_units_of(number, currency):
    price = money.amount(number)
    price.currency_code = currency
    return money.minor_units(price)


def test_every_currency_has_a_code_of_three_letters_and_at_most_three_digits():
    assert len(money.CURRENCIES) == 155
    assert all(code.isalpha() and code.isupper() and len(code) == 3 for code in money.CURRENCIES)
    assert set(money.CURRENCIES.values()) == {0, 2, 3}


@pytest.mark.parametrize(("currency", "digits"), [("TND", 3), ("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_has_its_own_digits(currency, digits):
    assert money.digits(currency) == digits


@pytest.mark.parametrize("currency", ["", "eur", "XXX", "XAU", "ANG", "BGN", "EURO", "EUR\n", "€"])
def test_an_unknown_currency_is_refused(currency):
    with pytest.raises(InvalidArgument) as refused:
        money.minor_units(Money(currency_code=currency, units=1))

    assert reason_of(refused) == "CURRENCY_UNKNOWN"
    assert "price.currency_code" in refused.value.violations


@pytest.mark.parametrize(
    ("currency", "units", "nanos", "minor"),
    [
        ("TND", 189, 900_000_000, 189_900),
        ("TND", 0, 1_000_000, 1),
        ("EUR", 10, 500_000_000, 1050),
        ("EUR", 0, 10_000_000, 1),
        ("JPY", 1200, 0, 1200),
        ("EUR", 92_233_720_368_547_758, 70_000_000, 2**63 - 1),
    ],
)
def test_a_price_is_counted_in_minor_units(currency, units, nanos, minor):
    assert money.minor_units(Money(currency_code=currency, units=units, nanos=nanos)) == minor


@pytest.mark.parametrize(
    ("currency", "units", "nanos", "reason"),
    [
        ("EUR", 0, 0, "PRICE_NOT_POSITIVE"),
        ("EUR", -1, 0, "PRICE_NOT_POSITIVE"),
        ("EUR", 0, -1, "PRICE_NOT_POSITIVE"),
        ("EUR", -1, -500_000_000, "PRICE_NOT_POSITIVE"),
        ("EUR", 1, -1, "PRICE_MALFORMED"),
        ("EUR", -1, 1, "PRICE_MALFORMED"),
        ("EUR", 1, 1_000_000_000, "PRICE_MALFORMED"),
        ("EUR", 0, -2_000_000_000, "PRICE_MALFORMED"),
        ("EUR", 0, 1, "PRICE_TOO_PRECISE"),
        ("EUR", 10, 5_000_000, "PRICE_TOO_PRECISE"),
        ("TND", 10, 500_000, "PRICE_TOO_PRECISE"),
        ("JPY", 10, 500_000_000, "PRICE_TOO_PRECISE"),
        ("EUR", 92_233_720_368_547_758, 80_000_000, "PRICE_TOO_LARGE"),
        ("EUR", 2**63 - 1, 0, "PRICE_TOO_LARGE"),
        ("JPY", -(2**63), 0, "PRICE_NOT_POSITIVE"),
    ],
)
def test_a_price_that_is_none_is_refused(currency, units, nanos, reason):
    with pytest.raises(InvalidArgument) as refused:
        money.minor_units(Money(currency_code=currency, units=units, nanos=nanos), field="p[0]")

    assert reason_of(refused) == reason
    assert list(refused.value.violations) == ["p[0]"]


@pytest.mark.parametrize(
    ("number", "currency", "minor"),
    [("10.5", "EUR", 1050), ("10.500", "EUR", 1050), ("1e2", "EUR", 10_000), ("7", "JPY", 7)],
)
def test_a_number_of_major_units_is_counted_in_minor_units(number, currency, minor):
    assert minor_units_of(Decimal(number), currency) == minor


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("NaN", "PRICE_MALFORMED"),
        ("sNaN", "PRICE_MALFORMED"),
        ("Infinity", "PRICE_MALFORMED"),
        ("-Infinity", "PRICE_MALFORMED"),
        ("0", "PRICE_NOT_POSITIVE"),
        ("-0.0", "PRICE_NOT_POSITIVE"),
        ("0e999999999", "PRICE_NOT_POSITIVE"),
        ("-1e999999999", "PRICE_NOT_POSITIVE"),
        ("-0.001", "PRICE_NOT_POSITIVE"),
        ("0.001", "PRICE_TOO_PRECISE"),
        ("1e-999999999", "PRICE_TOO_PRECISE"),
        ("10.4999999999999999999999999999999999999999999", "PRICE_TOO_PRECISE"),
        ("1e999999999", "PRICE_TOO_LARGE"),
        ("92233720368547758.08", "PRICE_TOO_LARGE"),
        ("9" * 5000, "PRICE_TOO_LARGE"),
    ],
)
def test_a_number_that_is_no_price_is_refused(number, reason):
    with pytest.raises(InvalidArgument) as refused:
        minor_units_of(Decimal(number), "EUR")

    assert reason_of(refused) == reason


def test_a_number_with_very_many_zeros_is_still_a_price():
    assert minor_units_of(Decimal("1." + "0" * 100_000), "EUR") == 100


@given(amounts, currencies)
def test_money_goes_to_the_wire_and_back_unchanged(amount, currency):
    assert money.minor_units(money.money(amount, currency)) == amount


@given(amounts, currencies)
def test_money_goes_through_json_and_back_unchanged(amount, currency):
    number = json.loads(money.json_number(amount, currency), parse_float=Decimal, parse_int=Decimal)

    assert minor_units_of(number, currency) == amount


@given(any_amounts, currencies)
def test_major_units_are_exact_whatever_the_sign(amount, currency):
    number = json.loads(money.json_number(amount, currency), parse_float=Decimal, parse_int=Decimal)

    assert money.major(amount, currency) == number
    assert number.as_tuple().exponent >= -money.digits(currency)


@given(any_amounts, currencies)
def test_units_and_nanos_never_contradict_each_other(amount, currency):
    made = money.money(amount, currency)

    assert made.units * made.nanos >= 0
    assert abs(made.nanos) < 1_000_000_000


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1), currencies)
def test_any_money_is_counted_exactly_or_refused(units, nanos, currency):
    try:
        minor = money.minor_units(Money(currency_code=currency, units=units, nanos=nanos))
    except InvalidArgument:
        return
    assert Decimal(minor).scaleb(9 - money.digits(currency)) == Decimal(units) * 10**9 + nanos


@given(st.decimals(), currencies)
def test_any_number_is_counted_exactly_or_refused(number, currency):
    try:
        minor = minor_units_of(number, currency)
    except InvalidArgument:
        return
    assert money.major(minor, currency) == number


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(189_900, "TND", "189.9"), (1050, "EUR", "10.5"), (1005, "EUR", "10.05"), (-5, "EUR", "-0.05"),
     (1000, "EUR", "10"), (7, "JPY", "7"), (0, "TND", "0"), (1, "TND", "0.001")],
)  # fmt: skip
def test_a_json_number_is_as_short_as_can_be(amount, currency, text):
    assert money.json_number(amount, currency) == text
