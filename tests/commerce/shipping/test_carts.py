"""How shoppers of two shops have their carts shipped."""

from typing import Any

import pytest

from tests.commerce.shipping.conftest import ADDRESS, OPTIONS

FREE_FROM_100 = [{"attribute": "item_total", "operator": "gte", "value": 100}]


def methods(cart):
    return [(m["shipping_option_id"], m["name"], m["amount"]) for m in cart["shipping_methods"]]


async def test_a_shopper_chooses_an_option_and_pays_it(both):
    for shop in both:
        option = await shop.standard(5.9)
        cart = await shop.cart(2)

        [offered] = await shop.offered(cart)
        chosen = await shop.choose(cart, option, data={"door": "blue"})

        assert (offered["id"], offered["amount"], offered["price_type"]) == (
            option["id"],
            5.9,
            "flat",
        )
        assert offered["insufficient_inventory"] is False
        assert offered["service_zone"]["fulfillment_set"]["type"] == "shipping"
        [method] = chosen["shipping_methods"]
        assert (method["name"], method["amount"], method["total"]) == ("Standard", 5.9, 5.9)
        assert (method["shipping_option_id"], method["data"]) == (option["id"], {"door": "blue"})
        assert (chosen["item_total"], chosen["shipping_total"]) == (119.8, 5.9)
        assert (chosen["total"], chosen["subtotal"]) == (125.7, 125.7)
        await shop.pay(cart)
        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
        order = answer["order"]
        assert methods(order) == [(option["id"], "Standard", 5.9)]
        assert (order["total"], order["shipping_total"]) == (125.7, 5.9)
        assert order["shipping_methods"][0]["order_id"] == order["id"]
        # An order is what it was, whatever becomes of the option.
        await shop.done("DELETE", f"{OPTIONS}/{option['id']}")
        read = (await shop.shopper.get(f"/store/orders/{order['id']}"))["order"]
        assert read == order


async def test_no_shop_offers_the_options_of_another(both):
    options = [await shop.standard(5.9 + place) for place, shop in enumerate(both)]
    for shop, own, foreign in zip(both, options, reversed(options), strict=True):
        cart = await shop.cart()

        assert [option["id"] for option in await shop.offered(cart)] == [own["id"]]
        path = f"/store/carts/{cart['id']}/shipping-methods"
        refused = await shop.shopper.refused("POST", path, {"option_id": foreign["id"]})
        assert refused == (400, "SHIPPING_OPTION_UNAVAILABLE")
        path = f"/store/shipping-options/{foreign['id']}/calculate"
        refused = await shop.shopper.refused("POST", path, {"cart_id": cart["id"]})
        assert refused == (404, "SHIPPING_OPTION_NOT_FOUND")


async def test_a_cart_of_another_shop_is_unknown_to_shipping(both):
    options = [await shop.standard(5.9) for shop in both]
    carts = [await shop.cart() for shop in both]
    for shop, option, foreign in zip(both, options, reversed(carts), strict=True):
        query = f"?cart_id={foreign['id']}"
        for method, path, body in (
            ("GET", f"/store/shipping-options{query}", None),
            ("POST", f"/store/carts/{foreign['id']}/shipping-methods", {"option_id": option["id"]}),
            (
                "POST",
                f"/store/shipping-options/{option['id']}/calculate",
                {"cart_id": foreign["id"]},
            ),
        ):
            assert await shop.shopper.refused(method, path, body) == (404, "CART_NOT_FOUND")


async def test_the_price_follows_the_cart_and_so_does_what_is_to_be_paid(both):
    for shop in both:
        free = {"currency_code": "eur", "amount": 0, "rules": FREE_FROM_100}
        option = await shop.standard(7, free)
        cart = await shop.choose(await shop.cart(2), option)
        assert (cart["shipping_total"], cart["total"]) == (0, 119.8)
        await shop.pay(cart)

        path = f"/store/carts/{cart['id']}/line-items/{cart['items'][0]['id']}"
        less = (await shop.shopper.post(path, {"quantity": 1}))["cart"]

        assert methods(less) == [(option["id"], "Standard", 7)]
        assert less["total"] == less["payment_collection"]["amount"] == 66.9
        assert less["payment_collection"]["payment_sessions"] == []


