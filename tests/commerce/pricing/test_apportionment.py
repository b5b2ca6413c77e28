"""Amounts are divided without a unit gained or lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.commerce.pricing.apportionment import apportion, percentage, round_half_up

weights = st.dictionaries(st.text("abc", max_size=3), st.integers(0, 10**9), min_size=1)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(5, 2, 3), (49, 20, 2), (0, 7, 0), (-5, 2, -2)]
)
def test_a_half_is_rounded_up(numerator, denominator, rounded):
    assert round_half_up(numerator, denominator) == rounded


def test_a_percentage_is_exact_before_it_is_rounded():
    assert percentage(Decimal("12.5"), 100) == 13
    assert percentage(Decimal("8.1"), 1000) == 81
    assert percentage(Decimal(100), 399) == 399


def test_the_remainder_goes_to_the_largest_fractions_then_to_the_smaller_keys():
    assert apportion(100, {"a": 1, "b": 1, "c": 1}) == {"a": 34, "b": 33, "c": 33}
    assert apportion(10, {"a": 10, "b": 26, "c": 4}) == {"a": 3, "b": 6, "c": 1}
    assert apportion(5, {"b": 1, "a": 1}) == {"a": 3, "b": 2}


def test_nothing_is_divided_among_weights_of_zero():
    assert apportion(7, {"a": 0, "b": 0}) == {"a": 0, "b": 0}


@given(weights, st.data())
def test_parts_sum_to_their_whole_and_none_exceeds_its_weight(weights, data):
    whole = data.draw(st.integers(0, sum(weights.values())))

    parts = apportion(whole, weights)

    assert sum(parts.values()) == whole
    assert all(0 <= part <= weights[key] for key, part in parts.items())


@given(weights, st.integers(0, 10**6), st.randoms())
def test_the_order_of_the_weights_changes_no_part(weights, whole, random):
    keys = list(weights)
    random.shuffle(keys)

    assert apportion(whole, {key: weights[key] for key in keys}) == apportion(whole, weights)
