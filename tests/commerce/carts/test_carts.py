"""Carts over HTTP: what goes in, what it costs, and what is refused."""

import asyncio
import uuid
from decimal import Decimal

import pytest

TENANTS = ("paris", "hq")


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_cart_has_the_shops_region_and_currency(shopper, tenant):
    cart = await shopper(tenant).cart()

    country, currency = {"paris": ("fr", "eur"), "hq": ("tn", "tnd")}[tenant]
    assert (cart["region_id"], cart["currency_code"]) == (f"reg_{tenant}", currency)
    assert [one["iso_2"] for one in cart["region"]["countries"]] == [country]
    assert (cart["items"], cart["total"], cart["email"]) == ([], 0, None)


@pytest.mark.parametrize("tenant", TENANTS)
async def test_an_item_costs_what_the_shop_shows(shopper, tenant):
    shop = shopper(tenant)
    [variant] = await shop.variants()
    price = Decimal(str(variant["calculated_price"]["calculated_amount"]))
    cart = await shop.cart()

    cart = (
        await shop.post(
            f"/store/carts/{cart['id']}/line-items", {"variant_id": variant["id"], "quantity": 3}
        )
    )["cart"]

    [item] = cart["items"]
    assert (item["variant_id"], item["quantity"]) == (variant["id"], 3)
    assert Decimal(str(item["unit_price"])) == price
    assert Decimal(str(cart["total"])) == Decimal(str(cart["item_total"])) == 3 * price
    assert (await shop.get(f"/store/carts/{cart['id']}"))["cart"] == cart


async def test_the_same_variant_with_the_same_metadata_is_one_line(paris):
    [variant] = await paris.variants()
    cart = await paris.cart()
    path = f"/store/carts/{cart['id']}/line-items"

    for metadata in (None, {"gift": True}, None, {"gift": True}, {"gift": False}):
        body = {"variant_id": variant["id"], "quantity": 1, "metadata": metadata}
        cart = (await paris.post(path, body))["cart"]

    quantities = [(item["metadata"], item["quantity"]) for item in cart["items"]]
    assert quantities == [(None, 2), ({"gift": True}, 2), ({"gift": False}, 1)]


async def test_a_line_is_changed_and_removed(hq):
    cart = await hq.cart(2, 1)
    first, second = cart["items"]
    path = f"/store/carts/{cart['id']}/line-items"

    changed = await hq.post(f"{path}/{first['id']}", {"quantity": 5, "metadata": {"note": "a"}})
    again = await hq.post(f"{path}/{first['id']}", {"metadata": {"note": "", "for": "b"}})
    gone = (await hq.send("DELETE", f"{path}/{second['id']}")).json()
    empty = await hq.post(f"{path}/{first['id']}", {"quantity": 0})

    assert changed["cart"]["items"][0]["quantity"] == 5
    assert again["cart"]["items"][0]["metadata"] == {"for": "b"}
    assert again["cart"]["items"][0]["quantity"] == 5
    assert (gone["id"], gone["deleted"]) == (second["id"], True)
    assert [item["id"] for item in gone["parent"]["items"]] == [first["id"]]
    assert empty["cart"]["items"] == []
    assert await hq.refused("POST", f"{path}/{first['id']}", {"quantity": 1}) == (
        404,
        "ITEM_NOT_FOUND",
    )


@pytest.mark.parametrize(
    "quantity", [0, -1, 10_000, 10**9, 10**30, 1.5, 0.999, "2", "x", None, True, [1], {}]
)
async def test_an_impossible_quantity_is_refused_and_changes_nothing(paris, quantity):
    [variant] = await paris.variants()
    cart = await paris.cart(1)
    body = {"variant_id": variant["id"], "quantity": quantity}
    lines = f"/store/carts/{cart['id']}/line-items"
    acts = [
        (lines, body),
        ("/store/carts", {"items": [body]}),
        (f"{lines}/{cart['items'][0]['id']}", {"quantity": quantity}),
    ]

    for path, sent in acts[: 2 if quantity == 0 and quantity is not False else 3]:
        answer = await paris.send("POST", path, sent)
        assert answer.status_code == 400, answer.text
        assert "quantity" in str(answer.json()["details"])
    assert (await paris.get(f"/store/carts/{cart['id']}"))["cart"] == cart


