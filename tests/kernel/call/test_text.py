"""Null characters are refused, wherever they stand."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from souk.audit.v1.audit_service_pb2 import Event
from souk.catalog_opt_in.v1.catalog_service_pb2 import CreateProductRequest
from souk.catalog_opt_in.v1.product_pb2 import Image, Option, OptionValue, Product, Variant
from souk.catalog_opt_in.v1.storefront_service_pb2 import GetStoreProductResponse
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from services.kernel.call import text
from services.kernel.call.errors import InvalidArgument


def settings(values):
    tenant = Tenant()
    tenant.settings.update(values)
    return tenant


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Product(title="a\x00"), "title"),
        (Product(tags=["a", "\x00"]), "tags[1]"),
        (Product(images=[Image(), Image(url="\x00")]), "images[1].url"),
        (
            CreateProductRequest(
                product=Product(options=[Option(values=[OptionValue(value="\x00")])])
            ),
            "product.options[0].values[0].value",
        ),
        (Product(variants=[Variant(options={"\x00": "a"})]), "variants[0].options"),
        (Product(variants=[Variant(options={"a": "\x00"})]), "variants[0].options"),
        (settings({"a": {"b": ["\x00"]}}), None),
    ],
)
def test_a_null_character_anywhere_is_refused_by_field(message, field):
    with pytest.raises(InvalidArgument) as refused:
        text.clean(message)

    assert refused.value.reason == "TEXT_INVALID"
    assert field is None or list(refused.value.violations) == [field]


@pytest.mark.parametrize(
    "message",
    [
        Product(),
        Product(title="été \U0001f36b \x01"),
        Product(tags=["", "a"]),
        Product(variants=[Variant(options={"": ""})]),
        Event(occur_time=Timestamp()),
        GetStoreProductResponse(document=b"\x00"),
        settings({"empty": "", "number": 0.0, "nothing": None}),
    ],
)
def test_zero_bytes_that_are_no_characters_pass(message):
    text.clean(message)


strings = st.text(st.characters(exclude_categories=["Cs"]) | st.just("\x00"), max_size=5)


@given(st.lists(strings, max_size=3), st.dictionaries(strings, strings, max_size=3))
def test_a_message_is_refused_exactly_when_a_string_has_a_null_character(tags, options):
    message = Product(tags=tags, variants=[Variant(options=options)])
    dirty = any("\x00" in t for t in [*tags, *options, *options.values()])

    try:
        text.clean(message)
    except InvalidArgument:
        assert dirty
    else:
        assert not dirty