async def test_an_option_that_serves_the_address_no_more_leaves_the_cart(both):
    for shop in both:
        area = {
            "type": "zip",
            "country_code": "fr",
            "province_code": "RHÔNE",
            "city": "lyon",
            "postal_expression": "69001",
        }
        profile = await shop.profile()
        near = await shop.option(await shop.zone(area, name="Near"), profile, 1, name="Near")
        far = await shop.option(await shop.zone(name="Far"), profile, 9, name="Far")
        cart = await shop.choose(await shop.cart(), near)
        assert [option["name"] for option in await shop.offered(cart)] == ["Near", "Far"]

        same = await shop.change(cart, {"email": "zoe.martin@example.com"})
        moved = await shop.change(cart, {"shipping_address": {"postal_code": "69002"}})

        assert methods(same) == [(near["id"], "Near", 1)]
        assert (moved["shipping_methods"], moved["shipping_total"]) == ([], 0)
        assert [option["id"] for option in await shop.offered(cart)] == [far["id"]]
        refused = await shop.shopper.refused("POST", f"/store/carts/{cart['id']}/complete")
        assert refused == (400, "CART_INCOMPLETE")
        chosen = await shop.choose(cart, far)
        assert methods(chosen) == [(far["id"], "Far", 9)]


async def test_without_an_address_each_option_is_offered(both):
    for shop in both:
        await shop.option(
            await shop.zone({"type": "country", "country_code": "be"}), await shop.profile(), 5
        )

        assert await shop.offered(await shop.cart()) == []
        there = await shop.cart(shipping_address=None)
        there = await shop.change(there, {"shipping_address": None})
        assert [option["amount"] for option in await shop.offered(there)] == [5]


async def test_a_calculated_price_depends_on_the_weight_and_is_told_when_asked(both):
    for shop in both:
        heavy = [{"attribute": "weight", "operator": "gt", "value": "1000"}]
        prices: list[Any] = [4, {"currency_code": "eur", "amount": 12.5, "rules": heavy}]
        option = await shop.standard(*prices, price_type="calculated")
        light, full = await shop.cart(2), await shop.cart(3)

        [offered] = await shop.offered(full)
        path = f"/store/shipping-options/{option['id']}/calculate"
        answers = [await shop.shopper.post(path, {"cart_id": c["id"]}) for c in (light, full)]

        assert (offered["amount"], offered["calculated_price"]) == (None, None)
        # A price with rules that hold goes before one without.
        options = [answer["shipping_option"] for answer in answers]
        assert [option["amount"] for option in options] == [4, 12.5]
        assert options[1]["calculated_price"]["calculated_amount"] == 12.5
        assert (await shop.choose(full, option))["shipping_total"] == 12.5


async def test_a_change_by_staff_is_shown_before_it_is_charged(both):
    for shop in both:
        option = await shop.standard(5)
        path = f"{OPTIONS}/{option['id']}"
        cart = await shop.choose(await shop.cart(), option)
        await shop.pay(cart)
        [price] = option["prices"]

        await shop.done("POST", path, {"prices": [{"id": price["id"], "amount": 0}]})
        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
        assert (answer["type"], methods(answer["cart"])) == (
            "cart",
            [(option["id"], "Standard", 0)],
        )

        # The total stays the same, and yet it is another agreement.
        await shop.pay(cart)
        await shop.done("DELETE", path)
        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
        assert (answer["type"], answer["cart"]["shipping_methods"]) == ("cart", [])


async def test_only_what_a_shop_offers_at_all_can_be_missing(both):
    bare, other = both
    await other.standard(5)

    for shop, status in ((bare, 200), (other, 400)):
        cart = await shop.cart()
        await shop.pay(cart)
        answer = await shop.shopper.send("POST", f"/store/carts/{cart['id']}/complete")
        assert answer.status_code == status
    assert "shipping method" in answer.json()["message"]


async def test_options_for_staff_and_for_returns_are_not_offered(both):
    for shop in both:
        zone, profile = await shop.zone(), await shop.profile()
        for attribute, value in (("enabled_in_store", "false"), ("is_return", "true")):
            rule = {"attribute": attribute, "operator": "eq", "value": value}
            await shop.option(zone, profile, 5, name=attribute, rules=[rule])
        cart = await shop.cart()
        assert await shop.offered(cart) == []
        await shop.pay(cart)
        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
        assert answer["type"] == "order"

        rules: list[Any] = [
            {"attribute": "enabled_in_store", "operator": "eq", "value": "true"},
            {"attribute": "is_return", "operator": "eq", "value": "false"},
            {"attribute": "item_total", "operator": "lt", "value": 100},
        ]
        await shop.option(zone, profile, 5, name="Shown", rules=rules)
        names = [await shop.offered(await shop.cart(quantity)) for quantity in (1, 2)]
        assert [[option["name"] for option in options] for options in names] == [["Shown"], []]


