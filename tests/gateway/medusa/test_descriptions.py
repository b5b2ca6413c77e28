"""/docs says everything: models, errors, security, and nothing that is not so."""

import re

import pytest

from gateway.identity.session_cookies import COOKIE
from tests.isolation.operations import described

DESCRIPTION = described()
OPERATIONS = [
    (path, method, operation)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
]
NAMES = [f"{method} {path}" for path, method, _ in OPERATIONS]
# What somebody does with their own account takes a session, and no machine's key.
OWN_ACCOUNT = re.compile(r"/auth/session|/admin/users/me(/.+)?")
# The token in the invitation is what counts there.
FOR_ANYBODY = {"/admin/invites/accept"}
OF_CUSTOMERS = re.compile(
    r"/store/(customers.*|orders|orders/{order_id}/transfer/(request|cancel)"
    r"|carts/{cart_id}/customer)"
)

# Medusa's clients have it, and are told what to do instead.
ALWAYS_REFUSED = {("post", "/admin/sales-channels")}


def securities(path: str, method: str) -> list[dict[str, list[str]]]:
    if path == "/auth/session":
        bearers, cookies = ["session", "customer"], ["cookie", "customer_cookie"]
        if method == "post":
            return [{name: []} for name in bearers]
        return [{name: []} for pair in zip(bearers, cookies, strict=True) for name in pair]
    if OWN_ACCOUNT.fullmatch(path):
        return [{"session": []}, {"cookie": []}]
    if path.startswith("/admin") and path not in FOR_ANYBODY:
        return [{"session": []}, {"api_key": []}, {"cookie": []}]
    if OF_CUSTOMERS.fullmatch(path):
        return [{"customer": []}, {"customer_cookie": []}]
    return []


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
class TestOperation:
    def test_an_operation_has_a_summary_a_description_and_tags(self, path, method, operation):
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]

    def test_its_answer_has_a_model(self, path, method, operation):
        if (method, path) in ALWAYS_REFUSED:
            assert not any(status.startswith("2") for status in operation["responses"])
            return
        [good] = [r for s, r in operation["responses"].items() if s.startswith("2")]
        if path == "/uploads/{file_id}" or path.endswith("/export"):
            assert good["content"]
            return
        assert "$ref" in good["content"]["application/json"]["schema"]

    def test_its_errors_have_the_one_shape(self, path, method, operation):
        errors = {s: r for s, r in operation["responses"].items() if not s.startswith("2")}
        assert ({"400", "401", "404"} if path.startswith("/admin") else {"404"}) <= errors.keys()
        if path.startswith("/admin") and not OWN_ACCOUNT.fullmatch(path):
            assert path in FOR_ANYBODY or {"403", "409"} <= errors.keys()
        assert "422" not in errors
        for answer in errors.values():
            schema = answer["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}

    def test_admins_need_a_session_and_nobody_else_does(self, path, method, operation):
        assert operation.get("security", []) == securities(path, method)

    def test_a_body_has_a_model(self, path, method, operation):
        if body := operation.get("requestBody"):
            [content] = body["content"].values()
            assert "schema" in content
        else:
            assert method != "patch"


def test_the_security_schemes_are_a_bearer_token_a_cookie_and_a_key():
    schemes = DESCRIPTION["components"]["securitySchemes"]
    session, key, cookie = schemes["session"], schemes["api_key"], schemes["cookie"]

    assert (session["type"], session["scheme"], session["bearerFormat"]) == (
        "http",
        "bearer",
        "JWT",
    )
    assert (key["type"], key["scheme"]) == ("http", "basic")
    assert (cookie["type"], cookie["in"], cookie["name"]) == ("apiKey", "cookie", COOKIE)


def test_tags_are_described():
    described = {tag["name"] for tag in DESCRIPTION["tags"]}

    assert {tag for _, _, operation in OPERATIONS for tag in operation["tags"]} <= described


async def test_the_description_and_its_page_are_served(http, host):
    for tenant in ("hq", "paris"):
        assert (await http.get("/openapi.json", headers=host(tenant))).json() == DESCRIPTION
        assert (await http.get("/docs", headers=host(tenant))).status_code == 200


@pytest.mark.parametrize(
    ("prefix", "headers"),
    [
        ("", {"Host": "impactnutrition.com.tn"}),
        ("", {"Host": "paris.impactnutrition.com"}),
        ("/t/paris", {}),
    ],
)
async def test_its_page_loads_nothing_from_elsewhere(http, prefix, headers):
    page = await http.get(f"{prefix}/docs", headers=headers)

    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    answers = [await http.get(f"{prefix}/{path}", headers=headers) for path in loaded]

    assert len(loaded) >= 3
    assert not [path for path in loaded if "//" in path]
    assert {answer.status_code for answer in answers} == {200}
