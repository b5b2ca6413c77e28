"""What of a product is searched, in every language and with the same weight."""

from typing import Any

import pytest

from services.catalog_opt_in.search.index import searched_texts

OFFER: Any = {
    "id": "prod",
    "title": "Whey",
    "subtitle": "Isolate",
    "description": "Pure",
    "handle": "whey",
    "tags": [{"id": "ptag", "value": "Vegan"}],
    "type": {"id": "ptyp", "value": "Powder"},
    "collection": {"id": "pcol", "title": "Summer"},
    "categories": [{"id": "pcat", "title": "Protein"}],
    "options": [{"id": "opt", "values": [{"id": "optval", "value": "Kilo"}]}],
    "variants": [
        {"id": "variant", "title": "Large", "sku": None, "barcode": "", "ean": "", "upc": ""}
    ],
}


@pytest.mark.parametrize(
    ("weight", "id_", "field"),
    [
        ("A", "prod", "title"),
        ("B", "ptag", "value"),
        ("B", "ptyp", "value"),
        ("B", "pcol", "title"),
        ("B", "pcat", "name"),
        ("C", "variant", "title"),
        ("C", "optval", "value"),
        ("C", "prod", "subtitle"),
        ("D", "prod", "description"),
    ],
)
def test_a_translated_text_weighs_what_the_original_does(weight, id_, field):
    translated = {"ar": {id_: {field: "translated"}}, "de": {id_: {"material": "unsearched"}}}

    found = list(searched_texts(OFFER, translated))

    place = found.index((weight, "translated"))
    assert found[place - 1][0] == weight
    assert [text for _, text in found].count("translated") == 1
    assert "unsearched" not in [text for _, text in found]


def test_only_titles_come_first():
    translated = {"ar": {"prod": {"title": "x"}, "other": {"title": "of another"}}}

    assert [text for weight, text in searched_texts(OFFER, translated) if weight == "A"] == [
        "Whey",
        "x",
    ]
