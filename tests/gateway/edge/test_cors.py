"""What browsers are told: security headers everywhere, CORS for a tenant's own origins alone."""

import base64
import hashlib
import re
import uuid

import httpx
import pytest
import pytest_asyncio

from gateway.edge.cors import METHODS, may_read_responses
from gateway.request_state import NOBODY, Client
from tests.gateway.known_tenants import known_tenant
from tests.gateway.raw_http import ask
from tests.isolation.operations import operations
from tests.platform import another_gateway

PARIS = "https://paris.impactnutrition.com"
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def tenant(tenant_id, **fields):
    return known_tenant(tenant_id, **{"hosts": (f"{tenant_id}.example",), **fields})


ORIGINS = {
    b"https://paris.example": True,
    b"https://paris.souk.test": True,
    b"http://paris.example": True,
    b"http://localhost:3000": True,
    b"https://paris.example:8443": False,
    b"https://paris.example.evil.example": False,
    b"https://evilparis.example": False,
    b"https://lyon.example": False,
    b"https://lyon.souk.test": False,
    b"https://souk.test": False,
    b"http://localhost:3001": False,
    b"https://PARIS.example": False,
    b"ftp://paris.example": False,
    b"paris.example": False,
    b"null": False,
    b"*": False,
    b"": False,
    b"\xff": False,
}


@pytest.mark.parametrize(("origin", "may"), ORIGINS.items())
def test_pages_of_a_tenants_own_hosts_and_of_listed_origins_may_read(origin, may):
    paris = tenant("paris", cors_origins=("http://localhost:3000",))

    assert may_read_responses(origin, paris, "souk.test", NOBODY) is may
    assert not may_read_responses(origin, None, "souk.test", NOBODY)
    if b"paris" in origin or b"3000" in origin:
        assert not may_read_responses(origin, tenant("lyon"), "souk.test", NOBODY)


def test_over_tls_a_page_without_it_may_not_read():
    over_tls = Client("203.0.113.5", is_secure=True)

    assert not may_read_responses(b"http://paris.example", tenant("paris"), "souk.test", over_tls)
    assert may_read_responses(b"https://paris.example", tenant("paris"), "souk.test", over_tls)


@pytest.mark.parametrize(
    "request_",
    [
        {"target": b"/store/regions"},
        {"target": b"/nothing"},
        {"target": b"/admin/tenants"},
        {"target": b"/healthz"},
        {"target": b"/store/products", "method": b"DELETE"},
        {"target": b"/" + b"x" * 60_000},
        {"headers": [("X-A", "x" * 60_000)]},
        {"headers": [("Host", "two.example")]},
    ],
)
async def test_every_answer_has_the_security_headers(platform, request_):
    for host in (b"paris.impactnutrition.com", b"nobody.example", b"localhost"):
        answer = await ask(platform.url, host, **request_)

        assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE
        assert "strict-transport-security" not in answer.headers
        if answer.status >= 400:
            assert answer.headers["cache-control"] == "no-store"


async def test_no_cache_may_store_an_admin_response(admin):
    for path in ("/admin/tenants", "/admin/users/me", "/admin/products?limit=1"):
        assert (await admin.get(path)).headers["cache-control"] == "no-store"


