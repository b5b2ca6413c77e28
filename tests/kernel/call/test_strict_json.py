"""JSON in which no object has the same key twice."""

import json
from base64 import urlsafe_b64encode

import pytest

from services.kernel.call.strict_json import RepeatedKey, jwt_part, without_repeats


def part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"x":{"a":1,"a":1}}', '[{"\\u0061":1,"a":1}]'])
def test_a_key_that_occurs_twice_is_an_error(text):
    with pytest.raises(RepeatedKey):
        json.loads(text, object_pairs_hook=without_repeats)


def test_the_same_key_in_two_objects_is_no_error():
    assert json.loads('[{"a":1},{"a":2}]', object_pairs_hook=without_repeats) == [
        {"a": 1},
        {"a": 2},
    ]


@pytest.mark.parametrize("claims", ["{}", '{"a":1}', '{"é":"☕"}'])
def test_a_part_of_a_jwt_is_read_with_any_padding(claims):
    assert jwt_part(part(claims)) == jwt_part(part(claims).encode()) == json.loads(claims)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '"a"',
        "1",
        '{"a":1,"a":1}',
        '{"exp":Infinity}',
        '{"exp":-Infinity}',
        '{"iat":NaN}',
        "{",
        "\x00",
    ],
)
def test_a_part_of_a_jwt_that_is_no_sound_object_is_an_error(text):
    with pytest.raises((ValueError, TypeError)):
        jwt_part(part(text))
