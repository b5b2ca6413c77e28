"""Documents and bodies: what is declared is read, written, masked, and named in errors."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import pytest
from google.type.money_pb2 import Money
from pydantic import Field, ValidationError
from souk.catalog_opt_in.v1 import product_pb2 as pb
from souk.catalog_opt_in.v1.listing_service_pb2 import VariantPrice
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from gateway.medusa import paths
from gateway.medusa.shapes import WHOLE, Body, Document, From, NotInMessage, optional
from gateway.medusa.values import last_id, tenant_of
from services.kernel.call.errors import InvalidArgument, invalid
from services.kernel.call.limits import most_characters, most_entries


def even(number: int) -> Money:
    if number % 2:
        raise invalid("ODD", {"": "must be even"})
    return Money(units=number)


class Tag(Body[str]):
    value: Annotated[str, From(WHOLE)]


class Value(Body[pb.OptionValue]):
    text: Annotated[str, From("value")]


class Choices(Body[pb.Option]):
    label: Annotated[str, From("title")]
    values: list[Value] = Field([])


class Sizes(Body[pb.Option]):
    sizes: Annotated[list[str], From("values.value")]


class Price(Body[VariantPrice]):
    variant_id: Annotated[str, From("variant")]
    units: Annotated[int, From("price", write=even)]
    currency: Annotated[str, From("price.currency_code", str.lower, str.upper)] = "eur"


class Item(Body[pb.Variant]):
    grams: Annotated[int | None, From("weight_grams")] = None
    choices: Annotated[dict[str, str], From("options")] = Field({})
    amounts: Annotated[list[int], From("prices", write=even)] = Field([])


class Thing(Body[pb.Product]):
    id: Annotated[str, NotInMessage("product_id")] = ""
    name: Annotated[str | None, From("title")] = None
    status: Literal["draft", "published"] | None = None
    tags: list[Tag] | None = None
    kind: Annotated[Tag | None, From("type")] = None
    options: list[Choices] | None = None
    items: Annotated[list[Item] | None, From("variants")] = None
    created: Annotated[datetime | None, From("create_time")] = None


class Titled(Body[pb.Collection]):
    title: str = optional()


class Shown(Document[pb.Product]):
    id: Annotated[str, From("name", last_id)]
    name: Annotated[str, From("title")]
    note: Annotated[str | None, From("subtitle")]
    status: str
    tags: list[Tag]
    kind: Annotated[Tag | None, From("type")]
    options: list[Sizes]
    shelf: Annotated[str | None, From("collection", last_id)]
    created: Annotated[str | None, From("create_time")]
    extra: Annotated[str | None, NotInMessage()]


PRODUCT = pb.Product(
    name="products/prod_1",
    title="Whey",
    status=pb.Product.STATUS_DRAFT,
    tags=["new"],
    type="Powder",
    options=[pb.Option(values=[pb.OptionValue(value="S"), pb.OptionValue(value="M")])],
    collection="collections/pcol_1",
)


def test_a_document_is_read_as_declared_in_the_declared_order():
    document = Shown.to_json(PRODUCT, extra="x")

    assert list(document.items()) == [
        ("id", "prod_1"),
        ("name", "Whey"),
        ("note", None),
        ("status", "draft"),
        ("tags", [{"value": "new"}]),
        ("kind", {"value": "Powder"}),
        ("options", [{"sizes": ["S", "M"]}]),
        ("shelf", "pcol_1"),
        ("created", None),
        ("extra", "x"),
    ]


def test_an_unset_or_empty_value_is_null_where_the_field_may_be():
    document = Shown.to_json(pb.Product())

    nulls = {key for key, value in document.items() if value is None}
    assert nulls == {"note", "kind", "shelf", "created", "extra"}


def test_a_time_is_utc_to_the_millisecond():
    product = pb.Product()
    product.create_time.FromDatetime(datetime(2026, 1, 31, 9, 30, 0, 1999, UTC))

    assert Shown.to_json(product)["created"] == "2026-01-31T09:30:00.001Z"


def test_a_body_writes_the_keys_that_were_sent_and_masks_them():
    body = Thing.model_validate(
        {
            "id": "prod_1",
            "name": "Whey",
            "status": "published",
            "tags": [{"value": "new"}],
            "kind": None,
            "options": [{"label": "Size", "values": [{"text": "S"}]}],
            "items": [{"grams": 3, "choices": {"Size": "S"}, "amounts": [2]}, {}],
        }
    )

    assert body.to_message(name="products/prod_1", etag='"1"') == pb.Product(
        name="products/prod_1",
        etag='"1"',
        title="Whey",
        status=pb.Product.STATUS_PUBLISHED,
        tags=["new"],
        options=[pb.Option(title="Size", values=[pb.OptionValue(value="S")])],
        variants=[
            pb.Variant(weight_grams=3, options={"Size": "S"}, prices=[Money(units=2)]),
            pb.Variant(),
        ],
    )
    masked = ["options", "status", "tags", "title", "type", "variants"]
    assert list(body.to_mask().paths) == masked


def test_two_keys_can_be_parts_of_one_value():
    price = Price.model_validate({"variant_id": "v", "units": 4, "currency": "tnd"})

    assert price.to_message() == VariantPrice(
        variant="v", price=Money(units=4, currency_code="TND")
    )


def test_a_list_of_values_can_be_messages_in_the_contract():
    message = Sizes(sizes=["S", "M"]).to_message()

    assert [value.value for value in message.values] == ["S", "M"]


def test_a_value_that_does_not_fit_the_contract_is_named_by_its_path():
    body = Thing.model_validate({"items": [{}, {"amounts": [2, 3]}]})

    with pytest.raises(InvalidArgument) as refused:
        body.to_message()

    assert refused.value.reason == "ODD"
    assert refused.value.violations == {"items[1].amounts[1]": "must be even"}


@pytest.mark.parametrize("sent", [{"surprise": 1}, {"name": 1}, {"items": [{"grams": "3"}]}])
def test_a_body_takes_no_other_key_and_converts_nothing(sent):
    with pytest.raises(ValidationError):
        Thing.model_validate(sent)


@pytest.mark.parametrize(
    ("contract", "place"),
    [
        ("title", "name"),
        ("product_id", "id"),
        ("tags[3]", "tags[3].value"),
        ("type", "kind.value"),
        ("options[1].title", "options[1].label"),
        ("options[0].values", "options[0].values"),
        ("options[0].values[2].value", "options[0].values[2].text"),
        ("variants", "items"),
        ("variants[0]", "items[0]"),
        ("variants[0].weight_grams", "items[0].grams"),
        ("variants[0].options", "items[0].choices"),
        ("variants[0].options.Size (cm.)", "items[0].choices.Size (cm.)"),
        ("variants[0].options.a[b]", "items[0].choices.a[b]"),
        ("variants[0].prices[1]", "items[0].amounts[1]"),
        ("variants[0].prices[1].units", "items[0].amounts[1]"),
    ],
)
def test_a_place_of_the_message_is_found_in_the_body(contract, place):
    found = Thing.path_of(paths.parse(contract))

    assert found is not None
    assert paths.write(found) == place


def test_an_optional_key_is_an_attribute_only_if_it_was_sent():
    absent = Titled.model_validate({})

    assert not hasattr(absent, "title")
    assert absent.to_message() == pb.Collection()
    assert not absent.to_mask().paths
    assert Titled.model_validate({"title": "Summer"}).title == "Summer"
    with pytest.raises(ValidationError):
        Titled.model_validate({"title": None})


def test_a_body_documents_the_limits_that_the_contract_declares():
    schema = Thing.model_json_schema()
    [name, _], [tags, _] = (schema["properties"][key]["anyOf"] for key in ("name", "tags"))

    assert name["maxLength"] == most_characters(pb.Product, "title")
    assert tags["maxItems"] == most_entries(pb.Product, "tags")
    label = schema["$defs"]["Choices"]["properties"]["label"]
    assert label["maxLength"] == most_characters(pb.Option, "title")


def test_a_list_documents_its_own_limit_and_that_of_each_text():
    sizes = Sizes.model_json_schema()["properties"]["sizes"]

    assert sizes["maxItems"] == most_entries(pb.Option, "values")
    assert sizes["items"]["maxLength"] == most_characters(pb.OptionValue, "value")


def test_the_closest_key_is_found():
    assert Sizes.path_of(("values", 1, "value")) == ("sizes", 1)
    assert Price.path_of(("price",)) == ("units",)
    assert Price.path_of(("price", "currency_code")) == ("currency",)
    assert Thing.path_of(("etag",)) is None


def test_a_declaration_that_the_contract_lacks_fails_at_once():
    with pytest.raises(KeyError, match="colour"):

        class Wrong(Document[Tenant]):
            colour: str

    with pytest.raises(TypeError, match="what it shows"):

        class Nothing(Document):  # type: ignore[type-arg]
            colour: str


@pytest.mark.parametrize(
    ("name", "tenant"),
    [("tenants/paris/roles/r", "paris"), ("tenants/paris", "paris"), ("roles/r", None)],
)
def test_the_tenant_in_a_name_is_found(name, tenant):
    assert tenant_of(name) == tenant
