"""Limits that the contract declares on a request's fields."""

import pytest
from souk.catalog_opt_in.v1.catalog_service_pb2 import CreateProductRequest
from souk.catalog_opt_in.v1.product_pb2 import Option, OptionValue, Product, Variant
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListStoreProductsRequest

from services.kernel.call.errors import InvalidArgument
from services.kernel.call.limits import check, most_characters, most_entries


@pytest.mark.parametrize("field", ["ids", "handles", "collection_ids", "category_ids", "tag_ids"])
def test_a_list_may_be_as_long_as_declared_and_no_longer(field):
    most = most_entries(ListStoreProductsRequest, field)
    request = ListStoreProductsRequest()

    getattr(request, field).extend(["x"] * most)
    check(request)
    getattr(request, field).append("x")
    with pytest.raises(InvalidArgument) as refused:
        check(request)

    assert refused.value.reason == "FIELD_INVALID"
    assert refused.value.violations == {field: f"must have at most {most} entries"}


def test_a_text_may_be_as_long_as_declared_and_no_longer():
    most = most_characters(ListStoreProductsRequest, "query")

    check(ListStoreProductsRequest(query="é" * most))
    with pytest.raises(InvalidArgument) as refused:
        check(ListStoreProductsRequest(query="é" * (most + 1)))

    assert refused.value.violations == {"query": f"must have at most {most} characters"}


def test_all_fields_that_hold_too_much_are_named():
    with pytest.raises(InvalidArgument) as refused:
        check(ListStoreProductsRequest(query="q" * 101, tag_ids=["t"] * 51))

    assert refused.value.violations.keys() == {"query", "tag_ids"}


def test_a_limit_holds_deep_within_a_resource_and_names_the_place():
    option = Option(title="o" * 51, values=[OptionValue(value="v"), OptionValue(value="v" * 101)])
    product = Product(title="t" * 201, tags=["new", "t" * 51], options=[option])

    check(CreateProductRequest(product=Product(title="t" * 200, tags=["t" * 50])))
    with pytest.raises(InvalidArgument) as refused:
        check(CreateProductRequest(product=product))

    assert refused.value.violations == {
        "title": "must have at most 200 characters",
        "tags[1]": "must have at most 50 characters",
        "options[0].title": "must have at most 50 characters",
        "options[0].values[1].value": "must have at most 100 characters",
    }


def test_a_list_within_a_resource_may_be_as_long_as_declared():
    check(CreateProductRequest(product=Product(variants=[Variant()] * 200)))
    with pytest.raises(InvalidArgument) as refused:
        check(CreateProductRequest(product=Product(variants=[Variant()] * 201)))

    assert refused.value.violations == {"variants": "must have at most 200 entries"}


def test_metadata_may_take_so_many_bytes_and_no_more():
    product = Product()
    product.metadata.update({"note": "é" * 8_000})

    check(CreateProductRequest(product=product))
    product.metadata.update({"note": "é" * 8_200})
    with pytest.raises(InvalidArgument) as refused:
        check(CreateProductRequest(product=product))

    assert refused.value.violations == {"metadata": "must not be larger than 16384 bytes"}
