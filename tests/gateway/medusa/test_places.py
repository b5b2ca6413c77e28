"""Places for numbers in answers: found for certain, whatever texts the answer has."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.medusa.places import PLACE, filled

TEXTS = st.text() | st.just("\tnull") | st.just('"a":\tnull')


@given(st.lists(TEXTS), st.lists(st.none() | st.integers(-5, 10**9)))
def test_numbers_are_put_where_they_belong_between_any_texts(texts, numbers):
    body = orjson.dumps({"texts": texts, "numbers": [PLACE] * len(numbers), "more": texts})

    made = json.loads(filled(body, numbers))

    assert made == {"texts": texts, "numbers": numbers, "more": texts}
    assert json.loads(body)["numbers"] == [None] * len(numbers)


@pytest.mark.parametrize("numbers", [[], [1], [1, 2, 3]])
def test_too_many_numbers_or_too_few_are_a_fault(numbers):
    with pytest.raises(ValueError, match="argument"):
        filled(orjson.dumps([PLACE, PLACE]), numbers)
