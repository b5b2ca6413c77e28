"""One folding of text, for handles, search and order."""

# ruff: noqa: RUF001  # letters that look like others are what this is about

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in import folding


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Blanc d'Œuf  en\tPoudre", "blanc d oeuf en poudre"),
        ("Blanc d’Œuf", "blanc d oeuf"),
        ("Blanc dʼœuf", "blanc d oeuf"),
        ("Smørrebrød, Ærø", "smorrebrod, aero"),
        ("ZAŻÓŁĆ GĘŚLĄ JAŹŃ", "zazolc gesla jazn"),
        ("Großmaß GROẞ", "grossmass gross"),
        ("IĞDIR ılık İstanbul", "igdir ilik istanbul"),
        ("Ħobż għal Ċetta", "hobz ghal cetta"),
        ("Sữa ong chúa Đà Lạt", "sua ong chua da lat"),
        ("Þórður Eiríksson", "thordur eiriksson"),
        ("Col·lagen, coŀlagen", "collagen, collagen"),
        ("q\u0308e\u0301", "qe"),
        ("ﬁbre ½ ①", "fibre 1⁄2 1"),
        ("100 % – net…", "100 % - net..."),
        ("Κρεατίνη", "kreatini"),
        ("كِرياتين", "krytyn"),
        ("мясная соль", "myasnaya sol"),
        ("단백질", "danbaegjil"),
        ("soft\u00adened zero\u200bwidth", "softened zerowidth"),
        ("💪", "💪"),
    ],
)
def test_a_text_is_folded_to_plain_words(text, folded):
    assert folding.fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text):
    once = folding.fold(text)

    assert folding.fold(once) == once


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_folding_latin_letters_ignores_case(text):
    assert folding.fold(text.upper()) == folding.fold(text)


@given(st.text())
def test_a_sort_key_fits_into_an_index(title):
    assert len(folding.sort_key(title * 50)) <= folding.SORT_KEY_LENGTH


def test_letters_outside_ascii_sort_beside_their_plain_ones():
    titles = ["Zinc", "Œufs", "Łosoś", "Ørred", "Oats", "Lotus"]

    assert sorted(titles, key=folding.sort_key) == [
        "Łosoś",
        "Lotus",
        "Oats",
        "Œufs",
        "Ørred",
        "Zinc",
    ]


def test_a_query_of_a_title_is_in_the_text_however_it_is_typed():
    text = folding.search_text("Blanc d'Œuf", "Créatine", "blanc-d-oeuf")

    for query in ("BLANC D’OEUF", "œuf blanc", "creatine oeuf", "d oeuf"):
        assert all(word in text for word in folding.search_words(query).split()), query


def test_a_query_without_words_is_not_an_empty_one():
    assert folding.search_words("  ") == ""
    assert folding.search_words("\u2019") == "\u2019"
