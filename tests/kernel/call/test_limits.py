"""Limits that the contract declares on a request's fields."""

import pytest
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
