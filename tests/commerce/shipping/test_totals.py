"""What shipping costs with taxes and promotions, in two shops."""

from typing import Any

from tests.commerce.promotions.conftest import rows  # noqa: F401  # fixture


async def test_shipping_is_taxed_at_the_rate_of_its_option_or_the_default(both):
    for shop in both:
        body = {"name": "France", "currency_code": "eur", "countries": ["fr"]}
        await shop.done("POST", "/admin/regions", {**body, "automatic_taxes": True})
        rate = {"rate": 20, "code": "TVA", "name": "TVA"}
        taxed: dict[str, Any] = {
            "country_code": "fr",
            "provider_id": "tp_system",
            "default_tax_rate": rate,
        }
        tax_region = await shop.done("POST", "/admin/tax-regions", taxed)
        zone, profile = await shop.zone(), await shop.profile()
        options = [await shop.option(zone, profile, 10, name=name) for name in ("A", "B")]
        rules = [{"reference": "shipping_option", "reference_id": options[1]["id"]}]
        own = {"tax_region_id": tax_region["id"], "name": "Low", "code": "LOW", "rate": 5}
        await shop.done("POST", "/admin/tax-rates", {**own, "rules": rules})

        cart = await shop.cart()
        found = [await shop.choose(cart, option) for option in options]

        assert [chosen["shipping_tax_total"] for chosen in found] == [2, 0.5]
        [method] = found[1]["shipping_methods"]
        [line] = method["tax_lines"]
        assert (line["code"], line["rate"], line["total"]) == ("LOW", 5, 0.5)
        assert (method["subtotal"], method["total"]) == (10, 10.5)


async def test_a_promotion_takes_shipping_off_once(both, rows):  # noqa: F811
    for shop in both:
        option = await shop.standard(7)
        columns = {"target_type": "shipping_methods", "allocation": "across"}
        for code in ("FREE", "FREETOO"):
            await rows.promotion(shop.tenant, code, 100, **columns)
        cart = await shop.choose(await shop.cart(), option)
        codes = {"promo_codes": ["FREE", "FREETOO"]}

        free = await shop.change(cart, codes)

        assert (free["shipping_total"], free["original_shipping_total"]) == (0, 7)
        assert (free["total"], free["discount_total"]) == (59.9, 7)
        [method] = free["shipping_methods"]
        assert [each["amount"] for each in method["adjustments"]] == [7]
        assert len(free["promotions"]) == 1
        await shop.pay(cart)
        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
        order = answer["order"]
        assert (order["total"], order["shipping_methods"][0]["amount"]) == (59.9, 7)
        assert order["shipping_methods"][0]["total"] == 0


async def test_the_price_of_shipping_depends_on_the_goods_after_discounts(both, rows):  # noqa: F811
    for shop in both:
        rules = [{"attribute": "item_total", "operator": "gte", "value": 100}]
        option = await shop.standard(7, {"currency_code": "eur", "amount": 0, "rules": rules})
        await rows.promotion(shop.tenant, "HALF", 50)
        cart = await shop.choose(await shop.cart(2), option)

        less = await shop.change(cart, {"promo_codes": ["HALF"]})
        [offered] = await shop.offered(cart)
        more = await shop.change(cart, {"promo_codes": []})

        assert (cart["shipping_total"], more["shipping_total"]) == (0, 0)
        assert (less["shipping_total"], less["total"]) == (7, 66.9)
        assert offered["amount"] == 7
