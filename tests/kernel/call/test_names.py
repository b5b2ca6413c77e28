"""Resource names and tenant ids: parsed, or refused."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.call import names
from services.kernel.call.errors import InvalidArgument

LISTING = "tenants/{tenant}/listings/{listing}"


def test_a_new_id_is_its_prefix_and_a_ulid():
    assert re.fullmatch(r"prod_[0-9A-HJKMNP-TV-Z]{26}", names.new_id("prod"))


def test_new_ids_are_never_the_same():
    assert len({names.new_id("prod") for _ in range(10_000)}) == 10_000


def test_a_name_is_taken_apart_into_its_ids():
    assert names.parse("tenants/paris/listings/prod_01J", LISTING) == ("paris", "prod_01J")
    assert names.parse("tenants/paris/domains/paris.example.com", "tenants/{tenant}/domains/{d}")
    assert names.parse("products/prod_01J", "products/{product}") == ("prod_01J",)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "tenants/paris",
        "tenants/paris/listings/",
        "tenants/paris/listings/a/b",
        "tenants//listings/a",
        "/tenants/paris/listings/a",
        "tenants/paris/listings/a\n",
        "tenants/paris/listings/a\x00",
        "tenants/paris/listings/..",
        "tenants/paris/listings/a%2Fb",
        "tenants/paris/listings/é",
        "tenants/paris/listings/" + "a" * 254,
        "tenants/Paris/listings/a",
        "tenants/pa.ris/listings/a",
        "tenants/-/listings/a",
        "Tenants/paris/listings/a",
    ],
)
def test_a_name_of_another_form_is_refused(name):
    with pytest.raises(InvalidArgument) as refused:
        names.parse(name, LISTING)

    assert refused.value.reason == "NAME_INVALID"


@given(st.text())
def test_any_text_is_a_name_or_refused(text):
    try:
        ids = names.parse(f"tenants/paris/listings/{text}", LISTING)
    except InvalidArgument:
        return
    assert ids == ("paris", text)


@pytest.mark.parametrize("text", ["a", "hq", "paris", "a1", "a-b", "a--b", "x" * 63])
def test_a_slug_is_a_tenant_id(text):
    assert names.tenant_id(text) == text


@pytest.mark.parametrize(
    "text", ["", "1a", "-a", "a-", "A", "a_b", "a.b", "é", "a\n", "x" * 64, "a b", "a/b"]
)
def test_a_tenant_id_that_is_not_a_slug_is_refused(text):
    with pytest.raises(InvalidArgument) as refused:
        names.tenant_id(text)

    assert refused.value.reason == "TENANT_ID_INVALID"


def test_the_first_id_of_a_time_sorts_before_those_made_then():
    before = datetime.now(UTC)
    made = names.new_id("prod")
    after = datetime.now(UTC) + timedelta(milliseconds=1)

    assert names.first_id("prod", before) <= made < names.first_id("prod", after)
    assert names.first_id("prod", datetime.min.replace(tzinfo=UTC)) == f"prod_{'0' * 26}"