async def test_quantities_are_bounded_together(paris):
    [variant] = await paris.variants()
    cart = await paris.cart(9_000)
    body = {"variant_id": variant["id"], "quantity": 1_000}

    refused = await paris.refused("POST", f"/store/carts/{cart['id']}/line-items", body)

    assert refused == (400, "FIELD_INVALID")


async def test_a_shopper_cannot_buy_here_what_another_shop_sells(paris, hq):
    async def is_sold_here(product):
        return (await paris.get("/store/products", id=product["id"]))["count"] == 1

    products = (await hq.get("/store/products"))["products"]
    [foreign, *_] = [one["variants"][0] for one in products if not await is_sold_here(one)]
    cart = await paris.cart()

    for variant in (foreign["id"], "variant_unknown", "x", ""):
        body = {"variant_id": variant, "quantity": 1}
        refused = await paris.refused("POST", f"/store/carts/{cart['id']}/line-items", body)
        assert refused == (400, "VARIANT_NOT_SOLD"), variant
        started = await paris.refused("POST", "/store/carts", {"items": [body]})
        assert started == (400, "VARIANT_NOT_SOLD"), variant


async def test_addresses_keep_what_is_left_out(paris):
    cart = await paris.cart()
    path = f"/store/carts/{cart['id']}"

    first = await paris.post(path, {"shipping_address": {"city": "Lyon", "first_name": "Zoé"}})
    second = await paris.post(path, {"shipping_address": {"city": "Nice", "first_name": None}})
    gone = await paris.post(path, {"shipping_address": None})

    assert first["cart"]["shipping_address"]["country_code"] == "fr"
    address = second["cart"]["shipping_address"]
    assert (address["city"], address["first_name"], address["country_code"]) == ("Nice", None, "fr")
    assert gone["cart"]["shipping_address"] is None


async def test_goods_go_to_countries_of_the_region_alone(paris, hq):
    for shop, country in ((paris, "tn"), (hq, "fr")):
        cart = await shop.cart()
        body = {"shipping_address": {"country_code": country}}
        refused = await shop.refused("POST", f"/store/carts/{cart['id']}", body)
        assert refused == (400, "COUNTRY_NOT_IN_REGION")
        body = {"billing_address": {"country_code": country}}
        assert (await shop.post(f"/store/carts/{cart['id']}", body))["cart"]["billing_address"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "nobody"}, "FIELD_INVALID"),
        ({"promo_codes": ["SUMMER"]}, "PROMOTION_UNKNOWN"),
        ({"billing_address": {"country_code": "xx"}}, "FIELD_INVALID"),
        ({"region_id": "reg_hq"}, "REGION_NOT_FOUND"),
        ({"sales_channel_id": "sc_hq"}, "SALES_CHANNEL_UNKNOWN"),
        ({"currency_code": "tnd"}, "CURRENCY_UNKNOWN"),
        ({"shipping_address": {"city": "x" * 201}}, "FIELD_INVALID"),
        ({"locale": "x" * 36}, "FIELD_INVALID"),
        ({"locale": "../fr"}, "FIELD_INVALID"),
        ({"locale": "français"}, "FIELD_INVALID"),
        # In upper case, some letters are others.
        ({"billing_address": {"country_code": "ß"}}, "FIELD_INVALID"),
        ({"billing_address": {"country_code": "\ufb01"}}, "FIELD_INVALID"),
    ],
)
async def test_bad_input_is_refused_by_name(paris, body, code):
    status, refused = await paris.refused("POST", "/store/carts", body)

    assert (status, refused) == (404 if code == "REGION_NOT_FOUND" else 400, code)


