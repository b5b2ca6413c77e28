"""Two gateways of a real platform: what is shown from memory is what there is."""

import asyncio
import gzip
import signal
import time
import uuid

import httpx

from tests.gateway.hot.selling import counted, listed, opt_in, opt_out

BOUND_SECONDS = 1.0
LIST = "/store/products?limit=5"
VARYING = ("date", "x-request-id", "ratelimit", "ratelimit-policy")
SHOPS = ("hq", "paris")


async def test_the_second_answer_is_from_memory(http, host):
    for shop in SHOPS:
        first = await http.get(LIST, headers=host(shop))
        before = await counted(http, "hit")

        second = await http.get(LIST, headers=host(shop))

        assert second.content == first.content
        assert await counted(http, "hit") == before + 1


async def test_a_change_is_visible_with_its_answer_where_it_was_made(
    http, admin, two_shops, product
):
    paris, lyon = two_shops
    for _ in range(5):
        assert len(await listed(http, paris)) == len(await listed(http, lyon)) == 1

        await opt_out(admin, paris, product)
        assert await listed(http, paris) == []
        assert len(await listed(http, lyon)) == 1

        await opt_in(admin, paris, product)


async def test_a_change_by_the_head_office_is_visible_in_every_shop(
    http, admin, two_shops, product
):
    for number in range(3):
        for shop in two_shops:
            await listed(http, shop)

        title = f"Number {number} {uuid.uuid4().hex}"
        await admin.post(f"/admin/products/{product}", json={"title": title})

        for shop in two_shops:
            assert await listed(http, shop) == [title]


async def test_a_change_is_visible_at_another_gateway_within_a_second(
    second, admin, two_shops, product
):
    for number in range(5):
        for shop in two_shops:
            await listed(second, shop)
        title = f"Number {number} {uuid.uuid4().hex}"
        await admin.post(f"/admin/products/{product}", json={"title": title})
        began = time.monotonic()

        for shop in two_shops:
            read_began = began
            while await listed(second, shop) != [title]:
                assert read_began - began < BOUND_SECONDS
                await asyncio.sleep(0.005)
                read_began = time.monotonic()


async def test_a_thousand_reads_between_changes_are_never_of_an_older_one(
    http, admin, two_shops, product
):
    paris, lyon = two_shops
    for number in range(3):
        title = f"Number {number} {uuid.uuid4().hex}"
        await admin.post(f"/admin/products/{product}", json={"title": title})

        for _ in range(10):
            found = await asyncio.gather(*(listed(http, s) for s in (paris, lyon) for _ in "four"))
            assert found == [[title]] * 8


async def test_when_the_catalogue_hangs_hot_answers_end_within_the_bound(platform, http, host):
    for shop in SHOPS:
        for _ in range(2):
            (await http.get(LIST, headers=host(shop))).raise_for_status()
    platform.signal("catalog-opt-in", signal.SIGSTOP)
    began = time.monotonic()
    last = {}
    try:
        for shop in SHOPS:
            while True:
                sent_at = time.monotonic()
                answer = await http.get(LIST, headers=host(shop))
                if answer.status_code == 503:
                    break
                last[shop] = sent_at - began
    finally:
        platform.signal("catalog-opt-in", signal.SIGCONT)

    assert last["hq"] < BOUND_SECONDS
    assert last.get("paris", 0.0) < BOUND_SECONDS
    for shop in SHOPS:
        assert (await http.get(LIST, headers=host(shop))).status_code == 200


async def test_answers_from_memory_are_those_of_the_routes_byte_by_byte(http, host):
    for shop in SHOPS:
        product = (await http.get(LIST, headers=host(shop))).json()["products"][0]
        for path in (
            "/store/products?limit=7&order=title&fields=id,title",
            f"/store/products/{product['id']}",
            f"/store/products/{product['handle']}",
            "/store/collections?limit=3",
            "/store/product-categories?limit=4",
            "/store/regions",
            f"/store/regions/reg_{shop}",
        ):
            both = [await http.get(path, headers=host(shop)) for _ in range(2)]
            assert both[0].content == both[1].content
            first, second = (
                {name: value for name, value in one.headers.items() if name not in VARYING}
                for one in both
            )
            assert first.pop("content-encoding", "") in ("", "gzip")
            second.pop("content-encoding", "")
            first.pop("content-length")
            second.pop("content-length")
            assert first == second


async def test_a_page_travels_compressed_and_comes_out_the_same(platform, host):
    async with httpx.AsyncClient(base_url=platform.url, trust_env=False) as client:
        for shop in SHOPS:
            plain = await client.get(LIST, headers={**host(shop), "Accept-Encoding": "identity"})
            asking = {**host(shop), "Accept-Encoding": "gzip"}
            async with client.stream("GET", LIST, headers=asking) as answer:
                body = b"".join([part async for part in answer.aiter_raw()])

            assert answer.headers["content-encoding"] == "gzip"
            assert gzip.decompress(body) == plain.content
            assert len(body) < len(plain.content) / 3


async def test_a_client_that_has_the_page_is_told_so(http, host):
    for shop in SHOPS:
        etag = (await http.get(LIST, headers=host(shop))).headers["etag"]
        for method in ("GET", "HEAD"):
            answer = await http.request(method, LIST, headers={**host(shop), "If-None-Match": etag})
            assert (answer.status_code, answer.content) == (304, b"")


async def test_head_tells_what_get_would(http, host):
    for shop in SHOPS:
        get = await http.get(LIST, headers={**host(shop), "Accept-Encoding": "identity"})
        head = await http.head(LIST, headers={**host(shop), "Accept-Encoding": "identity"})

        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-length", "cache-control", "vary", "cache-tag"):
            assert head.headers[name] == get.headers[name]


async def test_each_caller_of_an_unknown_product_gets_their_own_error(http, host):
    path = f"/store/products/none-{uuid.uuid4().hex}"
    for shop in SHOPS:
        for _ in range(3):
            answer = await http.get(path, headers={**host(shop), "Cookie": "a=secret"})
            assert answer.status_code == 404
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
            assert answer.headers["cache-control"] == "no-store"


async def test_rate_limits_count_hot_answers(http, host):
    for shop in SHOPS:
        first, second = [await http.get(LIST, headers=host(shop)) for _ in range(2)]
        for answer in (first, second):
            assert "ratelimit" in answer.headers