async def test_goods_of_each_profile_need_a_method_of_their_own(both, admin, make_product):
    product = await make_product(shipping_profile_id="heavy")
    for shop in both:
        path = f"/admin/tenants/{shop.tenant}/products"
        (await admin.post(path, json={"product_id": product["id"]})).raise_for_status()
        await shop.stock(product["variants"][0]["id"])
        zone, first, heavy = await shop.zone(), await shop.profile(), await shop.profile("heavy")
        parcel = await shop.option(zone, first, 5, name="Parcel")
        express = await shop.option(zone, first, 9, name="Express")
        pallet = await shop.option(zone, heavy, 40, name="Pallet")
        cart = await shop.cart()
        item = {"variant_id": product["variants"][0]["id"], "quantity": 1}
        await shop.shopper.post(f"/store/carts/{cart['id']}/line-items", item)
        await shop.choose(cart, parcel)

        refused = await shop.shopper.send("POST", f"/store/carts/{cart['id']}/complete")
        await shop.choose(cart, pallet)
        chosen = await shop.choose(cart, express)

        assert (refused.status_code, refused.json()["code"]) == (400, "CART_INCOMPLETE")
        assert "shipping method" in refused.json()["message"]
        assert methods(chosen) == [(pallet["id"], "Pallet", 40), (express["id"], "Express", 9)]
        await shop.pay(cart)
        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
        assert answer["order"]["shipping_total"] == 49


async def test_with_the_last_of_some_goods_goes_what_they_cost_to_ship(both, admin, make_product):
    product = await make_product(shipping_profile_id="heavy")
    for shop in both:
        path = f"/admin/tenants/{shop.tenant}/products"
        (await admin.post(path, json={"product_id": product["id"]})).raise_for_status()
        variant = product["variants"][0]["id"]
        await shop.stock(variant)
        zone, first, heavy = await shop.zone(), await shop.profile(), await shop.profile("heavy")
        parcel = await shop.option(zone, first, 5, name="Parcel")
        pallet = await shop.option(zone, heavy, 40, name="Pallet")
        cart = await shop.cart()
        lines = f"/store/carts/{cart['id']}/line-items"
        full = (await shop.shopper.post(lines, {"variant_id": variant, "quantity": 1}))["cart"]
        assert {option["id"] for option in await shop.offered(cart)} == {parcel["id"], pallet["id"]}
        await shop.choose(cart, parcel)
        await shop.choose(cart, pallet)
        await shop.pay(cart)

        line = next(item["id"] for item in full["items"] if item["variant_id"] == variant)
        changed = (await shop.shopper.send("DELETE", f"{lines}/{line}")).json()["parent"]

        assert methods(changed) == [(parcel["id"], "Parcel", 5)]
        assert changed["total"] == changed["payment_collection"]["amount"] == 64.9
        assert changed["payment_collection"]["payment_sessions"] == []
        assert [option["id"] for option in await shop.offered(cart)] == [parcel["id"]]
        path = f"/store/carts/{cart['id']}/shipping-methods"
        refused = await shop.shopper.refused("POST", path, {"option_id": pallet["id"]})
        assert refused == (400, "SHIPPING_OPTION_UNAVAILABLE")


@pytest.mark.parametrize("query", ["", "?cart_id=", "?cart_id=cart_1&order=name"])
async def test_options_are_listed_for_one_cart(both, query):
    for shop in both:
        answer = await shop.shopper.send("GET", f"/store/shipping-options{query}")
        assert answer.status_code == 400, answer.text


async def test_a_completed_cart_takes_no_other_option(both):
    for shop in both:
        option = await shop.standard(0)
        cart = await shop.choose(await shop.cart(), option)
        await shop.pay(cart)
        await shop.shopper.post(f"/store/carts/{cart['id']}/complete")

        path = f"/store/carts/{cart['id']}/shipping-methods"
        refused = await shop.shopper.refused("POST", path, {"option_id": option["id"]})

        assert refused == (400, "CART_COMPLETED")


async def test_a_region_has_prices_of_its_own(both):
    for shop in both:
        body = {"name": "France", "currency_code": "eur", "countries": ["fr"]}
        region = await shop.done("POST", "/admin/regions", body)
        other = await shop.done("POST", "/admin/regions", {**body, "countries": ["be"]})
        prices = [3, {"region_id": region["id"], "amount": 4}]
        await shop.standard(*prices, {"region_id": other["id"], "amount": 2})

        # Shoppers know the first one by another id, too.
        for id_ in (region["id"], f"reg_{shop.tenant}"):
            cart = await shop.cart(region_id=id_, shipping_address=ADDRESS)
            assert [option["amount"] for option in await shop.offered(cart)] == [4]
