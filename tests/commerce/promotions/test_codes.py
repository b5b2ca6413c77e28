"""Codes in carts of two shops: how they are given, what they take off, and what is refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.commerce.orders.test_checkout import complete, pay, ready

TENANTS = ("paris", "hq")
DAY = timedelta(days=1)
RULE = {"id": "prorul_1"}


def exact(number) -> Decimal:
    return Decimal(str(number))


async def give(shop, cart, *codes):
    path = f"/store/carts/{cart['id']}/promotions"
    return (await shop.post(path, {"promo_codes": list(codes)}))["cart"]


async def take_off(shop, cart, *codes):
    path = f"/store/carts/{cart['id']}/promotions"
    answer = await shop.send("DELETE", path, {"promo_codes": list(codes)})
    assert answer.status_code == 200, answer.text
    return answer.json()["cart"]


def codes(document):
    return [promotion["code"] for promotion in document["promotions"]]


async def test_the_same_code_is_another_promotion_in_each_shop(paris, hq, rows):
    for shop, tenant, percent in ((paris, "paris", 50), (hq, "hq", 25)):
        id_ = await rows.promotion(tenant, "SAME", percent)
        cart = await shop.cart(2)

        given = await give(shop, cart, "SAME")

        assert given["promotions"] == [
            {
                "id": id_,
                "code": "SAME",
                "is_automatic": False,
                "application_method": {
                    "type": "percentage",
                    "value": percent,
                    "currency_code": None,
                },
            }
        ]
        [adjustment] = given["items"][0]["adjustments"]
        assert (adjustment["promotion_id"], adjustment["code"]) == (id_, "SAME")
        off = exact(adjustment["amount"])
        assert off == exact(given["discount_total"]) == exact(given["item_discount_total"])
        assert exact(given["total"]) == exact(cart["total"]) - off
        assert abs(off - exact(cart["total"]) * percent / 100) < Decimal("0.01")
        assert (await shop.get(f"/store/carts/{cart['id']}"))["cart"] == given
        gone = await take_off(shop, given, "same")
        assert (gone["promotions"], gone["total"]) == ([], cart["total"])
        assert gone["items"][0]["adjustments"] == []


async def test_a_code_of_another_shop_is_an_unknown_one(paris, hq, rows):
    await rows.promotion("hq", "ONLYHQ", 10)
    await rows.promotion("paris", "ONLYPARIS", 10)

    for shop, code in ((paris, "ONLYHQ"), (hq, "ONLYPARIS")):
        cart = await shop.cart(1)
        path = f"/store/carts/{cart['id']}"
        body = {"promo_codes": [code]}
        for at in (f"{path}/promotions", path, "/store/carts"):
            assert await shop.refused("POST", at, body) == (400, "PROMOTION_UNKNOWN")
        assert (await shop.get(path))["cart"] == cart


async def test_the_cart_of_another_shop_takes_no_code(paris, hq, rows):
    for own, other, tenant in ((paris, hq, "hq"), (hq, paris, "paris")):
        await rows.promotion(tenant, "HERE", 10)
        path = f"/store/carts/{(await own.cart(1))['id']}/promotions"
        for method in ("POST", "DELETE"):
            refused = await other.refused(method, path, {"promo_codes": ["HERE"]})
            assert refused == (404, "CART_NOT_FOUND")


@pytest.mark.parametrize(
    "spelling",
    [
        *("Été-50€", "ÉTÉ-50€", "été-50€", "  Été-50€ ", "E\u0301te\u0301-50€"),
        "\uff25\u0301\uff54\u00e9-\uff15\uff10€",  # as wide as Chinese characters
    ],
)
async def test_a_code_is_the_same_in_every_spelling(paris, hq, rows, spelling):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        await rows.promotion(tenant, "Été-50€", 50)
        cart = await shop.cart(1, promo_codes=[spelling, "été-50€"])

        assert codes(cart) == ["Été-50€"]
        assert len(cart["items"][0]["adjustments"]) == 1


@pytest.mark.parametrize(
    "code", ["", " ", "%", "_", "SAM", "SAMEE", "SAME\u200b", "' OR 1=1 --", "x" * 100, "😀"]
)
async def test_a_text_that_is_no_code_is_refused_and_changes_nothing(paris, hq, rows, code):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        await rows.promotion(tenant, "SAME", 10)
        cart = await give(shop, await shop.cart(1), "SAME")
        path = f"/store/carts/{cart['id']}"

        refused = await shop.refused("POST", f"{path}/promotions", {"promo_codes": [code]})

        assert refused == (400, "PROMOTION_UNKNOWN")
        assert (await shop.get(path))["cart"] == cart


@pytest.mark.parametrize("body", [{}, {"promo_codes": None}, {"promo_codes": "SAME"}, {"a": 1}])
async def test_a_body_without_a_list_of_codes_is_refused(paris, body):
    cart = await paris.cart(1)
    for method in ("POST", "DELETE"):
        status, _ = await paris.refused(method, f"/store/carts/{cart['id']}/promotions", body)
        assert status == 400


async def test_a_cart_has_at_most_twenty_codes(paris, rows):
    for number in range(21):
        await rows.promotion("paris", f"C{number}", 1)
    cart = await give(paris, await paris.cart(1), *(f"C{number}" for number in range(20)))
    path = f"/store/carts/{cart['id']}"

    refused = await paris.refused("POST", f"{path}/promotions", {"promo_codes": ["C20"]})
    many = await paris.refused("POST", path, {"promo_codes": ["C0"] * 21})

    assert refused == many == (400, "FIELD_INVALID")
    assert (await paris.get(path))["cart"] == cart


async def test_codes_of_an_update_replace_those_there_were(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        await rows.promotion(tenant, "ONE", 10)
        await rows.promotion(tenant, "TWO", 5)
        cart = await shop.cart(1, promo_codes=["ONE"])
        path = f"/store/carts/{cart['id']}"

        both = (await shop.post(path, {"promo_codes": ["ONE", "TWO"]}))["cart"]
        untouched = (await shop.post(path, {"email": "a@example.com"}))["cart"]
        none = (await shop.post(path, {"promo_codes": []}))["cart"]

        assert [codes(each) for each in (cart, both, untouched, none)] == [
            ["ONE"],
            ["ONE", "TWO"],
            ["ONE", "TWO"],
            [],
        ]


@pytest.mark.parametrize(
    "columns",
    [
        {"rules": [{**RULE, "attribute": "currency_code", "operator": "eq", "values": ["usd"]}]},
        {"target_type": "items", "target_rules": [
            {**RULE, "attribute": "items.product.id", "operator": "in", "values": ["prod_1"]}
        ]},
        {"method_type": "fixed", "currency_code": "USD", "value": 100},
        {"target_type": "shipping_methods"},
        {"most_uses": 0},
    ],
    ids=["rules", "targets", "currency", "shipping", "used up"],
)  # fmt: skip
async def test_a_code_that_does_not_apply_is_without_effect(paris, hq, rows, columns):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        await rows.promotion(tenant, "KNOWN", **{"value": 10, **columns})
        cart = await shop.cart(1)

        given = await give(shop, cart, "KNOWN")

        assert (given["total"], given["promotions"]) == (cart["total"], [])


async def test_a_draft_is_unknown_and_what_staff_end_stays_in_the_cart_without_effect(paris, rows):
    await rows.promotion("paris", "DRAFT", 10, status="draft")
    id_ = await rows.promotion("paris", "ENDS", 10)
    await rows.promotion("hq", "DRAFT", 10)
    cart = await paris.cart(1)
    path = f"/store/carts/{cart['id']}/promotions"

    assert await paris.refused("POST", path, {"promo_codes": ["DRAFT"]}) == (
        400,
        "PROMOTION_UNKNOWN",
    )
    assert codes(await give(paris, cart, "ENDS")) == ["ENDS"]
    status = "UPDATE promotion SET status = $2 WHERE promotion_id = $1"
    await rows.connection.execute(status, id_, "inactive")
    ended = (await paris.post(f"/store/carts/{cart['id']}", {"email": "a@example.com"}))["cart"]
    await rows.connection.execute(status, id_, "active")
    back = (await paris.post(f"/store/carts/{cart['id']}", {"email": "b@example.com"}))["cart"]

    assert (codes(ended), ended["total"], codes(back)) == ([], cart["total"], ["ENDS"])


async def test_a_promotion_that_needs_no_code_is_given_at_once_in_its_shop_alone(paris, hq, rows):
    cart, foreign = await paris.cart(1), await hq.cart(1)
    await rows.promotion("paris", "AUTO", 20, is_automatic=True)

    given, same = await paris.cart(1), await hq.cart(1)

    assert given["promotions"][0]["is_automatic"] is True
    assert exact(given["total"]) < exact(cart["total"])
    assert (same["total"], same["promotions"]) == (foreign["total"], [])
    # The code of an automatic one may be given, too; it counts once.
    assert (await give(paris, given, "AUTO"))["total"] == given["total"]


async def test_a_promotion_applies_within_its_campaign(paris, hq, rows):
    now = datetime.now(UTC)
    windows = {"SOON": (now + DAY, None), "NOW": (now - DAY, now + DAY), "OVER": (None, now - DAY)}
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        for code, (start, end) in windows.items():
            campaign = await rows.campaign(tenant, start_time=start, end_time=end)
            await rows.promotion(tenant, code, 10, campaign_id=campaign)

        assert codes(await shop.cart(1, promo_codes=list(windows))) == ["NOW"]


async def test_an_amount_is_never_more_than_the_cart_costs(paris, hq, rows):
    for shop, tenant, currency in ((paris, "paris", "EUR"), (hq, "hq", "TND")):
        fixed = {"method_type": "fixed", "currency_code": currency}
        await rows.promotion(tenant, "HUGE", 10**9, **fixed)
        await rows.promotion(tenant, "ALL", 100)
        await rows.promotion(tenant, "EACH", 10**9, **fixed, target_type="items", allocation="each")

        cart = await shop.cart(3, 2, promo_codes=["HUGE", "ALL", "EACH"])

        assert cart["total"] == cart["item_total"] == 0
        assert cart["discount_total"] == cart["original_total"]
        assert codes(cart) == ["ALL"]


async def test_a_cart_that_costs_nothing_is_ordered_without_a_payment(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        id_ = await rows.promotion(tenant, "FREE", 100)
        address = {"address_1": "1 rue X", "city": "Y"}
        cart = await shop.cart(
            1, promo_codes=["FREE"], email="a@example.com", shipping_address=address
        )
        await shop.ship(cart)

        order = (await complete(shop, cart))["order"]

        assert (order["total"], codes(order)) == (0, ["FREE"])
        assert await rows.used(tenant, id_) == [1]


async def test_changes_at_once_leave_one_adjustment_of_each_promotion(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        await rows.promotion(tenant, "AUTO", 10, is_automatic=True)
        await rows.promotion(tenant, "CODE", 10)
        variants = await shop.variants(4)
        cart = await shop.cart(1)
        path = f"/store/carts/{cart['id']}"
        bodies = [{"variant_id": variant["id"], "quantity": 1} for variant in variants]

        await asyncio.gather(
            *(shop.post(f"{path}/line-items", body) for body in bodies * 3),
            *(give(shop, cart, "CODE") for _ in range(4)),
        )

        cart = (await shop.get(path))["cart"]
        for item in cart["items"]:
            assert sorted(each["code"] for each in item["adjustments"]) == ["AUTO", "CODE"]


async def test_an_order_keeps_what_promotions_took_off(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        id_ = await rows.promotion(tenant, "KEPT", 10)
        cart = await ready(shop, 2)
        cart = await pay(shop, await give(shop, cart, "KEPT"))
        order = (await complete(shop, cart))["order"]
        assert order["promotions"] == cart["promotions"] != []
        assert order["items"][0]["adjustments"] == cart["items"][0]["adjustments"] != []

        await rows.connection.execute("DELETE FROM promotion WHERE promotion_id = $1", id_)

        assert (await shop.get(f"/store/orders/{order['id']}"))["order"] == order


async def test_a_promotion_that_ends_while_a_cart_is_paid_is_told_first(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        id_ = await rows.promotion(tenant, "GONE", 10)
        cart = await ready(shop, 1)
        cart = await pay(shop, await give(shop, cart, "GONE"))
        await rows.connection.execute("DELETE FROM promotion WHERE promotion_id = $1", id_)

        answer = await complete(shop, cart)

        assert (answer["type"], answer["error"]["name"]) == ("cart", "CART_CHANGED")
        assert exact(answer["cart"]["total"]) > exact(cart["total"])
