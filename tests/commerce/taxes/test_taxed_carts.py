"""What a cart and its order cost with taxes, in two shops that charge different ones."""

from tests.commerce.taxes.conftest import Shop

ADDRESS = {"first_name": "Zoé", "address_1": "1 rue X", "city": "Y", "postal_code": "1"}
RATES = (20, 10)
# Of two at 59.90, by rate.
TAX = {20: 23.96, 10: 11.98, 19: 22.76, 5.5: 6.59}


def percents(cart):
    return [line["rate"] for item in cart["items"] for line in item["tax_lines"]]


async def test_goods_are_taxed_once_it_is_known_where_they_go(shops):
    for shop, rate in zip(shops, RATES, strict=True):
        await shop.region("fr")
        region = await shop.tax_region("fr", rate)

        nowhere = await shop.cart(2)
        body = {"shipping_address": {"country_code": "fr"}}
        cart = (await shop.bought(f"carts/{nowhere['id']}", body))["cart"]

        assert (nowhere["tax_total"], nowhere["total"], percents(nowhere)) == (0, 119.8, [])
        [item] = cart["items"]
        [line] = item["tax_lines"]
        assert line == {
            "id": f"{item['id']}.{region['tax_rates'][0]['id']}",
            "code": "vat",
            "rate": rate,
            "name": "VAT",
            "description": "VAT",
            "provider_id": "tp_system",
            "tax_rate_id": region["tax_rates"][0]["id"],
            "subtotal": TAX[rate],
            "total": TAX[rate],
        }
        assert (cart["subtotal"], cart["tax_total"]) == (119.8, TAX[rate])
        assert cart["total"] == item["total"] == round(119.8 + TAX[rate], 2)


async def test_a_price_with_tax_stays_what_it_is(shops):
    for shop, rate, tax in zip(shops, RATES, (19.97, 10.89), strict=True):
        await shop.region("fr", is_tax_inclusive=True)
        await shop.tax_region("fr", rate)

        cart = await shop.cart(2, "fr")

        assert (cart["total"], cart["tax_total"]) == (119.8, tax)
        assert cart["subtotal"] == cart["items"][0]["subtotal"] == round(119.8 - tax, 2)
        assert cart["items"][0]["is_tax_inclusive"] is True


async def test_a_product_or_its_type_has_a_rate_of_its_own(shops):
    by_type, by_product = shops
    for shop in shops:
        await shop.region("fr")
        region = await shop.tax_region("fr", 20)
        kind = {"reference": "product_type", "reference_id": shop.product["type_id"]}
        await shop.tax_rate(region, 5.5, rules=[kind])
    product = {"reference": "product", "reference_id": by_product.product["id"]}
    [region] = await by_product.page("tax-regions")
    await by_product.tax_rate(region, 0, rules=[product])

    carts = [await shop.cart(2, "fr") for shop in shops]

    assert [percents(cart) for cart in carts] == [[5.5], [0]]
    assert [cart["tax_total"] for cart in carts] == [TAX[5.5], 0]
    assert by_type.product == by_product.product


async def test_a_province_adds_to_its_country_or_stands_instead_of_it(shops):
    for shop, combinable in zip(shops, (True, False), strict=True):
        await shop.region("ca")
        await shop.tax_region("ca", 5)
        quebec = await shop.tax_region("ca", province_code="qc")
        await shop.tax_rate(quebec, 9.975, is_default=True, is_combinable=combinable)

        for province in ("QC", "ca-qc", " qc "):
            to = {"country_code": "ca", "province": province}
            cart = await shop.cart(shipping_address=to)
            assert percents(cart) == ([9.975, 5] if combinable else [9.975])
        assert percents(await shop.cart(shipping_address=to | {"province": "on"})) == [5]
        assert percents(await shop.cart(shipping_address=to | {"province": " "})) == [5]
        lines = cart["items"][0]["tax_lines"]
        assert round(sum(line["total"] for line in lines), 2) == cart["tax_total"]


