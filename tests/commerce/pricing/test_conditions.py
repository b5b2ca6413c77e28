"""Conditions hold or do not, whatever stands in them."""

import pytest

from services.commerce.pricing.conditions import Condition, Operator, all_hold, holds


def one(operator, values, found):
    return holds(Condition("a", Operator(operator), tuple(values)), {"a": tuple(found)})


@pytest.mark.parametrize(
    ("operator", "values", "found", "expected"),
    [
        ("eq", ["fr"], ["fr"], True),
        ("eq", ["fr", "de"], ["fr", "de"], True),
        ("eq", ["fr"], ["fr", "de"], False),
        ("in", ["fr"], ["fr", "de"], True),
        ("in", ["fr"], ["it"], False),
        ("ne", ["fr"], ["de"], True),
        ("ne", ["fr"], ["fr", "de"], False),
        ("nin", ["fr", "it"], ["de"], True),
        ("nin", ["fr", "it"], ["it"], False),
        ("gt", ["100"], ["100.5"], True),
        ("gt", ["100"], ["100"], False),
        ("gte", ["100"], ["100.00"], True),
        ("lt", ["9"], ["10"], False),
        ("lte", ["10"], ["9", "11"], False),
        ("lte", ["10"], ["9", "10"], True),
    ],
)
def test_an_attribute_is_compared_with_the_values(operator, values, found, expected):
    assert one(operator, values, found) is expected


@pytest.mark.parametrize("operator", list(Operator))
def test_an_attribute_without_values_is_only_unlike_others(operator):
    assert one(operator, ["1"], []) is (operator in (Operator.NE, Operator.NIN))
    assert holds(Condition("b", operator, ("1",)), {}) is (operator in (Operator.NE, Operator.NIN))


@pytest.mark.parametrize("operator", list(Operator))
def test_a_condition_without_values_never_holds(operator):
    assert not one(operator, [], ["1"])
    assert not one(operator, [], [])


@pytest.mark.parametrize("junk", ["", "much", "NaN", "sNaN", "Infinity", "1 000"])
def test_a_comparison_with_what_is_no_number_does_not_hold(junk):
    assert not one("gt", [junk], ["5"])
    assert not one("lt", ["5"], [junk])


def test_all_conditions_must_hold_and_none_is_no_hindrance():
    french, dear = Condition("c", Operator.EQ, ("fr",)), Condition("t", Operator.GT, ("9",))

    assert all_hold((), {})
    assert all_hold((french, dear), {"c": ("fr",), "t": ("10",)})
    assert not all_hold((french, dear), {"c": ("fr",), "t": ("8",)})
