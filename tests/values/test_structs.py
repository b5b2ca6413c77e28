"""JSON objects with keys of the client's own."""

import pytest

from services.values.structs import merged


@pytest.mark.parametrize(
    ("stored", "changes", "result"),
    [
        (None, {}, None),
        (None, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": ""}, {"b": 2}),
        ({"a": 1}, {"a": ""}, None),
        ({"a": 1}, {"a": None}, {"a": None}),
    ],
)
def test_keys_are_set_and_those_set_to_nothing_are_removed(stored, changes, result):
    assert merged(stored, changes) == result
