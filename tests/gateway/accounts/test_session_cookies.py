"""An admin's session in a cookie: where it counts, and whose pages may send requests with it."""

import re
import uuid
from http.cookies import SimpleCookie

import pytest
import pytest_asyncio

from gateway.identity.session_cookies import COOKIE
from services.tenant_registry.accounts import session_tokens
from tests.gateway.raw_http import ask
from tests.platform import another_gateway

BASE = "impactnutrition.com"
PARIS, LYON = f"paris.{BASE}", f"lyon.{BASE}"
APP = "https://app.example.org"
# Nobody's session: a request that gets as far as that was let in.
NOBODYS = b"/admin/users/me/sessions/sess_nobodys"


@pytest.fixture
def cookie_of(http):
    """Exchanges a token for a cookie; tells its value."""

    async def exchange(token):
        answer = await http.post("/auth/session", headers=bearer(token))
        assert answer.status_code == 200, answer.text
        return SimpleCookie(answer.headers["set-cookie"])[COOKIE].value

    return exchange


@pytest_asyncio.fixture
async def cookie(log_in, cookie_of):
    return await cookie_of((await log_in())["token"])


@pytest_asyncio.fixture
async def listing_shop(admin):
    """An open shop that lists an origin."""
    name = f"shop-{uuid.uuid4().hex[:8]}"
    shop = {
        "id": name,
        "display_name": "A shop",
        "country_code": "fr",
        "currency_code": "eur",
        "default_locale": "fr",
        "cors_origins": [APP],
    }
    (await admin.post("/admin/tenants", json=shop)).raise_for_status()
    (await admin.post(f"/admin/tenants/{name}/activate")).raise_for_status()
    return name


@pytest.fixture
def send(platform):
    """Sends a request as a browser with the cookie would; tells its status and code."""

    async def request(cookie, *more, host="localhost", method=b"DELETE", target=NOBODYS):
        headers = [("Cookie", f"a=b; {COOKIE}={cookie}"), *more]
        answer = await ask(
            platform.url, host.encode(), target=target, method=method, headers=headers
        )
        return answer.status, answer.json.get("code")

    return request


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def of(origin):
    return ("Origin", origin)


LET_IN = (404, "SESSION_NOT_FOUND")
REFUSED = (403, "ORIGIN_NOT_ALLOWED")
UNKNOWN = (401, "UNAUTHENTICATED")


async def test_a_token_becomes_a_cookie_that_no_script_and_no_other_host_gets(http, log_in):
    answer = await http.post("/auth/session", headers=bearer((await log_in())["token"]))

    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["path"]) == (True, True, "/")
    assert (cookie["domain"], cookie["samesite"]) == ("", "strict")
    assert 0 < int(cookie["max-age"]) <= session_tokens.COOKIE.lifetime.total_seconds()
    user = answer.json()["user"]
    assert (user["actor_type"], user["app_metadata"]) == ("user", {"user_id": user["actor_id"]})
    assert answer.headers["cache-control"] == "no-store"


async def test_a_cookie_reads_writes_and_logs_out(platform, http, log_in, cookie_of, send):
    token = (await log_in())["token"]
    cookie = await cookie_of(token)
    me = await ask(
        platform.url,
        b"localhost",
        target=b"/admin/users/me",
        headers=[("Cookie", f"{COOKIE}={cookie}")],
    )
    assert me.json["user"]["email"] == platform.admin_email
    assert await send(cookie, of("http://localhost")) == LET_IN

    out = await ask(
        platform.url,
        b"localhost",
        target=b"/auth/session",
        method=b"DELETE",
        headers=[("Cookie", f"{COOKIE}={cookie}"), of("http://localhost")],
    )

    assert out.json == {"success": True}
    assert re.match(rf'{COOKIE}="?"?;', out.headers["set-cookie"])
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert (await send(cookie, of("http://localhost")))[0] == 401
    assert (await http.post("/auth/token/refresh", headers=bearer(token))).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [of("null")],
        [of("https://evil.example")],
        [of(f"https://{PARIS}")],
        [of("https://localhost.evil.example")],
        [of("http://localhost:3000")],
        [of("")],
        [of("://localhost")],
        [of("ftp://localhost")],
        [of("http://localhost"), of("http://localhost")],
        [of("http://localhost"), of("https://evil.example")],
        [of("http://localhost"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-origin")],
        [("Referer", "http://localhost/")],
    ],
)
async def test_a_write_of_another_sites_page_is_refused(send, cookie, headers):
    assert await send(cookie, *headers) == REFUSED


async def test_over_tls_a_page_without_it_is_refused(platform, cookie):
    async with another_gateway(platform, SOUK_TRUSTED_PROXIES="127.0.0.0/8") as url:

        async def code(scheme):
            headers = [("Cookie", f"{COOKIE}={cookie}"), of(f"{scheme}://localhost"),
                       ("X-Forwarded-Proto", "https")]  # fmt: skip
            answer = await ask(url, b"localhost", target=NOBODYS, method=b"DELETE", headers=headers)
            return answer.status, answer.json["code"]

        assert (await code("https"), await code("http")) == (LET_IN, REFUSED)