async def test_the_page_of_docs_runs_its_own_script_and_no_other(http, host):
    page = await http.get("/docs", headers=host("paris"))

    policy = page.headers["content-security-policy"]
    (inline,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert "frame-ancestors 'none'" in policy


async def test_a_page_reads_its_own_shop_and_no_other(http, host):
    own = await http.get("/store/regions", headers={**host("paris"), "Origin": PARIS})
    others = await http.get("/store/regions", headers={**host("hq"), "Origin": PARIS})
    no_page = await http.get("/store/regions", headers=host("paris"))

    assert own.headers["access-control-allow-origin"] == PARIS
    assert own.headers["access-control-allow-credentials"] == "true"
    assert "ratelimit" in own.headers["access-control-expose-headers"]
    for answer in (others, no_page):
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control")]
    for answer in (own, others, no_page):
        assert "origin" in answer.headers["vary"].lower()


def preflight(headers, origin=PARIS):
    return {**headers, "Origin": origin, "Access-Control-Request-Method": "POST"}


async def test_a_browser_that_asks_beforehand_is_told_what_it_may_send(http, host):
    answer = await http.options("/admin/tenants", headers=preflight(host("paris")))
    others = await http.options("/admin/tenants", headers=preflight(host("hq")))
    unasked = await http.options("/admin/tenants", headers={**host("paris"), "Origin": PARIS})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == PARIS
    allowed = answer.headers["access-control-allow-headers"]
    for name in ("authorization", "content-type", "idempotency-key", "x-publishable-api-key"):
        assert name in allowed
    assert others.status_code == 204
    assert not [name for name in others.headers if name.startswith("access-control")]
    assert unasked.status_code == 405


async def test_on_the_platforms_hosts_a_preflight_allows_the_origins_of_active_shops(
    http, shop, admin
):
    """It asks without the header, and without the key, that will say which shop it means."""
    own = f"https://{shop}.impactnutrition.com"
    elsewhere = ("https://nobody.example", "http://localhost:3000", "null", "https://127.0.0.1")
    headers = {"Host": "localhost"}

    async def allowed_origin(origin):
        answer = await http.options("/store/regions", headers=preflight(headers, origin))
        assert answer.status_code == 204
        return answer.headers.get("access-control-allow-origin")

    for origin in (own, PARIS):
        assert await allowed_origin(origin) == origin
    assert [await allowed_origin(origin) for origin in elsewhere] == [None] * len(elsewhere)
    read = await http.get(
        "/store/regions", headers={**headers, "Origin": own, "X-Tenant-ID": "paris"}
    )
    assert read.status_code == 200
    assert "access-control-allow-origin" not in read.headers

    (await admin.post(f"/admin/tenants/{shop}/suspend")).raise_for_status()
    assert await allowed_origin(own) is None


async def test_an_error_can_be_read_by_the_page_that_caused_it(http, host):
    answer = await http.get("/admin/tenants", headers={**host("paris"), "Origin": PARIS})

    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == PARIS


async def test_the_host_of_nobody_tells_a_page_nothing(http):
    headers = preflight({"Host": "nobody.example"}, origin="https://nobody.example")
    answer = await http.options("/store/regions", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (404, "SHOP_UNKNOWN")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest_asyncio.fixture
async def shop(admin):
    """An open shop that lists an origin."""
    name = f"paris-{uuid.uuid4().hex[:8]}"
    shop = {
        "id": name,
        "display_name": "Paris",
        "country_code": "fr",
        "currency_code": "eur",
        "default_locale": "fr",
        "cors_origins": ["http://localhost:3000"],
    }
    (await admin.post("/admin/tenants", json=shop)).raise_for_status()
    (await admin.post(f"/admin/tenants/{name}/activate")).raise_for_status()
    return name


async def test_an_origin_that_a_shop_lists_may_read_it_until_it_does_no_more(http, admin, shop):
    async def read():
        headers = {"Origin": "http://localhost:3000"}
        answer = await http.get(f"/t/{shop}/store/regions", headers=headers)
        return answer.headers.get("access-control-allow-origin")

    assert await read() == "http://localhost:3000"
    change = await admin.patch(f"/admin/tenants/{shop}", json={"cors_origins": []})
    change.raise_for_status()
    assert await read() is None


def routes():
    return [(one.path, {one.method}) for one in operations()]


def reads():
    return [path for path, methods in routes() if "GET" in methods]


# The second answer is longer than the first, or its length is not known when it begins.
LOG = "/admin/tenants/{tenant_id}/audit-events"
GROWING = (LOG, f"{LOG}/export")


@pytest.mark.parametrize("path", reads())
async def test_head_answers_as_get_does_without_the_body(admin, path):
    target = re.sub(r"\{tenant_id\}", "paris", path)
    target = re.sub(r"\{\w+\}", "nobody-has-this", target)
    plain = {"accept-encoding": "identity"}  # a hot read is compressed from the second one on
    whole, head = await admin.get(target, headers=plain), await admin.head(target, headers=plain)

    def fixed(answer):
        # What differs from one request to the next, or is about how a body comes.
        apart = ("date", "x-request-id", "content-length", "transfer-encoding")
        headers = answer.headers.items()
        return {k: v for k, v in headers if k not in apart and not k.startswith("ratelimit")}

    assert head.status_code == whole.status_code
    assert head.content == b""
    assert fixed(head) == fixed(whole)
    if path not in GROWING:
        assert head.headers["content-length"] == str(len(whole.content))


def test_every_method_of_a_route_may_be_sent_by_a_page():
    used = {method for _, methods in routes() for method in methods}

    assert used > {"GET", "POST"}
    assert used <= set(METHODS.decode().split(", "))


async def test_forwarded_headers_change_no_byte_of_an_answer(platform, host):
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Port": "444",
        "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
        "X-Original-URL": "/admin/tenants",
        "X-Rewrite-URL": "/admin/tenants",
        "X-Host": "evil.example",
        "X-HTTP-Method-Override": "DELETE",
        "X-Real-IP": "203.0.113.9",
    }
    async with another_gateway(platform, SOUK_TRUSTED_PROXIES="127.0.0.0/8") as proxied:
        for url, secure in ((platform.url, False), (proxied, True)):
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http:
                for path in ("/store/products?limit=3", "/store/regions", "/docs", "/openapi.json"):
                    for name in ("paris", "hq"):
                        plain = await http.get(path, headers=host(name))
                        bent = await http.get(path, headers={**host(name), **forged})
                        assert (plain.status_code, bent.status_code) == (200, 200)
                        assert bent.content == plain.content
                        assert ("strict-transport-security" in bent.headers) is secure
                        assert "strict-transport-security" not in plain.headers
