"""Every operation that OpenAPI names, fed with what its schema allows and with what it does not.

Whatever comes in, the answer is never a 5xx, and every refusal has the one shape.
"""

import re
import uuid
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tests.gateway.admin.answers import TYPES
from tests.isolation.operations import described
from tests.isolation.sizes import CAMPAIGN, size

BOUNDED = settings(
    max_examples=size(4, 40),
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

pytestmark = pytest.mark.usefixtures("no_attempts")


class Sample:
    """Lets one case of each kind pass for each operation, and each case for some operation.

    Of the cases that are systematic: a text too long, a number too small, a type that is wrong …
    """

    __name__ = "filter_case"

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()

    def __call__(self, _: object, case: Any) -> bool:
        if case.meta is None or case.meta.phase.name.value != "coverage":
            return True
        facts, mode = case.meta.phase.data, str(case.meta.generation.mode)
        place, description = str(facts.parameter_location), str(facts.description)
        kind = re.sub(r"[`'\d].*", "", description.rpartition(": ")[2])
        names = (mode, place, kind, case.operation.label), (mode, place, description)
        is_new = not self._seen.issuperset(names)
        self._seen.update(names)
        return is_new


DESCRIBED = schemathesis.openapi.from_dict(described())
if not CAMPAIGN:
    DESCRIBED.hook("filter_case")(Sample())


@pytest.fixture(scope="module")
def session(platform, admin_token):
    """Logged in for these tests alone, who may log it out and guess at the admin's password."""
    with requests.Session() as opened:
        opened.trust_env = False
        log_in(opened, platform)
        yield opened


def log_in(session, platform) -> None:
    login = {"email": platform.admin_email, "password": platform.admin_password}
    answer = session.post(f"{platform.url}/auth/user/emailpass", json=login, timeout=30)
    session.headers["Authorization"] = f"Bearer {answer.json()['token']}"


@pytest.fixture(scope="session")
def places(platform, admin_token) -> dict[str, str]:
    """Makes things that may be broken: path parameters, and the ids of what they then lead to."""
    headers = {"Authorization": f"Bearer {admin_token}"}
    word = f"t{uuid.uuid4().hex[:12]}"
    tenant = {"country_code": "fr", "currency_code": "eur", "default_locale": "fr"}
    with httpx.Client(base_url=platform.url, headers=headers, trust_env=False) as client:

        def made(path: str, **body: Any) -> str:
            answer = client.post(path, json=body)
            answer.raise_for_status()
            (document,) = answer.json().values()
            return str(document["id"])

        return {
            "tenant_id": made("/admin/tenants", id=word, display_name="Fuzz", **tenant),
            "product_id": made("/admin/products", title=word, status="published"),
            "collection_id": made("/admin/collections", title=word),
            "category_id": made("/admin/product-categories", name=word),
            "tag_id": made("/admin/product-tags", value=word),
            "type_id": made("/admin/product-types", value=word),
            "domain": made(f"/admin/tenants/{word}/domains", host=f"{word}.example.org"),
        }


@DESCRIBED.parametrize()
@BOUNDED
def test_no_input_is_a_fault_of_the_platform(case, platform, session, customer_token):
    if re.match(r"/store/(carts|customers|orders|payment-collections)", case.path):
        case.headers["Authorization"] = f"Bearer {customer_token}"
    check(case.call(base_url=platform.url, session=session, timeout=30))
    if case.path == "/auth/session":
        log_in(session, platform)


@DESCRIBED.include(path_regex=r"^/admin/.*\{").parametrize()
@settings(BOUNDED, phases=[Phase.generate])
def test_no_input_is_a_fault_where_the_place_exists(case, platform, session, places):
    for name in case.path_parameters:
        case.path_parameters[name] = places.get(name, case.path_parameters[name])

    check(case.call(base_url=platform.url, session=session, timeout=30))


def check(answer) -> None:
    assert answer.status_code < 500, answer.content
    assert answer.headers["x-request-id"]
    if answer.status_code >= 400:
        error = answer.json()
        assert error.keys() == {"type", "message", "code", "details", "request_id"}
        assert error["type"] in TYPES[answer.status_code]