async def test_a_cart_that_moves_to_another_region_has_that_ones_taxes(shops):
    for shop, rate in zip(shops, RATES, strict=True):
        await shop.region("fr", name="France")
        germany = await shop.region("de", name="Germany")
        await shop.tax_region("fr", rate)
        await shop.tax_region("de", 19)
        cart = await shop.cart(2, "fr")

        moved = (await shop.bought(f"carts/{cart['id']}", {"region_id": germany["id"]}))["cart"]

        assert (percents(cart), percents(moved)) == ([rate], [19])
        assert moved["tax_total"] == TAX[19]


async def test_without_automatic_taxes_there_are_none_until_they_are_asked_for(shops):
    for shop, rate in zip(shops, RATES, strict=True):
        await shop.region("fr", "be", automatic_taxes=False)
        other = await shop.region("de", automatic_taxes=False)
        for country in ("fr", "de"):
            await shop.tax_region(country, rate)
        cart = await shop.cart(2)
        path = f"carts/{cart['id']}"

        answer = await shop.shopping("POST", f"{path}/taxes")
        assert (answer.status_code, answer.json()["code"]) == (400, "COUNTRY_MISSING")
        to = {"shipping_address": {"country_code": "fr"}}
        untaxed = (await shop.bought(path, to))["cart"]
        taxed = (await shop.bought(f"{path}/taxes"))["cart"]
        later = (await shop.bought(path, {"email": "zoe@example.com"}))["cart"]
        moved = (await shop.bought(path, {"region_id": other["id"]}))["cart"]

        assert percents(untaxed) == percents(moved) == []
        assert percents(taxed) == percents(later) == [rate]
        assert taxed["tax_total"] == later["tax_total"] == TAX[rate]


async def test_a_changed_rate_is_in_force_at_the_next_change_of_a_cart(shops):
    changed, other = shops
    carts = []
    for shop, rate in zip(shops, RATES, strict=True):
        await shop.region("fr")
        await shop.tax_region("fr", rate)
        carts.append(await shop.cart(2, "fr"))
    [rate] = await changed.page("tax-rates")

    await changed.done("POST", f"tax-rates/{rate['id']}", {"rate": 5.5})

    after = [
        (await shop.bought(f"carts/{cart['id']}", {"email": "a@example.com"}))["cart"]
        for shop, cart in zip(shops, carts, strict=True)
    ]
    assert [percents(cart) for cart in after] == [[5.5], [10]]
    assert other.tenant != changed.tenant


async def ready(shop: Shop) -> str:
    cart = await shop.cart(2, "fr", email="zoe@example.com")
    to = {"shipping_address": {**ADDRESS, "country_code": "fr"}}
    await shop.bought(f"carts/{cart['id']}", to)
    collection = (await shop.bought("payment-collections", {"cart_id": cart["id"]}))[
        "payment_collection"
    ]
    path = f"payment-collections/{collection['id']}/payment-sessions"
    await shop.bought(path, {"provider_id": "pp_system_default"})
    return f"carts/{cart['id']}/complete"


async def test_an_order_keeps_the_taxes_that_it_was_placed_with(shops):
    for shop, rate in zip(shops, RATES, strict=True):
        await shop.region("fr")
        await shop.tax_region("fr", rate)

        order = (await shop.bought(await ready(shop)))["order"]
        [of_region] = await shop.page("tax-rates")
        await shop.done("POST", f"tax-rates/{of_region['id']}", {"rate": 1, "name": "Other"})
        read = (await shop.shopping("GET", f"orders/{order['id']}")).json()["order"]

        assert read == order
        [line] = order["items"][0]["tax_lines"]
        assert (line["rate"], line["name"], line["total"]) == (rate, "VAT", TAX[rate])
        assert order["total"] == round(119.8 + TAX[rate], 2)


async def test_a_rate_that_changes_before_completion_is_shown_first(shops):
    for shop, rate in zip(shops, RATES, strict=True):
        await shop.region("fr")
        await shop.tax_region("fr", rate)
        complete = await ready(shop)
        [of_region] = await shop.page("tax-rates")
        await shop.done("POST", f"tax-rates/{of_region['id']}", {"rate": 5.5})

        answer = await shop.bought(complete)

        assert (answer["type"], answer["error"]["name"]) == ("cart", "CART_CHANGED")
        assert percents(answer["cart"]) == [5.5]
