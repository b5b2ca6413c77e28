"""What HTTP offers for hot answers: ETags, 304, HEAD and compression."""

import gzip

import pytest

from gateway.hot.conditions import accepts_gzip, etag_of
from tests.gateway.hot.shops import Shops

SHOPS = ("paris", "lyon")


@pytest.mark.parametrize(
    ("sent", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("gzip;q=nonsense", False),
        ("gzip;x=1;q=0", False),
        ("gzip," * 200, False),
    ],
)
def test_gzip_is_for_those_who_take_it(sent, takes):
    assert accepts_gzip(sent.encode()) is takes


def test_an_etag_is_weak_and_of_the_body_alone():
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
    assert etag_of(b"a").startswith(b'W/"')


async def test_a_client_that_has_the_page_gets_no_body(shops):
    for shop in SHOPS:
        for _ in range(2):  # from the routes, and from memory
            etag = (await shops.get(shop)).headers[b"etag"].decode()
            answer = await shops.get(shop, headers={"if-none-match": etag})
            assert (answer.status, answer.body) == (304, b"")
            assert answer.headers[b"etag"].decode() == etag
            assert answer.headers[b"cache-control"].startswith(b"public")
            assert answer.headers[b"cache-tag"] == shop.encode()
            assert b"content-length" not in answer.headers


async def test_the_page_of_another_shop_is_not_ours(shops):
    paris, lyon = [(await shops.get(shop)).headers[b"etag"].decode() for shop in SHOPS]

    assert paris != lyon
    assert (await shops.get("lyon", headers={"if-none-match": paris})).status == 200


async def test_a_page_is_compressed_once_at_its_second_request():
    shops = Shops(padding=10_000)
    for shop in SHOPS:
        first, second, third = [
            await shops.get(shop, headers={"accept-encoding": "gzip"}) for _ in range(3)
        ]
        plain = await shops.get(shop)

        assert b"content-encoding" not in first.headers
        for one in (second, third):
            assert one.headers[b"content-encoding"] == b"gzip"
            assert int(one.headers[b"content-length"]) == len(one.body) < 1_000
            assert gzip.decompress(one.body) == plain.body == first.body
            assert one.headers[b"etag"] == plain.headers[b"etag"]
        assert second.body is third.body
    await shops.hot.close()


async def test_a_small_answer_or_an_error_is_not_compressed(shops):
    for shop in SHOPS:
        for target in ("/store/products", "/store/products/none"):
            for _ in range(3):
                answer = await shops.get(shop, target, headers={"accept-encoding": "gzip"})
                assert b"content-encoding" not in answer.headers
