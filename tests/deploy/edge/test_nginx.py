"""deploy/edge/nginx.conf in front of a gateway: what it keeps, for how long, and for whom."""

import asyncio
import re
import subprocess
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.deploy.edge.proxy import CONFIG, NGINX, nginx

KEPT_SECONDS = 1.0
"""How long an answer is kept at the edge, and how old the gateway's own may be."""
PARIS, HQ = "paris.impactnutrition.com", "impactnutrition.com.tn"
PAGE = "/store/products?limit=5&fields=id,title"

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed on this machine")


@pytest_asyncio.fixture(scope="module")
async def edge(platform) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        nginx(platform.addresses["gateway"]) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client,
    ):
        yield client


async def cached_answer(edge: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    """Asks twice within a second, until the second answer comes from the cache."""
    for _ in range(20):
        await edge.get(path, headers=headers)
        answer = await edge.get(path, headers=headers)
        if answer.headers.get("x-cache") == "HIT":
            return answer
    raise AssertionError(f"{path} is never kept: {answer.status_code} {answer.headers}")


@pytest.mark.parametrize(
    "path",
    [
        PAGE,
        "/store/collections",
        "/store/product-categories",
        "/store/regions",
        "/t/paris/store/products",
        "/store/products/of-nobody",
    ],
)
async def test_an_answer_from_the_cache_is_the_gateways_own(edge, http, path):
    if path.endswith("nobody"):  # an error has an id of its request, and is not kept
        answer = await edge.get(path, headers={"Host": PARIS})
        assert (answer.status_code, answer.headers["x-cache"]) == (404, "MISS")
        return
    answer = await cached_answer(edge, path, Host=PARIS)
    own = await http.get(path, headers={"Host": PARIS})

    assert answer.content == own.content
    assert answer.headers["etag"] == own.headers["etag"]
    assert answer.headers["vary"] == own.headers["vary"]
    assert "ratelimit" not in answer.headers


@pytest.mark.parametrize(
    "requests",
    [
        [(PAGE, {"Host": PARIS}), (PAGE, {"Host": HQ})],
        [(f"/t/paris{PAGE}", {}), (f"/t/hq{PAGE}", {})],
        [(PAGE, {"X-Tenant-ID": "paris"}), (PAGE, {"X-Tenant-ID": "hq"})],
    ],
    ids=["by-host", "by-path", "by-header"],
)
async def test_shops_that_are_read_at_once_get_their_own_pages_only(edge, http, requests):
    hosts = [{"Host": "impactnutrition.com", **headers} for _, headers in requests]
    ways = [(path, headers) for (path, _), headers in zip(requests, hosts, strict=True)]
    own = [(await http.get(path, headers=headers)).text for path, headers in ways]
    assert own[0] != own[1]
    assert all('"products"' in one for one in own)

    async def read(at: int) -> str:
        path, headers = ways[at]
        return str((await edge.get(path, headers=headers)).text)

    for _ in range(10):
        found = await asyncio.gather(*(read(n % 2) for n in range(20)))
        assert found == own * 10


async def test_a_change_is_seen_within_the_bound_and_stays_seen(edge, admin):
    [product] = (await edge.get("/store/products?limit=1", headers={"Host": PARIS})).json()[
        "products"
    ]
    path, titles = f"/store/products/{product['id']}?fields=title", []

    async def seen() -> str:
        return str((await edge.get(path, headers={"Host": PARIS})).json()["product"]["title"])

    try:
        for n in range(4):
            await cached_answer(edge, path, Host=PARIS)
            titles.append(f"{product['title']} {n}")
            changed = await admin.patch(
                f"/admin/products/{product['id']}", json={"title": titles[-1]}
            )
            assert changed.status_code == 200
            acknowledged = time.monotonic()
            while (sent_at := time.monotonic()) < acknowledged + 2.2 * KEPT_SECONDS:
                title = await seen()
                if sent_at > acknowledged + 2 * KEPT_SECONDS:
                    assert title == titles[-1]
    finally:
        await admin.patch(f"/admin/products/{product['id']}", json={"title": product["title"]})


async def test_answers_to_a_caller_are_never_stored(edge, admin, admin_token):
    own = {"Authorization": f"Bearer {admin_token}", "Host": "impactnutrition.com"}
    expected = {
        "/admin/tenants": (200, 401),
        "/admin/users/me": (200, 401),
        "/admin/tenant-context": (200, 401),
        "/store/customers/me": (401, 401),  # an admin's token is no shopper's
        "/store/carts/cart_01": (401, 404),
        "/store/orders/order_01": (401, 404),
    }
    for path, (status, status_of_strangers) in expected.items():
        first = await edge.get(path, headers=own)
        stranger = await edge.get(path, headers={"Host": "impactnutrition.com"})

        assert "x-cache" not in first.headers, path
        assert "x-cache" not in stranger.headers, path
        assert (first.status_code, stranger.status_code) == (status, status_of_strangers), path


@pytest.mark.parametrize(
    ("poison", "question"),
    [
        # nginx and the gateway read different ones of two.
        ([("X-Tenant-ID", ""), ("X-Tenant-ID", "paris")], (PAGE, {})),
        # Whatever separates the parts of a key could be in a part.
        ([("X-Tenant-ID", "paris"), ("Origin", "|x")], (f"{PAGE}&q=a|paris", {"Origin": "x"})),
    ],
    ids=["twice", "separator"],
)
async def test_nobody_puts_another_shops_page_where_others_look(edge, http, poison, question):
    (path, headers), host = question, "impactnutrition.com"
    own = (await http.get(path, headers={"Host": host, **headers})).text
    for _ in range(20):
        await edge.get(path.partition("|")[0], headers=[("Host", host), *poison])
        assert (await edge.get(path, headers={"Host": host, **headers})).text == own


async def test_writes_pass_and_are_never_kept(edge, admin_token):
    mine = {"Authorization": f"Bearer {admin_token}", "Host": "impactnutrition.com"}
    for n in range(2):
        answer = await edge.post("/admin/collections", headers=mine, json={"title": f"Edge {n}"})
        assert answer.status_code == 200
        assert answer.json()["collection"]["title"] == f"Edge {n}"


async def test_gzip_and_plain_answers_are_kept_apart(edge):
    for accepted in ("gzip", "identity", "gzip;q=0", "br, gzip", "deflate"):
        answer = await cached_answer(edge, PAGE, **{"Host": PARIS, "Accept-Encoding": accepted})
        takes_gzip = "gzip" in accepted and "q=0" not in accepted
        assert answer.headers.get("content-encoding", "identity") in (
            ("gzip", "identity") if takes_gzip else ("identity",)
        )
        assert answer.json()["products"]


async def test_answers_to_sites_that_cors_tells_apart_are_kept_apart(edge, http):
    sites = ("https://paris.impactnutrition.com", "https://evil.example")
    for site in sites:
        own = await http.get(PAGE, headers={"Host": PARIS, "Origin": site})
        answer = await cached_answer(edge, PAGE, Host=PARIS, Origin=site)
        name = "access-control-allow-origin"
        assert answer.headers.get(name) == own.headers.get(name)


async def test_a_browser_that_has_the_page_gets_a_304_from_the_cache(edge):
    answer = await cached_answer(edge, PAGE, Host=PARIS)
    again = await cached_answer(
        edge, PAGE, **{"Host": PARIS, "If-None-Match": answer.headers["etag"]}
    )

    assert (again.status_code, again.content) == (304, b"")


async def test_a_crowd_asks_the_gateway_once_for_a_page(edge):
    path = f"{PAGE}&q=whey"
    found = await asyncio.gather(*(edge.get(path, headers={"Host": PARIS}) for _ in range(100)))
    fetched = [one for one in found if one.headers["x-cache"] != "HIT"]

    assert {one.status_code for one in found} == {200}
    # Who does not wait for the page shares the gateway's flight.
    assert len(fetched) < 100


def test_the_published_configuration_is_valid(tmp_path):
    done = subprocess.run([str(NGINX), "-t", "-e", "stderr", "-c", str(CONFIG)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    # Without root it may not listen on port 80 or write Debian's folders, which comes after.
    assert re.search("syntax is ok", done.stderr), done.stderr
