"""Quantities in answers from memory: each shop's own, and never those of long ago."""

import asyncio
import json

import pytest

from gateway.hot import counting
from tests.gateway.hot.shops import LIST

COUNTED = f"{LIST}?fields=%2Bvariants.inventory_quantity"


def quantities(answer):
    assert answer.status == 200
    assert len(answer.body) == int(answer.headers[b"content-length"])
    return json.loads(answer.body)["quantities"]


async def test_each_shop_shows_its_own_quantities_to_who_asks_for_them(shops):
    for shop, product, there in (("paris", "whey", 5), ("lyon", "tea", 7)):
        answer = await shops.get(shop, COUNTED)

        assert quantities(answer) == [there, there]
        assert answer.headers[b"content-type"] == b"application/json"
        assert shops.counts.pop() == (shop, [f"{product}_1", f"{product}_2"])
        assert b"quantities" not in (await shops.get(shop)).body
    assert shops.counts == []


async def test_a_sale_raises_no_version_and_is_counted_anew(shops, monkeypatch):
    first = {shop: await shops.get(shop, COUNTED) for shop in ("paris", "lyon")}
    again = {shop: await shops.get(shop, COUNTED) for shop in ("paris", "lyon")}
    assert len(shops.counts) == 2
    assert {shop: one.body for shop, one in again.items()} == {
        shop: one.body for shop, one in first.items()
    }

    monkeypatch.setattr(counting, "BELIEVED_SECONDS", 0)
    shops.stock["paris"] = 4

    assert quantities(await shops.get("paris", COUNTED)) == [4, 4]
    assert quantities(await shops.get("lyon", COUNTED)) == [7, 7]
    assert len(shops.requests) == 2


async def test_after_an_act_through_this_gateway_the_next_read_counts_anew(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop, COUNTED)

    await shops.write(lambda: shops.stock.update(paris=0))

    assert quantities(await shops.get("paris", COUNTED)) == [0, 0]
    assert quantities(await shops.get("lyon", COUNTED)) == [7, 7]


async def test_a_count_from_before_an_act_is_not_shown_after_it(shops):
    for shop in ("paris", "lyon"):
        shops.counting_gate.clear()
        before = asyncio.create_task(shops.get(shop, COUNTED))
        while not shops.counts:
            await asyncio.sleep(0)
        shops.hot.invalidate_versions()
        after = asyncio.create_task(shops.get(shop, COUNTED))
        while len(shops.counts) < 2:
            await asyncio.sleep(0)
        shops.counting_gate.set()

        assert quantities(await before) == quantities(await after) == [shops.stock[shop]] * 2
        shops.counts.clear()


async def test_all_who_ask_at_once_share_one_count(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop, COUNTED)
    shops.hot.invalidate_versions()
    shops.counts.clear()

    answers = await asyncio.gather(*(shops.get(shop, COUNTED) for shop in ("paris", "lyon") * 20))

    assert [quantities(one)[0] for one in answers] == [5, 7] * 20
    assert sorted(shop for shop, _ in shops.counts) == ["lyon", "paris"]


async def test_an_etag_is_of_the_quantities_too(shops):
    etags = {}
    for shop in ("paris", "lyon"):
        etags[shop] = (await shops.get(shop, COUNTED)).headers[b"etag"]
        condition = {"if-none-match": etags[shop].decode()}
        same = await shops.get(shop, COUNTED, headers=condition)
        assert (same.status, same.body) == (304, b"")

    await shops.write(lambda: shops.stock.update(paris=4))

    for shop, status in (("paris", 200), ("lyon", 304)):
        condition = {"if-none-match": etags[shop].decode()}
        assert (await shops.get(shop, COUNTED, headers=condition)).status == status


async def test_products_are_shown_without_quantities_while_nobody_counts(shops, monkeypatch):
    monkeypatch.setattr(counting, "ANSWER_SECONDS", 0.01)
    shops.counting_gate.clear()
    for shop in ("paris", "lyon"):
        assert quantities(await shops.get(shop, COUNTED)) == [None, None]

    shops.counting_gate.set()
    shops.hot.invalidate_versions()

    assert quantities(await shops.get("paris", COUNTED)) == [5, 5]


async def test_quantities_are_shown_while_no_versions_are_known(shops, monkeypatch):
    monkeypatch.setattr("gateway.hot.versions.ANSWER_SECONDS", 0.01)
    shops.is_silent = True

    for shop, there in (("paris", 5), ("lyon", 7)):
        assert quantities(await shops.get(shop, COUNTED)) == [there, there]


@pytest.mark.parametrize("shop", ["paris", "lyon"])
async def test_an_answer_is_compressed_with_its_quantities(shops, shop):
    shops.padding = 4096
    zipped = {"accept-encoding": "gzip"}
    await shops.get(shop, COUNTED, headers=zipped)

    answer = await shops.get(shop, COUNTED, headers=zipped)

    assert answer.headers[b"content-encoding"] == b"gzip"
    assert len(shops.requests) == 1
