"""Products as shoppers read them: each shop its own, at its own prices."""

import asyncio

import orjson
import pytest

from gateway.medusa.query import Query
from gateway.medusa.resource import PreparedResource
from services.values.store_documents import CalculatedPrice


async def test_each_shop_shows_its_own_prices_in_its_own_currency(read_all):
    for tenant, currency in (("hq", "tnd"), ("paris", "eur")):
        for product in await read_all(tenant, "/store/products"):
            prices = [variant["calculated_price"] for variant in product["variants"]]
            assert {price["currency_code"] for price in prices} == {currency}
            assert all(price["calculated_amount"] > 0 for price in prices)


async def test_a_shop_shows_what_it_opted_in_to_and_nothing_else(read, read_all, http, host):
    ours = {p["handle"] for p in await read_all("paris", "/store/products")}
    all_ = await read_all("hq", "/store/products")
    others = [product for product in all_ if product["handle"] not in ours]
    assert 0 < len(ours) < len(all_)

    for product in others[:10]:
        for name in (product["id"], product["handle"]):
            answer = await http.get(f"/store/products/{name}", headers=host("paris"))
            assert (answer.status_code, answer.json()["code"]) == (404, "PRODUCT_NOT_FOUND")
        for query in ({"id": product["id"]}, {"handle": product["handle"]}):
            found = await read("paris", "/store/products", **query)
            assert (found["products"], found["count"]) == ([], 0)


@pytest.mark.parametrize("tenant", ["hq", "paris"])
async def test_one_product_is_the_same_by_id_by_handle_and_in_the_list(read, tenant):
    listed = (await read(tenant, "/store/products", limit=1))["products"][0]

    by_id = await read(tenant, f"/store/products/{listed['id']}")
    by_handle = await read(tenant, f"/store/products/{listed['handle']}")

    assert by_id == by_handle == {"product": listed}


@pytest.mark.parametrize(
    ("query", "handle"),
    [
        ("blanc d'oeuf", "blanc-oeuf-poudre"),
        ("Poudre D\u2019ŒUF", "blanc-oeuf-poudre"),
        ("gummies creatine", "creatine-gummies"),
    ],
)
async def test_a_search_finds_the_words_in_any_order_and_spelling(read, read_all, query, handle):
    for tenant, always in (("hq", True), ("paris", False)):
        shop = await read_all(tenant, "/store/products")
        sold = [p["handle"] for p in shop if p["handle"] == handle]

        found = await read(tenant, "/store/products", q=query)

        assert [product["handle"] for product in found["products"]][:1] == sold
        assert sold or not always


@pytest.mark.parametrize("tenant", ["hq", "paris"])
async def test_pages_follow_each_other_without_gap_or_repeat(read, read_all, tenant):
    products = await read_all(tenant, "/store/products", order="handle")
    handles = [product["handle"] for product in products]

    paged = []
    for offset in range(0, len(handles), 7):
        page = await read(tenant, "/store/products", limit=7, offset=offset, order="handle")
        assert page["count"] == len(handles)
        paged += [product["handle"] for product in page["products"]]

    assert paged == handles == sorted(handles)


async def test_fields_choose_what_is_sent(read):
    for tenant in ("hq", "paris"):
        query = {"limit": 3, "fields": "title, +variants.sku,no_such_thing,"}
        for product in (await read(tenant, "/store/products", **query))["products"]:
            assert list(product) == ["id", "title", "variants"]
            assert all(set(variant) == {"id", "sku"} for variant in product["variants"])


def test_amounts_stay_digit_for_digit_whatever_fields_are_wanted():
    resource = PreparedResource("price", "prices", CalculatedPrice, Query(limit=None))
    document = (
        b'{"calculated_amount":9999999999999.999,"original_amount":0.1,"currency_code":"tnd"}'
    )

    for fields in (b"calculated_amount,original_amount", b"-currency_code"):
        answer = resource.one(Query(limit=None).parse(b"fields=" + fields), document)
        assert b'"calculated_amount":9999999999999.999,"original_amount":0.1}' in answer.body


async def test_careless_fields_of_real_clients_are_the_whole_document(read):
    for fields in ("*variants.calculated_price,*variants.images,",
                   "*items.thumbnail,+tags,", " ", "*nothing"):  # fmt: skip
        plain = await read("paris", "/store/products", limit=5)
        assert await read("paris", "/store/products", limit=5, fields=fields) == plain


async def test_filters_in_every_spelling_of_a_list(read):
    first, second = (await read("paris", "/store/products", limit=2))["products"]
    spellings = [
        {"id": [first["id"], second["id"]]},
        {"id[]": [first["id"], second["id"]]},
        {"id[0]": first["id"], "id[1]": second["id"]},
        {"id": f"{first['id']},{second['id']}"},
    ]

    for query in spellings:
        found = await read("paris", "/store/products", **query)
        assert {product["id"] for product in found["products"]} == {first["id"], second["id"]}
        assert found["count"] == 2


async def test_goods_are_no_gift_cards(read):
    for tenant in ("hq", "paris"):
        assert (await read(tenant, "/store/products", is_giftcard="true"))["count"] == 0
        none = await read(tenant, "/store/products", is_giftcard="false")
        assert none["count"] == (await read(tenant, "/store/products"))["count"]


async def test_two_shops_asked_at_the_same_time_never_mix(http, host):
    async def ids(tenant):
        answer = await http.get("/store/products?limit=200", headers=host(tenant))
        return answer.content

    alone = {tenant: await ids(tenant) for tenant in ("hq", "paris")}

    together = await asyncio.gather(*(ids(t) for _ in range(20) for t in ("hq", "paris")))

    assert together == [alone["hq"], alone["paris"]] * 20
    assert b'"eur"' not in alone["hq"]
    assert b'"tnd"' not in alone["paris"]


async def test_documents_go_out_as_the_service_made_them(http, host):
    for tenant in ("hq", "paris"):
        answer = await http.get("/store/products?limit=200", headers=host(tenant))

        body = orjson.loads(answer.content)
        assert answer.content.startswith(b'{"products":[{"id":"prod_')
        assert answer.headers["content-type"] == "application/json"
        assert len(body["products"]) == min(body["count"], 200)
