import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in import texts


@pytest.mark.parametrize("url", ["https://a.example/x.webp", "/static/x.webp"])
def test_a_picture_is_an_https_address_or_a_path(url):
    assert texts.url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://a.example/x",
        "//a.example/x",
        "https://",
        "https:///x",
        "javascript:alert(1)",
        "/a b",
        "/a\nb",
        "data:image/png;base64,AA",
        "x.webp",
        "/" + "x" * 2000,
    ],
)
def test_any_other_address_of_a_picture_is_refused(url):
    assert texts.url_problem(url)


@given(st.text())
def test_a_sort_key_fits_into_an_index(title):
    assert len(texts.sort_key(title * 50)) <= texts.SORT_KEY_LENGTH


def test_a_search_minds_neither_case_nor_accents():
    assert texts.search_query("CRÉATINE") in texts.search_text("Créatine monohydrate", "", "x")


def test_a_search_does_not_match_across_two_fields():
    assert texts.search_query("b c") not in texts.search_text("a b", "c d")


@pytest.mark.parametrize("text", ["\x00", "a\x1fb", "a\nb", "   ", "x" * 11])
def test_a_text_of_one_line_without_control_characters_is_wanted(text):
    assert texts.problem(text, least=1, most=10)
