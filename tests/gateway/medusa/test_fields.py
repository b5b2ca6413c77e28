"""The `fields` parameter: which parts of a document are sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.medusa.fields import Fields
from services.kernel.call.errors import InvalidArgument

LEAVES = [
    "id",
    "title",
    "handle",
    "metadata",
    "collection.id",
    "collection.title",
    "tags.id",
    "tags.value",
    "variants.id",
    "variants.sku",
    "variants.calculated_price.calculated_amount",
    "variants.calculated_price.currency_code",
]
PRODUCT = Fields(LEAVES)
SHORT = Fields(LEAVES, defaults=["id", "title", "collection"])
DOCUMENT = {
    "id": "prod_1",
    "title": "Whey",
    "handle": "whey",
    "metadata": {"free": {"form": [1]}},
    "collection": None,
    "tags": [],
    "variants": [
        {
            "id": "variant_1",
            "sku": "W-1",
            "calculated_price": {"calculated_amount": 10.5, "currency_code": "eur"},
        },
    ],
}


def paths(value, at=""):
    match value:
        case dict() if at != "metadata":
            return set().union(*(paths(v, f"{at}.{k}".lstrip(".")) for k, v in value.items()))
        case list() if value:
            return set().union(*(paths(one, at) for one in value))
    return {at}


def selected(text, fields=SHORT):
    return paths(fields.select(text).of(FULL))


FULL = {
    **DOCUMENT,
    "collection": {"id": "pcol_1", "title": "Summer"},
    "tags": [{"id": "ptag_1", "value": "new"}],
}
BASE = {"id", "title", "collection.id", "collection.title"}
PRICE = {"variants.calculated_price.calculated_amount", "variants.calculated_price.currency_code"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", BASE),
        (",, ,+,", BASE),
        ("+handle", BASE | {"handle"}),
        (" handle", BASE | {"handle"}),
        ("-title", BASE - {"title"}),
        ("-collection", BASE - {"collection.id", "collection.title"}),
        ("-collection.title", BASE - {"collection.title"}),
        ("*tags", BASE | {"tags.id", "tags.value"}),
        ("tags.*", BASE | {"tags.id", "tags.value"}),
        ("+tags,", BASE | {"tags.id", "tags.value"}),
        ("*variants.calculated_price", BASE | {"variants.id"} | PRICE),
        ("*variants", BASE | {"variants.id", "variants.sku"}),
        ("variants", {"id", "variants.id", "variants.sku"}),
        ("+variants.sku", BASE | {"variants.id", "variants.sku"}),
        ("*variants.sku", BASE | {"variants.id", "variants.sku"}),
        ("*tags, *variants.calculated_price, +handle",
         BASE | {"tags.id", "tags.value", "variants.id", "handle"} | PRICE),
        ("id, handle, title", {"id", "handle", "title"}),
        ("handle", {"id", "handle"}),
        ("variants.sku", {"id", "variants.id", "variants.sku"}),
        ("title,-id", {"id", "title"}),
        ("title,+handle,-title", {"id", "handle"}),
        ("nothing", {"id"}),
        ("+nothing,*nor.this,-nor.that,title.too.deep,metadata.free", {"id"}),
        ("+nothing,*nor.this,-nor.that", BASE),
        ("*", set(LEAVES)),
        ("-*", {"id"}),
        ("-", BASE),
        ("-.*", BASE),
        ("*.", BASE),
        ("+metadata", BASE | {"metadata"}),
        ("*products, *parent_category.parent_category", BASE),
        ("TITLE", {"id"}),
        ("\x00,\ud800,__proto__", {"id"}),
    ],
)  # fmt: skip
def test_fields_ask_for_parts_of_a_document(text, parts):
    assert selected(text) == parts


@pytest.mark.parametrize(
    "text", ["", "*variants.calculated_price,+variants.sku,+metadata,+tags,", "*"]
)
def test_a_selection_of_everything_needs_no_cutting(text):
    selection = PRODUCT.select(text)

    assert selection.is_whole
    assert selection.of(DOCUMENT) is DOCUMENT


def test_a_selection_of_less_is_known_as_such():
    assert not PRODUCT.select("-title").is_whole


def test_null_and_empty_parts_of_a_document_stay_so():
    part = PRODUCT.select("collection.title,tags.value").of(DOCUMENT)

    assert part == {"id": "prod_1", "collection": None, "tags": []}


def test_the_order_of_the_document_is_kept():
    part = PRODUCT.select("variants.sku,handle,title").of(DOCUMENT)

    assert list(part) == ["id", "title", "handle", "variants"]


def test_a_field_that_is_not_allowed_is_never_sent():
    part = PRODUCT.select("title,*variants,cost").of({**DOCUMENT, "cost": 3})

    assert "cost" not in part


def test_a_relation_may_be_listed_beside_its_leaves():
    fields = Fields(["id", "tags", "tags.id"])

    assert fields.select("tags").is_whole


@pytest.mark.parametrize("text", ["+title," * 201, "title," * 201])
def test_too_much_of_it_is_refused(text):
    with pytest.raises(InvalidArgument) as refused:
        PRODUCT.select(text)

    assert refused.value.reason == "QUERY_INVALID"
    assert list(refused.value.violations) == ["fields"]


def test_as_much_as_is_allowed_passes():
    assert PRODUCT.select(",".join(["+title"] * 200)).is_whole


names = st.sampled_from([*LEAVES, "variants", "collection", "tags", "variants.calculated_price"])
items = st.builds(str.__add__, st.sampled_from(["", "+", " ", "-", "*"]), names) | st.builds(
    "{}.*".format, names
)
odd = st.text('+-*., \x00"aid', max_size=8)


@given(st.lists(items | odd, max_size=10).map(",".join))
def test_any_selection_has_its_ids_and_only_fields_of_the_document(text):
    part = selected(text)

    assert part <= paths(FULL)
    assert "id" in part
    assert all(
        f"{x}.id" in part for x in ("variants", "tags", "collection") if f"{x}." in str(part)
    )


@given(st.lists(items, max_size=10).map(",".join))
def test_empty_and_unknown_items_change_nothing(text):
    assert selected(f",{text}, +unknown,*odd.one,") == selected(text)


@given(st.lists(items, max_size=10).map(",".join))
def test_asking_again_of_a_part_gives_the_same_part(text):
    part = PRODUCT.select(text).of(FULL)

    assert PRODUCT.select(text).of(part) == part


@given(st.text(max_size=300))
def test_any_text_selects_something_or_is_refused(text):
    assert "id" in selected(text)
