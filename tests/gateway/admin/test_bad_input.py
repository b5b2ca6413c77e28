"""What no write may take, tried on every operation that OpenAPI names."""

import json

import pytest

from tests.gateway.admin.answers import refused
from tests.isolation.operations import described

PLACES = {
    "code": "eur",
    "tenant_id": "paris",
    "product_id": "prod_01",
    "variant_id": "variant_01",
    "option_id": "opt_01",
    "tag_id": "ptag_01",
    "type_id": "ptyp_01",
    "collection_id": "pcol_01",
    "category_id": "pcat_01",
    "domain": "paris.impactnutrition.com",
    "event_id": "01",
    "key_id": "apk_01",
    "session_id": "sess_01",
    "user_id": "user_01",
    "assignment_id": "asgn_01",
    "role_id": "role_01",
    "invite_id": "inv_01",
    "access_grant_id": "agr_01",
    "file_id": "file_01",
    "region_id": "reg_01",
    "tax_region_id": "txreg_01",
    "tax_rate_id": "txr_01",
    "profile_id": "sp_01",
    "set_id": "fuset_01",
    "zone_id": "serzo_01",
    "inventory_item_id": "iitem_01",
    "location_id": "sloc_01",
    "reservation_id": "resitem_01",
    "address_id": "cuaddr_01",
    "campaign_id": "camp_01",
    "customer_id": "cus_01",
    "group_id": "cusgroup_01",
    "order_id": "order_01",
    "payment_id": "pay_01",
    "price_list_id": "plist_01",
    "promotion_id": "promo_01",
    "rule_type": "rules",
}
JSON = {"Content-Type": "application/json"}


def operations():
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/admin/"):
                yield method.upper(), path.format(**PLACES), operation


def takes_json(operation):
    return "application/json" in operation.get("requestBody", {}).get("content", {})


ALL = [(method, path) for method, path, _ in operations()]
# Who accepts an invite has no session yet.
GUARDED = [one for one in ALL if one[1] != "/admin/invites/accept"]
WITH_BODY = [(method, path) for method, path, one in operations() if takes_json(one)]
# Which acts need no such header, and why, is what test_idempotency.py is about.
WITH_HEADERS = [
    (method, path, names)
    for method, path, one in operations()
    if (
        names := sorted(p["name"].lower() for p in one.get("parameters", ()) if p["in"] == "header")
    )
    and takes_json(one)
]


def nested(levels):
    return b'{"settings":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


BODIES = {
    "unknown key": (b'{"surprise": 1}', 400),
    "a list": (b"[]", 400),
    "a string": (b'"x"', 400),
    "null": (b"null", 400),
    "a number": (b"1", 400),
    "no JSON": (b"{", 400),
    "two documents": (b"{} {}", 400),
    "NaN": (b'{"settings": {"a": NaN}, "variants": NaN}', 400),
    "a null byte": (b'{"title": "a\\u0000b", "display_name": "a\\u0000b"}', 400),
    "half a pair": (b'{"title": "\\ud800"}', 400),
    "half a pair as key": (b'{"\\ud800": 1}', 400),
    "not UTF-8": (b'{"title": "\xff"}', 400),
    "twice a key": (b'{"title": "a", "title": "b"}', 400),
    "1,000 deep": (nested(1000), 400),
    "100,000 deep": (b"[" * 100_000, 400),
    "a long number": (b'{"weight": ' + b"9" * 10_000 + b"}", 400),
    "2 MB": (b'{"title": "' + b"x" * 2_000_000 + b'"}', 413),
    "10 MB": (b'{"title": "' + b"x" * 10_000_000 + b'"}', 413),
}


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=str)
async def test_no_admin_route_answers_without_a_session(http, method, path):
    refused(await http.request(method, path), 401)
    for token in ("Bearer x", "Basic eA==", "Bearer", ""):
        answer = await http.request(method, path, headers={"Authorization": token})
        refused(answer, 401)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("method", "path"), WITH_BODY, ids=str)
async def test_a_bad_body_is_refused(admin, method, path, body):
    content, status = BODIES[body]

    answer = await admin.request(method, path, content=content, headers=JSON)

    refused(answer, status)


@pytest.mark.parametrize(("method", "path"), WITH_BODY, ids=str)
async def test_another_media_type_is_refused(admin, method, path):
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded"):
        answer = await admin.request(method, path, content=b"a=1", headers={"Content-Type": kind})
        refused(answer, 415)


@pytest.mark.parametrize(("method", "path", "names"), WITH_HEADERS, ids=str)
async def test_a_malformed_key_or_etag_is_refused(admin, method, path, names):
    for name in names:
        answer = await admin.request(
            method, path, content=json.dumps({}), headers={**JSON, name: "é".encode() * 300}
        )
        refused(answer, 400)
