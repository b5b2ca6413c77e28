"""Which keys of a body may be null: only those of fields that can be empty."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.admin.answers import one, refused
from tests.isolation.operations import described

OPENAPI = described()
# A category without a description has an empty one.
EMPTY_TEXTS = {"description"}


def resolved(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of a schema, without references."""
    if "$ref" in schema:
        return resolved(OPENAPI["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return [part for choice in schema["anyOf"] for part in resolved(choice)]
    return [schema]


def types(schema: dict[str, Any]) -> set[str]:
    return {part.get("type", "object") for part in resolved(schema)}


def properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The properties of an object, or of the elements of a list."""
    found: dict[str, Any] = {}
    for part in resolved(schema):
        found |= properties(part["items"]) if "items" in part else part.get("properties", {})
    return found


def clearable(body: dict[str, Any], document: dict[str, Any], path: str) -> Iterator[str]:
    """Yields the keys that a body may clear though the document's field is never empty."""
    fields = properties(document)
    for key, schema in properties(body).items():
        if key not in fields:
            continue
        may_be_empty = types(fields[key]) & {"null", "array", "object"} or key in EMPTY_TEXTS
        if "null" in types(schema) and not may_be_empty:
            yield f"{path}.{key}"
        yield from clearable(schema, fields[key], f"{path}.{key}")


def writes() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for path, methods in OPENAPI["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content and path.startswith("/admin/"):
                body = content["application/json"]["schema"]
                answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
                for document in properties(answer).values():
                    yield f"{method} {path}", body, document


def test_no_body_may_clear_a_field_that_is_never_empty():
    wrong = [path for name, body, document in writes() for path in clearable(body, document, name)]

    assert wrong == []


async def test_null_leaves_a_hidden_listing_hidden(admin, make_product):
    made = await make_product()
    paths = [f"/admin/tenants/{tenant}/products" for tenant in ("paris", "lyon")]
    for path in paths:
        await admin.post(path, json={"product_id": made["id"], "state": "hidden"})

    refused(await admin.patch(f"{paths[0]}/{made['id']}", json={"state": None}), 400)

    for path in paths:
        assert one(await admin.get(f"{path}/{made['id']}"), "product")["state"] == "hidden"


@pytest.mark.parametrize("key", ["status", "handle", "title"])
async def test_null_leaves_a_product_as_it_is(admin, make_product, key):
    made = await make_product()

    refused(await admin.patch(f"/admin/products/{made['id']}", json={key: None}), 400)

    assert one(await admin.get(f"/admin/products/{made['id']}"), "product") == made
