"""Checks of text from users."""

import pytest

from services.catalog_opt_in import texts


@pytest.mark.parametrize(
    "url", ["https://a.example/x.webp", "/uploads/file_01K9Z8W6X2Q4R5T7V9B1C3D5F7"]
)
def test_a_picture_is_an_https_address_or_an_upload(url):
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
        "/static/x.webp",
        "/uploads/x.webp",
        "/uploads/file_01K9Z8W6X2Q4R5T7V9B1C3D5F7/../x",
    ],
)
def test_any_other_address_of_a_picture_is_refused(url):
    assert texts.url_problem(url)


@pytest.mark.parametrize("text", ["\x00", "a\x1fb", "a\nb", "   "])
def test_a_text_of_one_line_without_control_characters_is_wanted(text):
    assert texts.problem(text, required=True)
