"""Every route's query, found in OpenAPI: one parser for all, and the limits are the real ones."""

import re

import pytest

from tests.gateway.admin.answers import refused
from tests.isolation.operations import described

# An identity provider's redirect has keys of its own.
LENIENT = {"/auth/user/oidc/{provider}/callback"}
OPERATIONS = [
    (method.upper(), path, [p for p in one.get("parameters", ()) if p["in"] == "query"])
    for path, methods in described()["paths"].items()
    for method, one in methods.items()
    if path not in LENIENT
]
KEYS = [(*one[:2], parameter) for one in OPERATIONS for parameter in one[2]]
# Without a value they mean the same as without the key, as documented.
MAY_BE_EMPTY = {"q", "reason", "fields", "order", "page_token", "locale"}
CUSTOMERS = re.compile(r"/store/(carts|customers|orders|payment-collections|shipping-options)")
REQUIRED = {
    path: [parameter["name"] for parameter in parameters if parameter["required"]]
    for _, path, parameters in OPERATIONS
}
IN_PATHS = {"tenant_id": "paris", "provider": "none"}


def url(path):
    return re.sub(r"\{(\w+)\}", lambda name: IN_PATHS.get(name[1], "x"), path)


@pytest.fixture
def ask(admin, customer_token):
    """Sends a request as whoever has the route: a customer, or else an admin."""

    async def send(method, path, query):
        headers = {"Authorization": f"Bearer {customer_token}"} if CUSTOMERS.match(path) else {}
        return await admin.request(method, f"{url(path)}?{query}", headers=headers)

    return send


@pytest.mark.parametrize(("method", "path"), [one[:2] for one in OPERATIONS])
async def test_an_unknown_key_is_refused_by_name(ask, method, path):
    answer = await ask(method, path, "colour=red")

    assert refused(answer, 400, "QUERY_INVALID")["details"]["violations"].keys() == {"colour"}


def longest(schema):
    """Lists of values that reach each limit that is documented."""
    if schema["type"] == "array":
        words = schema["items"].get("enum") or [f"x{n}" for n in range(schema["maxItems"])]
        yield words[: schema["maxItems"]]
        yield (
            ["x" * schema["items"].get("maxLength", 0)] if "enum" not in schema["items"] else words
        )
    if "maxLength" in schema:
        yield ["x" * schema["maxLength"]]
    if "maximum" in schema:
        yield from ([str(schema["minimum"])], [str(schema["maximum"])])


# What is longer, the parser refuses by the same limits; see test_query.py.
@pytest.mark.parametrize(("method", "path", "parameter"), KEYS)
async def test_a_service_takes_as_much_as_is_documented(ask, method, path, parameter):
    if parameter["name"] == "page_token":  # one that is made up is refused whatever its length
        return
    schema = parameter["schema"]
    form = re.compile(schema.get("items", schema).get("pattern", ".*"))
    key = f"{parameter['name']}{'[]' * (schema['type'] == 'array')}"
    for values in longest(schema):
        if not all(map(form.fullmatch, values)):
            continue
        pairs = [f"{name}=x" for name in REQUIRED.get(path, ()) if name != parameter["name"]]
        query = "&".join([*pairs, *(f"{key}={value}" for value in values)])
        answer = await ask(method, path, query)

        error = answer.json() if answer.status_code >= 400 else {}
        assert answer.status_code < 500
        assert error.get("code") not in ("FIELD_INVALID", "NAME_INVALID", "QUERY_INVALID"), error


@pytest.mark.parametrize(("method", "path", "parameter"), KEYS)
def test_an_empty_value_is_documented_as_allowed_or_not(method, path, parameter):
    schema = parameter["schema"]
    schema = schema.get("items", schema)
    bounded = schema["type"] != "string" or bool({"enum", "format"} & schema.keys())

    may_be_empty = not bounded and schema.get("minLength", 0) == 0
    assert may_be_empty == (parameter["name"] in MAY_BE_EMPTY - {"order"})
