"""What can be promised, and from where it is taken: by rules alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.commerce.stock.rules import (
    Demand,
    Level,
    Part,
    Shortage,
    allocate,
    is_short,
    short_lines,
)


def demand(line, quantity, variant="v", *, without_stock=False):
    return Demand(line, variant, quantity, without_stock)


def taken(lines, levels):
    return [
        (part.demand.line_id, part.location_id, part.quantity) for part in allocate(lines, levels)
    ]


def test_lines_are_served_in_their_order_until_there_is_not_enough():
    lines = [demand("a", 2), demand("b", 2), demand("c", 1), demand("d", 9, "uncounted")]

    assert short_lines(lines, {"v": 3}) == {"b"}
    assert short_lines(lines, {"v": 5}) == frozenset()
    assert short_lines(lines, {"v": -1}) == {"a", "b", "c"}


def test_a_line_is_taken_from_the_first_location_that_has_all_of_it():
    levels = [Level("v", "north", 2), Level("v", "south", 3), Level("w", "north", 9)]

    assert taken([demand("a", 3), demand("b", 2)], levels) == [("a", "south", 3), ("b", "north", 2)]


def test_a_line_is_split_if_only_all_locations_together_have_it():
    levels = [Level("v", "north", 2), Level("v", "south", 3)]

    assert taken([demand("a", 5)], levels) == [("a", "north", 2), ("a", "south", 3)]


def test_nothing_is_taken_if_one_line_is_short():
    lines = [demand("a", 1), demand("b", 1, "w"), demand("c", 9, "x", without_stock=True)]

    with pytest.raises(Shortage) as short:
        allocate(lines, [Level("v", "north", 5), Level("x", "north", 0)])

    assert short.value.available == {"v": 5, "w": 0}
    assert short_lines(lines, short.value.available) == {"b"}


def test_units_that_one_location_owes_are_not_promised_from_another():
    levels = [Level("v", "north", -2), Level("v", "south", 3)]

    with pytest.raises(Shortage):
        allocate([demand("a", 2)], levels)
    assert taken([demand("a", 1)], levels) == [("a", "south", 1)]


def test_units_sold_without_stock_are_owed_by_the_first_location():
    levels = [Level("v", "north", 1), Level("v", "south", 1)]
    line = demand("a", 5, without_stock=True)

    assert taken([line], levels) == [("a", "north", 4), ("a", "south", 1)]
    assert taken([line], [Level("v", "north", -3)]) == [("a", "north", 5)]
    assert taken([line], []) == []


@given(
    st.lists(st.tuples(st.sampled_from("vw"), st.integers(1, 6), st.booleans()), max_size=6),
    st.lists(st.integers(-4, 12), max_size=4),
)
def test_all_that_is_demanded_is_taken_and_never_more_than_there_is(rows, counts):
    lines = [Demand(str(n), v, q, without) for n, (v, q, without) in enumerate(rows)]
    levels = [Level(v, f"at-{n}", count) for v in "vw" for n, count in enumerate(counts)]

    try:
        parts: list[Part] = allocate(lines, levels)
    except Shortage:
        return

    for line in lines:
        whole = sum(part.quantity for part in parts if part.demand is line)
        assert whole == line.quantity or (line.without_stock and not counts)
        assert all(part.quantity > 0 for part in parts)
    for level in levels:
        gone = [
            part
            for part in parts
            if (part.demand.variant_id, part.location_id) == (level.variant_id, level.location_id)
        ]
        if not any(part.demand.without_stock for part in parts):
            assert sum(part.quantity for part in gone) <= max(level.available, 0)


def test_a_location_lacks_what_is_not_there_though_all_together_have_it():
    stock = {("v", "north"): 1, ("v", "south"): 2, ("w", "south"): 9}
    lines = [Demand("1", "v", 2), Demand("2", "v", 1)]

    assert is_short(lines, stock, "north")
    assert is_short(lines, stock, "south")
    assert not is_short(lines, stock, None)
    assert is_short([Demand("1", "x", 1)], stock, None)
    assert not is_short([], stock, "north")
