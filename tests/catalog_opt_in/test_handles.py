"""Handles: what is one, and how one is made of a title."""

# ruff: noqa: RUF001  # letters that look like others are what this is about

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in import handles
from services.kernel.call.errors import InvalidArgument


@pytest.mark.parametrize(
    ("title", "handle"),
    [
        ("Whey Isolate 2 kg", "whey-isolate-2-kg"),
        ("Crème brûlée", "creme-brulee"),
        ("Œufs & Bœuf", "oeufs-boeuf"),
        ("STRASSE Straße", "strasse-strasse"),
        ("  -- Pré-entraînement!! --  ", "pre-entrainement"),
        ("½ litre", "1-2-litre"),
        ("İstanbul", "istanbul"),
        ("a" * 99 + " b", "a" * 99),
        ("Blanc d'Œuf", "blanc-d-oeuf"),
        ("Blanc d’Œuf", "blanc-d-oeuf"),
        ("Whey® Gold™ 10€", "whey-goldtm-10"),
        ("شاكر 700 مل", "shkr-700-ml"),
        ("Κρεατίνη", "kreatini"),
        ("蛋白质粉", "danbaizhifen"),
        ("Протеин соль", "protein-sol"),
    ],
)
def test_a_handle_is_made_of_a_title(title, handle):
    assert handles.from_title(title) == handle


@pytest.mark.parametrize("title", ["!!!", "💪", "\u0301", " "])
def test_a_title_without_letters_and_digits_makes_no_handle(title):
    with pytest.raises(InvalidArgument) as refused:
        handles.from_title(title)

    assert refused.value.reason == "HANDLE_INVALID"
    assert "letters or digits" in refused.value.violations["handle"]


@given(st.text())
def test_a_handle_made_of_any_title_is_one_and_stays_as_it_is(title):
    try:
        made = handles.from_title(title)
    except InvalidArgument:
        return
    assert len(made) <= handles.LENGTH
    assert handles.checked(made) == made
    assert handles.from_title(made) == made


@pytest.mark.parametrize("text", ["", "A", "a b", "a--b", "-a", "a-", "é", "a\n"])
def test_an_invalid_handle_is_refused(text):
    with pytest.raises(InvalidArgument) as refused:
        handles.checked(text)

    assert refused.value.reason == "HANDLE_INVALID"
    assert "lower-case letters" in refused.value.violations["handle"]
