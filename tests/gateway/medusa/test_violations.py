"""What is wrong with a request is said in the caller's own keys and words."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import ValidationError

from gateway.documents.api_key import ChannelsOfKey
from gateway.documents.stock_location import LinksOfLocation
from gateway.medusa.filters import ID_RULE
from gateway.medusa.shapes import Body
from gateway.medusa.violations import in_callers_terms, of_validation_errors
from services.kernel.call.errors import InvalidArgument, invalid
from tests.gateway.documents.test_declarations import BODIES
from tests.isolation.operations import routes

TENANT = "/admin/tenants/{tenant_id}"
WRONG: list[Any] = [None, True, 1, Decimal("1.5"), Decimal("1e999"), "x" * 5000, "2026", [], {}]
WRONG += [[one] for one in WRONG] + [{"surprise": one} for one in WRONG]


def route_of(method: str, path: str) -> APIRoute:
    return routes()[method, path]


@pytest.mark.parametrize(
    ("method", "path", "field", "key"),
    [
        ("POST", "/admin/product-categories", "title", "name"),
        ("PATCH", "/admin/product-categories/{category_id}", "parent", "parent_category_id"),
        ("PATCH", "/admin/product-categories/{category_id}", "name", "category_id"),
        ("POST", "/admin/products", "title", "title"),
        ("POST", "/admin/products", "collection", "collection_id"),
        ("POST", "/admin/products", "categories[1]", "categories[1].id"),
        ("POST", "/admin/products", "variants[0].weight_grams", "variants[0].weight"),
        ("POST", "/admin/products", "variants[0].prices[1]", "variants[0].prices[1].amount"),
        (
            "POST",
            "/admin/products",
            "variants[0].prices[1].currency_code",
            "variants[0].prices[1].currency_code",
        ),
        (
            "POST",
            f"{TENANT}/products",
            "prices[0].variant",
            "prices[0].variant_id",
        ),
        ("POST", f"{TENANT}/products", "prices[0].price", "prices[0].amount"),
        ("POST", f"{TENANT}/api-keys", "expire_time", "expires_at"),
        ("POST", f"{TENANT}/assignments", "from_time", "from"),
        ("POST", f"{TENANT}/access-grants", "ttl", "minutes"),
        ("POST", "/admin/tenants", "tenant_id", "id"),
        ("POST", "/auth/user/{provider}/reset-password", "email", "identifier"),
        ("GET", "/admin/products/{product_id}", "name", "product_id"),
        ("GET", "/admin/products", "order_by", "order"),
        ("GET", "/store/products", "query", "q"),
        ("GET", TENANT + "/audit-checkpoint/consistency", "to_size", "to"),
        ("DELETE", TENANT + "/domains/{domain}", "name", "domain"),
    ],
)
def test_a_field_of_the_contract_is_named_as_the_caller_names_it(method, path, field, key):
    error = invalid("FIELD_INVALID", {field: "must not be so"})

    named = in_callers_terms(error, route_of(method, path))

    assert named.violations == {key: "must not be so"}
    assert named.message == f"{key} must not be so."
    assert named.reason == "FIELD_INVALID"


def test_an_id_in_the_path_needs_no_resource_name():
    error = InvalidArgument("NAME_INVALID", "x", {"name": "must have the form products/{product}"})

    named = in_callers_terms(error, route_of("GET", "/admin/products/{product_id}"))

    assert named.violations == {"product_id": ID_RULE}


def test_an_error_without_violations_stays_as_it_is():
    error = InvalidArgument("SOMETHING", "Something is wrong.", value="1")

    assert in_callers_terms(error, route_of("POST", "/admin/products")) is error


def wrong_bodies(body: type[Body[Any]]) -> Any:
    """Yields bodies with something wrong at each place, lists and objects in them included."""
    for field in body.declared:
        for value in WRONG:
            yield {field.key: value}
        if field.inner is not None:
            for inner in wrong_bodies(field.inner):
                yield {field.key: inner}
                yield {field.key: [inner]}


@pytest.mark.parametrize("body", BODIES)
def test_body_errors_are_worded_without_python_terms(body):
    messages = set()
    for wrong in wrong_bodies(body):
        try:
            body.model_validate(wrong)
        except ValidationError as error:
            flaws = [{**flaw, "loc": ("body", *flaw["loc"])} for flaw in error.errors()]
            messages |= set(of_validation_errors(flaws).values())

    assert messages
    assert [text for text in messages if not text.startswith(("must ", "is "))] == []


def test_the_place_of_a_flaw_is_written_in_one_form():
    location = ("body", "variants", 0, "prices", 1, "amount")

    violations = of_validation_errors(
        [{"loc": location, "type": "is_instance_of", "ctx": {}, "msg": "Decimal"}]
    )

    assert violations == {"variants[0].prices[1].amount": "must be a number, for example 59.9"}


def test_every_body_of_a_route_is_declared():
    """Otherwise its errors could name the contract's fields."""
    bodies: dict[Any, Any] = {
        name: route.body_field.field_info.annotation
        for name, route in routes().items()
        if route.body_field
    }

    assert len(bodies) > 20
    # What becomes no message has no names but its own.
    undeclared = {body for body in bodies.values() if not issubclass(body, Body)}
    assert undeclared == {ChannelsOfKey, LinksOfLocation}


def test_the_first_ten_violations_are_returned():
    flaws = [{"loc": ("body", f"key{n}"), "type": "missing", "msg": ""} for n in range(50_000)]

    assert list(of_validation_errors(flaws)) == [f"key{n}" for n in range(10)]
