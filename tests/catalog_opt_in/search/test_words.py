"""Words: how texts are split into them, and which slips and forms are one word."""

# letters that look like others are what this is about

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in.search.words import is_one_slip, spellings, stem, words

LETTERS = st.text("abcdeé", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Blanc d'Œuf en Poudre, 100 %", ["blanc", "d", "oeuf", "en", "poudre", "100"]),
        ("CREA-300_NAT", ["crea", "300", "nat"]),
        ("الكرياتين والبروتين", ["كرياتين", "بروتين"]),
        ("مُكَمِّلات غذائية", ["مكملات", "غذاءيه"]),
        ("آمينو أمينو إمينو امينو", ["امينو"] * 4),
        ("كـريـاتين ٣٠٠", ["كرياتين", "300"]),
        ("علي على", ["علي", "علي"]),
        ("мясная соль", ["myasnaya", "sol"]),
        ("💪 %_\\'", []),
    ],
)
def test_a_text_is_split_into_plain_words(text, expected):
    assert words(text) == expected


@given(st.text())
def test_a_word_has_nothing_that_means_something_in_a_query(text):
    assert all(word.isalnum() for word in words(text))


@pytest.mark.parametrize(
    "forms",
    [
        ("proteine", "proteines", "protein", "proteins"),
        ("bar", "bars"),
        ("flavour", "flavoured", "flavours"),
        ("مكمل", "مكملات", "مكمله"),
    ],
)
def test_forms_of_a_word_begin_with_its_stem(forms):
    assert {stem(form) for form in forms} == {min(forms, key=len)}


@pytest.mark.parametrize("word", ["mass", "whey", "the", "شاي"])
def test_a_word_that_only_looks_inflected_is_its_own_stem(word):
    assert stem(word) == word


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("creatne", "creatine"),
        ("creatinne", "creatine"),
        ("craetine", "creatine"),
        ("creatyne", "creatine"),
        ("whay", "whey"),
        ("كرياتن", "كرياتين"),
    ],
)
def test_a_slip_is_known_by_a_spelling_that_both_have(typed, meant):
    assert is_one_slip(typed, meant)
    assert is_one_slip(meant, typed)
    assert spellings(typed) & spellings(meant)


@pytest.mark.parametrize(("typed", "other"), [("abcd", "bcde"), ("whey", "whey"), ("abc", "cba")])
def test_two_slips_and_none_are_not_one(typed, other):
    assert not is_one_slip(typed, other)


@given(LETTERS, LETTERS)
def test_words_one_slip_apart_have_a_spelling_in_common(one, other):
    assert not is_one_slip(one, other) or spellings(one) & spellings(other)