SCRIPTS = [
    *("Ζωή Παπαδοπούλου", "علي بن يوسف", "שרה כהן", "佐藤\u3000花子", "김철수", "Nguyễn Thị Hồng"),
    *("สมชาย", "Владимир", "E\u0301le\u0301onore", "👩\u200d👩\u200d👧", "نمی\u200cشد"),
    *("a" + "\u0301" * 150, "1\t2\r\nBcc: x@example.com", "<script>alert(1)</script>"),
    *("{{7*7}} ${x} %s {0}", "'; --", "=1+1", "O'B \u202egro\u202c"),
]  # fmt: skip


async def test_an_address_is_kept_as_it_is_written_in_any_script(paris, hq):
    """Each character of it: the order, too, and staff read it so."""
    fields = ("first_name", "last_name", "company", "address_1", "address_2", "city", "province")
    for shop in (paris, hq):
        cart = await shop.cart(1, email="zoe@example.com", billing_address={"city": SCRIPTS[0]})
        for text in SCRIPTS:
            sent = {**dict.fromkeys(fields, text), "phone": text[:40], "metadata": {text: text}}
            body = {"shipping_address": sent}
            found = (await shop.post(f"/store/carts/{cart['id']}", body))["cart"]
            stored = found["shipping_address"]
            assert {key: stored[key] for key in (*fields, "phone")} == {
                key: sent[key] for key in (*fields, "phone")
            }
            assert stored["metadata"][text] == text
            assert found["billing_address"]["city"] == SCRIPTS[0]


@pytest.mark.parametrize(
    ("address", "at"),
    [
        ({"city": "é" * 201}, "city"),
        ({"address_1": "x" * 301}, "address_1"),
        ({"address_2": "\u0301" * 100_000}, "address_2"),
        ({"first_name": "👩\u200d👩\u200d👧\u200d👦" * 30}, "first_name"),
        ({"postal_code": "1" * 41}, "postal_code"),
        ({"phone": "0" * 41}, "phone"),
        ({"country_code": "fra"}, "country_code"),
        ({"country_code": "f"}, "country_code"),
        ({"country_code": "\uff46\uff52"}, "country_code"),
        ({"city": 75001}, "city"),
        ({"city": ["Lyon"]}, "city"),
        ({"metadata": {"a": "x" * 4096}}, "metadata"),
        ({"street": "x"}, "street"),
    ],
)
async def test_an_address_that_cannot_be_is_refused_by_its_field(paris, hq, address, at):
    for shop in (paris, hq):
        cart = await shop.cart(shipping_address={"city": "X"})
        path = f"/store/carts/{cart['id']}"
        for kind in ("shipping_address", "billing_address"):
            answer = await shop.send("POST", path, {kind: address})
            assert answer.status_code == 400, answer.text
            assert list(answer.json()["details"]["violations"]) == [f"{kind}.{at}"]
        assert (await shop.get(path))["cart"] == cart


async def test_twenty_shoppers_of_one_cart_add_at_once_and_nothing_is_lost(paris):
    variants = await paris.variants(20)
    cart = await paris.cart()
    path = f"/store/carts/{cart['id']}/line-items"

    await asyncio.gather(
        *(paris.post(path, {"variant_id": v["id"], "quantity": 1}) for v in variants)
    )

    cart = (await paris.get(f"/store/carts/{cart['id']}"))["cart"]
    assert {item["variant_id"] for item in cart["items"]} == {v["id"] for v in variants}


async def test_a_repeat_under_a_key_adds_once(paris, hq):
    for shop in (paris, hq):
        [variant] = await shop.variants()
        cart = await shop.cart()
        key, path = str(uuid.uuid4()), f"/store/carts/{cart['id']}/line-items"
        body = {"variant_id": variant["id"], "quantity": 1}

        answers = [await shop.post(path, body, headers={"Idempotency-Key": key}) for _ in range(2)]

        assert answers[0] == answers[1]
        assert answers[0]["cart"]["items"][0]["quantity"] == 1


async def test_a_new_cart_takes_no_key_that_others_could_guess(paris):
    answer = await paris.send("POST", "/store/carts", {}, headers={"Idempotency-Key": "1"})
    key = {"Idempotency-Key": str(uuid.uuid4())}

    first, second = [await paris.post("/store/carts", {}, headers=key) for _ in range(2)]

    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert first == second
