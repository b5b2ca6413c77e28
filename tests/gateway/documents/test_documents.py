"""From JSON to the contract and back, without a platform."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from souk.audit.v1.audit_service_pb2 import Change, Event
from souk.catalog_opt_in.v1 import product_pb2 as pb
from souk.catalog_opt_in.v1.listing_service_pb2 import Listing
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from gateway.documents import (
    category,
    collection,
    domain,
    listing,
    product,
    product_bodies,
    tenant,
)
from gateway.documents.api_key import ApiKeyCreate
from gateway.documents.assignment import AssignmentCreate
from gateway.documents.event import EventDocument
from gateway.medusa.times import WRONG
from services.kernel.call.errors import InvalidArgument
from services.values.money import CURRENCIES, money

TENANT = {
    "id": "nice",
    "display_name": "Nice",
    "country_code": "fr",
    "currency_code": "eur",
    "default_locale": "fr",
}


def variant(amount, currency="eur"):
    price = {"amount": amount, "currency_code": currency}
    return {"title": "Whey", "variants": [{"prices": [price]}]}


def price_of(amount, currency="eur"):
    body = product_bodies.ProductCreate.model_validate(variant(amount, currency))
    return body.to_message().variants[0].prices[0]


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(1, 2**63 - 1))
def test_a_price_comes_back_digit_for_digit(currency, minor):
    price = pb.ConditionalPrice(amount=money(minor, currency))
    written = orjson.dumps(product.PriceDocument.to_json(price))
    read = Decimal(written.split(b'"amount":')[1].split(b",")[0].decode())

    assert price_of(read, currency.lower()) == money(minor, currency)


def test_whole_numbers_are_prices_too():
    assert price_of(59, "tnd") == Money(currency_code="TND", units=59)


@pytest.mark.parametrize("amount", [True, "59.90", None, [], Decimal("NaN"), Decimal("Infinity")])
def test_a_number_that_is_not_finite_is_no_price(amount):
    with pytest.raises(ValidationError):
        price_of(amount)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (Decimal("-1"), "PRICE_NOT_POSITIVE"),
        (0, "PRICE_NOT_POSITIVE"),
        (Decimal("1e-10"), "PRICE_TOO_PRECISE"),
        (Decimal("9.9999999999"), "PRICE_TOO_PRECISE"),
        (Decimal("1e99999"), "PRICE_TOO_LARGE"),
        (Decimal(2**63), "PRICE_TOO_LARGE"),
    ],
)
def test_a_price_that_the_contract_cannot_carry_is_refused_with_its_place(amount, reason):
    with pytest.raises(InvalidArgument) as refused:
        price_of(amount)

    assert refused.value.reason == reason
    assert list(refused.value.violations) == ["variants[0].prices[0].amount"]


@pytest.mark.parametrize(
    ("amount", "units", "nanos"),
    [("9.999", 9, 999_000_000), ("9.9999", 9, 999_900_000), ("1e-9", 0, 1), ("1e18", 10**18, 0)],
)
def test_the_service_judges_prices_that_the_contract_can_carry(amount, units, nanos):
    assert price_of(Decimal(amount)) == Money(currency_code="EUR", units=units, nanos=nanos)


@pytest.mark.parametrize("id_", ["a/b", "a b", "..", "-a", "x" * 300])
def test_an_id_that_no_name_can_hold_is_refused_under_the_bodys_key(id_):
    body = category.CategoryUpdate.model_validate({"parent_category_id": id_})

    with pytest.raises(InvalidArgument) as refused:
        body.to_message()

    assert refused.value.reason == "NAME_INVALID"
    assert list(refused.value.violations) == ["parent_category_id"]


@pytest.mark.parametrize("none", [None, ""])
def test_no_id_is_no_reference(none):
    body = category.CategoryUpdate.model_validate({"parent_category_id": none})

    assert body.to_message().parent == ""
    assert list(body.to_mask().paths) == ["parent"]


def test_a_part_with_an_id_says_what_of_it_changes():
    body = product_bodies.ProductUpdate.model_validate(
        {"variants": [{"id": "variant_1", "sku": None, "weight": 5}, {"sku": "B"}]}
    )

    old, new = body.to_message().variants

    assert old.update_mask.paths == ["sku", "weight_grams"]
    assert not new.HasField("update_mask")


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (tenant.TenantCreate, TENANT),
        (tenant.TenantUpdate, {}),
        (domain.DomainCreate, {"host": "a.example"}),
        (product_bodies.ProductCreate, {"title": "Whey"}),
        (collection.CollectionCreate, {"title": "Été"}),
        (category.CategoryCreate, {"name": "Whey"}),
        (listing.ListingCreate, {"product_id": "prod_1"}),
    ],
)
def test_a_key_that_is_not_known_is_refused(model, body):
    assert model.model_validate(body)
    with pytest.raises(ValidationError, match="surprise"):
        model.model_validate({**body, "surprise": 1})


def test_the_mask_is_what_the_body_holds_null_too():
    body = product_bodies.ProductUpdate.model_validate(
        {"subtitle": None, "collection_id": "pcol_1"}
    )

    assert list(body.to_mask().paths) == ["collection", "subtitle"]
    assert body.to_message() == pb.Product(collection="collections/pcol_1")


def test_a_category_has_a_name_here_and_a_title_in_the_contract():
    body = category.CategoryUpdate.model_validate({"name": "Whey", "parent_category_id": None})

    assert list(body.to_mask().paths) == ["parent", "title"]
    assert body.to_message().title == "Whey"


def test_codes_are_upper_case_in_the_contract_and_lower_case_in_json():
    body = tenant.TenantCreate.model_validate(TENANT)
    message = body.to_message(name="tenants/nice")

    assert (message.country_code, message.currency_code) == ("FR", "EUR")
    document = tenant.TenantDocument.to_json(message)
    assert (document["country_code"], document["currency_code"]) == ("fr", "eur")


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_settings_come_back_as_they_went(value):
    body = tenant.TenantUpdate.model_validate({"settings": {"value": value}})
    document = tenant.TenantDocument.to_json(body.to_message())

    assert orjson.loads(orjson.dumps(document["settings"])) == {"value": value}


@pytest.mark.parametrize(
    "value",
    [
        2**53 + 1,
        10**400,
        Decimal("1e400"),
        Decimal("9999999999999.999"),
        "\ud800",
        {"\ud800": 1},
        object(),
    ],
)
def test_settings_that_would_come_back_as_something_else_are_refused(value):
    with pytest.raises(ValidationError):
        tenant.TenantUpdate.model_validate({"settings": {"value": value}})


HALF_TIMES = [
    "2026", "20261130", "2026-11-30", "2026-11-30T09:30", "2026-11-30T09:30:00", "1795996800",
    1795996800, 1.5, True, "0001-01-01T00:00:00+14:00", "yesterday", "",
]  # fmt: skip


@pytest.mark.parametrize("wrong", HALF_TIMES)
def test_a_time_in_a_body_is_whole_or_refused(wrong):
    bodies: dict[type[BaseModel], dict[str, object]] = {
        AssignmentCreate: {"user_id": "user_1", "role": "r", "reason": "r", "until": wrong},
        ApiKeyCreate: {"title": "ERP", "type": "secret", "expires_at": wrong},
    }

    for model, body in bodies.items():
        with pytest.raises(ValidationError) as refused:
            model.model_validate(body)
        (flaw,) = refused.value.errors()
        assert flaw["msg"] == WRONG


def test_a_time_in_a_body_is_read_in_utc():
    body = {"title": "ERP", "type": "secret", "expires_at": "2026-11-30T09:30:00+01:00"}

    made = ApiKeyCreate.model_validate(body)

    assert made.expires_at == datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
    assert ApiKeyCreate.model_validate({**body, "expires_at": None}).expires_at is None


def test_settings_nested_too_deep_are_refused():
    deep: dict[str, object] = {}
    for _ in range(100):
        deep = {"deeper": deep}
    with pytest.raises(ValidationError, match="nested"):
        tenant.TenantUpdate.model_validate({"settings": deep})


def test_a_weight_that_no_int32_holds_is_refused():
    with pytest.raises(ValidationError):
        product_bodies.ProductCreate.model_validate({"title": "x", "variants": [{"weight": 2**31}]})


def test_a_price_that_names_no_currency_is_in_the_tenants():
    body = listing.ListingUpdate.model_validate(
        {"prices": [{"variant_id": "variant_1", "amount": Decimal("9.5")}]}
    )

    body.set_currency("TND")
    message = body.to_message()

    assert message.prices[0].price == Money(currency_code="TND", units=9, nanos=500_000_000)


def test_an_opt_in_is_answered_under_its_products_id():
    message = Listing(
        name="tenants/paris/listings/prod_1",
        product="products/prod_1",
        state=Listing.STATE_HIDDEN,
        product_status=pb.Product.STATUS_PUBLISHED,
        reasons=["LISTING_HIDDEN"],
    )

    document = listing.ListingDocument.to_json(message)

    assert document["id"] == document["product_id"] == "prod_1"
    assert (document["tenant_id"], document["state"]) == ("paris", "hidden")


def test_a_variant_tells_the_ids_of_what_it_chose():
    option = pb.Option(
        id="opt_1", title="Goût", values=[pb.OptionValue(id="optval_1", value="Fraise")]
    )
    message = pb.Product(
        name="products/prod_1",
        options=[option],
        variants=[pb.Variant(id="variant_1", options={"Goût": "Fraise"})],
    )

    document = orjson.loads(orjson.dumps(product.ProductDocument.to_json(message)))
    (chosen,) = document["variants"][0]["options"]

    assert chosen == {
        "id": "optval_1",
        "value": "Fraise",
        "option_id": "opt_1",
        "option": {"id": "opt_1", "title": "Goût"},
    }


def test_a_tenant_that_is_not_deleted_has_no_time_of_it():
    message = Tenant(name="tenants/a", state=Tenant.STATE_ACTIVE, plan=Tenant.PLAN_TRIAL)

    assert tenant.TenantDocument.to_json(message)["deleted_at"] is None


def test_changes_are_answered_as_json_not_as_text():
    event = Event(
        name="tenants/paris/events/01J",
        outcome=Event.OUTCOME_DONE,
        changes=[
            Change(field="tags", before="", after='["vegan"]'),
            Change(field="title", before='"Old"', after='…"New…', after_sha256="ab"),
        ],
    )

    document = EventDocument.to_json(event)

    whole = {"personal": False, "before_sha256": None, "after_sha256": None}
    assert document["changes"] == [
        whole | {"field": "tags", "before": None, "after": ["vegan"]},
        whole | {"field": "title", "before": "Old", "after": '…"New…', "after_sha256": "ab"},
    ]
    assert document["outcome"] == "done"
