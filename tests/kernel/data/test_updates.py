"""Update masks, etags, and elements that are merged by id."""

import pytest
from google.protobuf import json_format
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from souk.catalog_opt_in.v1.listing_service_pb2 import Listing
from souk.catalog_opt_in.v1.product_pb2 import Product, Variant
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from services.kernel.call.errors import Aborted, InvalidArgument
from services.kernel.data import updates

PARIS = Tenant(name="tenants/paris", display_name="Paris", currency_code="EUR", etag='"1"')


def mask(*paths):
    return FieldMask(paths=paths)


def refusal(message, paths, current=None):
    with pytest.raises(InvalidArgument) as refused:
        updates.masked(message, mask(*paths), current)
    return refused.value.reason, refused.value.violations


def test_a_mask_gives_each_of_its_fields_once_and_unset_ones_too():
    assert updates.masked(Product(title="Whey"), mask("title", "subtitle", "title")) == [
        "title",
        "subtitle",
    ]


def test_an_empty_mask_means_every_field_that_is_set_and_may_be():
    read_back = Tenant(
        name="tenants/paris",
        display_name="Paris",
        supported_locales=["fr"],
        state=Tenant.STATE_ACTIVE,
        etag='"3"',
        create_time=Timestamp(seconds=1),
    )

    assert updates.masked(read_back, mask()) == ["display_name", "supported_locales"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("state", "cannot be set"),
        ("create_time", "cannot be set"),
        ("name", "cannot be set"),
        ("etag", "cannot be set"),
        ("*", "does not exist"),
        ("", "does not exist"),
        ("displayName", "does not exist"),
        ("settings.theme", "does not exist"),
        ("State", "does not exist"),
        ("DESCRIPTOR", "does not exist"),
        ("title\x00", "does not exist"),
    ],
)
def test_a_path_that_cannot_be_set_is_refused_by_name(path, text):
    assert refusal(PARIS, ["display_name", path]) == ("MASK_INVALID", {path: text})


def test_all_wrong_paths_are_named_at_once():
    assert refusal(PARIS, ["nothing", "state"])[1].keys() == {"nothing", "state"}


def test_so_many_wrong_paths_are_named_that_the_error_fits_a_trailer():
    reason, violations = refusal(PARIS, [f"{n}{'x' * 10_000}" for n in range(10_000)])

    assert reason == "MASK_INVALID"
    assert len(violations) == 10
    assert sum(map(len, violations)) <= 1000


def test_an_immutable_field_that_stays_as_it_is_is_passed_over():
    assert updates.masked(PARIS, mask("currency_code", "display_name"), PARIS) == ["display_name"]
    assert updates.masked(PARIS, mask(), PARIS) == ["display_name"]


@pytest.mark.parametrize("paths", [["currency_code"], []])
def test_an_immutable_field_that_would_change_is_refused(paths):
    changed = Tenant(currency_code="TND")

    assert refusal(changed, paths, PARIS) == (
        "FIELD_IMMUTABLE",
        {"currency_code": "cannot be changed"},
    )


def test_an_immutable_field_cannot_be_emptied():
    assert refusal(Tenant(), ["currency_code"], PARIS)[0] == "FIELD_IMMUTABLE"


def test_an_immutable_field_is_refused_when_nobody_can_tell():
    assert refusal(Listing(product="products/a"), ["product"])[0] == "FIELD_IMMUTABLE"


@given(st.lists(st.text() | st.sampled_from([f.name for f in Tenant.DESCRIPTOR.fields])))
def test_any_mask_is_a_part_of_the_fields_that_may_be_set_or_is_refused(paths):
    try:
        changed = updates.masked(PARIS, mask(*(p for p in paths if _is_utf8(p))), PARIS)
    except InvalidArgument:
        return
    assert set(changed).isdisjoint({"name", "etag", "state", "create_time", "currency_code"})
    assert len(changed) == len(set(changed))