async def test_a_page_is_refused_before_its_body_is_read(platform, cookie):
    headers = [("Cookie", f"{COOKIE}={cookie}"), of("null"), ("Content-Length", "1000000"),
               ("Content-Type", "application/json")]  # fmt: skip

    answer = await ask(
        platform.url,
        b"localhost",
        target=b"/admin/tenants/paris",
        method=b"PATCH",
        headers=headers,
    )

    assert (answer.status, answer.json["code"]) == REFUSED


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 200),
        ([("Sec-Fetch-Site", "same-origin")], 200),
        ([("Sec-Fetch-Site", "none")], 200),
        ([of("http://localhost"), ("Sec-Fetch-Site", "same-origin")], 200),
        ([("Sec-Fetch-Site", "same-site")], 403),
        ([("Sec-Fetch-Site", "cross-site")], 403),
        ([of("https://evil.example")], 403),
        ([of("null")], 403),
    ],
)
async def test_a_read_is_refused_to_a_page_that_is_known_to_be_anothers(
    send, cookie, headers, status
):
    read = {"method": b"GET", "target": b"/admin/tenants/paris"}

    assert (await send(cookie, *headers, **read))[0] == status


async def test_an_origin_counts_where_its_lister_owns_the_host_and_nowhere_else(
    send, cookie, listing_shop
):
    own, others = f"{listing_shop}.{BASE}", (PARIS, "localhost", BASE)

    assert await send(cookie, of(APP), host=own) == LET_IN
    assert await send(cookie, of(f"https://{own}"), host=own) == LET_IN
    for host in others:
        assert await send(cookie, of(APP), host=host) == REFUSED
    named = f"/t/{listing_shop}".encode() + NOBODYS
    assert await send(cookie, of(APP), target=named) == REFUSED
    assert await send(cookie, of(APP), ("X-Tenant-ID", listing_shop)) == REFUSED
    assert await send(cookie, of(f"https://{own}"), host=PARIS) == REFUSED


async def test_on_a_tenants_host_a_cookie_works_in_no_other_tenant(send, cookie):
    read = {"method": b"GET", "host": PARIS}

    assert (await send(cookie, **read, target=b"/admin/tenants/paris"))[0] == 200
    for elsewhere in (b"/admin/tenants/lyon", b"/admin/tenants/hq", b"/admin/tenants"):
        answer = await send(cookie, **read, target=elsewhere)
        assert answer == (400, "TENANT_SIGNALS_DISAGREE")


async def test_a_cookie_is_no_token_and_a_token_no_cookie(send, http, log_in, cookie):
    token = (await log_in())["token"]

    assert await send(token, of("http://localhost")) == UNKNOWN
    answer = await http.get("/admin/users/me", headers=bearer(cookie))
    assert answer.status_code == 401


async def test_no_script_gets_a_token_or_a_longer_session_for_a_cookie(send, cookie):
    for target in (b"/auth/session", b"/auth/token/refresh"):
        request = {"method": b"POST", "target": target}
        assert await send(cookie, of("http://localhost"), **request) == UNKNOWN


async def test_beside_a_header_the_cookie_is_not_looked_at(http, log_in, cookie_of, employ):
    email, header = await employ("paris")
    cookie = await cookie_of((await log_in())["token"])
    both = {"Cookie": f"{COOKIE}={cookie}", **header}

    me = await http.get("/admin/users/me", headers=both)
    wrong = await http.get("/admin/users/me", headers={**both, **bearer("wrong")})
    write = await http.delete(NOBODYS.decode(), headers=both)
    replaced = await http.post("/auth/session", headers=both)

    assert (me.json()["user"]["email"], wrong.status_code) == (email, 401)
    assert (write.status_code, write.json()["code"]) == LET_IN
    newer = SimpleCookie(replaced.headers["set-cookie"])[COOKIE].value
    assert replaced.json()["user"]["actor_id"] == me.json()["user"]["id"]
    assert newer != cookie


async def test_two_cookies_prove_nothing(send, cookie):
    read = {"method": b"GET", "target": b"/admin/tenants/paris"}

    assert (await send(cookie, **read))[0] == 200
    assert await send(f"{cookie}; {COOKIE}={cookie}", **read) == UNKNOWN
    assert await send(cookie, ("Cookie", f"{COOKIE}=x"), **read) == UNKNOWN


async def test_a_session_that_was_ended_elsewhere_ends_its_cookie(http, log_in, cookie_of, send):
    here, there = [(await log_in())["token"] for _ in range(2)]
    cookie = await cookie_of(there)
    listed = await http.get("/admin/users/me/sessions", headers=bearer(there))
    [session] = [one["id"] for one in listed.json()["sessions"] if one["current"]]

    await http.delete(f"/admin/users/me/sessions/{session}", headers=bearer(here))

    assert (await send(cookie, of("http://localhost")))[0] == 401


async def test_a_storefront_answers_alike_with_the_cookie_and_without(platform, cookie):
    async def read(*headers):
        return await ask(platform.url, PARIS.encode(), target=b"/store/regions", headers=[*headers])

    await read()
    plain, with_cookie = await read(), await read(("Cookie", f"{COOKIE}={cookie}"))

    def caching_headers(answer):
        return {k: v for k, v in answer.headers.items() if k in ("etag", "vary", "cache-control")}

    assert with_cookie.body == plain.body
    assert caching_headers(with_cookie) == caching_headers(plain)
    assert "cookie" not in plain.headers["vary"].lower()
