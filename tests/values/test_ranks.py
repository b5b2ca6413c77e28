"""Places in a list that some of its items ask for."""

import pytest

from services.values.ranks import placed


@pytest.mark.parametrize(
    ("ranks", "order"),
    [
        ({}, "abcd"),
        ({"d": 0}, "dabc"),
        ({"a": 3}, "bcda"),
        ({"a": 99}, "bcda"),
        ({"b": 1}, "abcd"),
        ({"c": 0, "a": 1}, "cabd"),
        ({"a": 3, "b": 2, "c": 1, "d": 0}, "dcba"),
        ({"c": 0, "d": 0}, "cdab"),
        ({"a": 0, "b": 0, "c": 0, "d": 0}, "abcd"),
    ],
)
def test_an_item_gets_the_place_it_asks_for_and_the_others_keep_their_order(ranks, order):
    assert "".join(placed((letter, ranks.get(letter)) for letter in "abcd")) == order