def _is_utf8(text):
    return text.isprintable()


def test_an_etag_is_the_quoted_version_of_the_row():
    assert updates.etag(7) == '"7"'


@pytest.mark.parametrize("given_etag", ["", '"7"'])
def test_the_same_etag_and_none_pass(given_etag):
    updates.check_etag(given_etag, 7)


@pytest.mark.parametrize("given_etag", ['"6"', "7", 'W/"7"', "*", '"07"', "\x00"])
def test_a_stale_etag_is_refused(given_etag):
    with pytest.raises(Aborted) as refused:
        updates.check_etag(given_etag, 7)

    assert refused.value.reason == "ETAG_MISMATCH"


STORED = Product(
    name="products/p",
    title="Whey",
    etag='"1"',
    variants=[Variant(id="a", sku="A", weight_grams=5), Variant(id="b", sku="B")],
)


def test_an_update_replaces_the_masked_fields_alone():
    product = Product(title="Casein", subtitle="Slow")

    after = updates.apply(product, mask("title"), to=STORED)

    assert (after.title, after.subtitle, after.etag) == ("Casein", "", '"1"')
    assert after.variants == STORED.variants


def test_an_update_that_changes_nothing_gives_the_stored_resource():
    assert updates.apply(Product(title="Whey"), mask("title"), to=STORED) == STORED
    assert updates.apply(Product(), mask(), to=STORED) == STORED


def test_an_update_of_another_version_is_refused():
    with pytest.raises(Aborted):
        updates.apply(Product(title="Casein", etag='"2"'), mask("title"), to=STORED)


def test_a_listed_element_with_an_id_changes_only_what_its_own_mask_names():
    part = Variant(id="a", sku="ignored", weight_grams=7, update_mask=mask("weight_grams"))

    after = updates.apply(Product(variants=[part]), mask("variants"), to=STORED)

    assert list(after.variants) == [Variant(id="a", sku="A", weight_grams=7)]


def test_an_elements_mask_may_empty_a_field_and_an_empty_mask_changes_set_fields():
    emptied = Variant(id="a", update_mask=mask("sku"))
    renamed = Variant(id="b", title="Named")

    after = updates.apply(Product(variants=[renamed, emptied]), mask("variants"), to=STORED)

    assert list(after.variants) == [
        Variant(id="b", sku="B", title="Named"),
        Variant(id="a", weight_grams=5),
    ]


def test_an_element_without_a_stored_id_is_taken_whole():
    new = Variant(sku="C", update_mask=mask("title"))
    unknown = Variant(id="z", sku="D")

    after = updates.apply(Product(variants=[new, unknown]), mask("variants"), to=STORED)

    assert list(after.variants) == [Variant(sku="C"), Variant(id="z", sku="D")]


@pytest.mark.parametrize("path", ["nothing", "id", "update_mask"])
def test_a_wrong_path_in_an_elements_mask_is_refused_with_its_place(path):
    parts = [Variant(id="a"), Variant(id="b", update_mask=mask(path))]

    with pytest.raises(InvalidArgument) as refused:
        updates.apply(Product(variants=parts), mask("variants"), to=STORED)

    assert refused.value.reason == "MASK_INVALID"
    assert refused.value.violations.keys() == {f"variants[1].{path}"}


def test_metadata_keep_the_keys_that_were_not_sent_and_lose_the_emptied_ones():
    stored, sent = Product(etag='"1"'), Product()
    stored.metadata.update({"removed": "a", "changed": "b", "stays": "c"})
    sent.metadata.update({"removed": "", "changed": None, "absent": "", "new": [1]})

    after = updates.apply(sent, mask("metadata"), to=stored)
    cleared = updates.apply(Product(), mask("metadata"), to=stored)

    assert json_format.MessageToDict(after.metadata) == {"changed": None, "stays": "c", "new": [1]}
    assert stored.metadata["removed"] == "a"
    assert not cleared.HasField("metadata")
