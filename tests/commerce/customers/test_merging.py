"""A guest's cart that a customer claims takes over the lines of the customer's cart before."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.commerce.carts import items
from services.commerce.carts.content import CartContent, Quote, new_item
from tests.commerce.conftest import ADDRESS
from tests.commerce.orders.test_checkout import complete, pay, ready

TENANTS = ("paris", "hq")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GONE = (404, "CART_NOT_FOUND")


def contents(cart):
    """What a cart holds, as sorted lines of a variant, how many, and the metadata."""
    lines = [(i["variant_id"], i["quantity"], str(i["metadata"])) for i in cart["items"]]
    return sorted(lines)


async def claim(customer, cart):
    return (await customer.post(f"/store/carts/{cart['id']}/customer"))["cart"]


@pytest.mark.parametrize("tenant", TENANTS)
async def test_the_lines_of_the_cart_before_come_into_the_one_that_is_claimed(shopper, tenant):
    shop = shopper(tenant)
    customer = await shop.account()
    first, second = [variant["id"] for variant in await shop.variants(2)]
    before, guests = await customer.cart(1, 4), await shop.cart(2)
    engraved = {"variant_id": first, "quantity": 1, "metadata": {"engraved": "Zoé"}}
    await customer.post(f"/store/carts/{before['id']}/line-items", engraved)

    claimed = await claim(customer, guests)

    assert claimed["id"] == guests["id"]
    assert contents(claimed) == sorted(
        [(first, 3, "None"), (second, 4, "None"), (first, 1, "{'engraved': 'Zoé'}")]
    )
    assert claimed["item_total"] == pytest.approx(
        sum(item["unit_price"] * item["quantity"] for item in claimed["items"])
    )
    assert await customer.refused("GET", f"/store/carts/{before['id']}") == GONE
    assert contents(await claim(customer, guests)) == contents(claimed)


async def test_a_claim_takes_over_a_cart_of_the_customers_alone(paris, hq):
    """Another customer of the shop, and the same address in the other shop, keep their carts."""
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        customer, other = await shop.account(), await shop.account()
        foreign = await elsewhere.account(customer.customer["email"])
        unclaimed = [(one, await one.cart(2)) for one in (other, foreign)]
        guests = await shop.cart(1, email=other.customer["email"])

        claimed = await claim(customer, guests)

        assert contents(claimed) == contents(guests)
        for one, cart in unclaimed:
            assert (await one.get(f"/store/carts/{cart['id']}"))["cart"]["items"] == cart["items"]
        assert await other.refused("POST", f"/store/carts/{guests['id']}/customer") == GONE


@pytest.mark.parametrize("tenant", TENANTS)
async def test_ten_claims_at_once_lose_no_line_and_double_none(shopper, tenant):
    """Ten carts of guests, a customer's cart of 65 lines, and clients that hang up."""
    shop = shopper(tenant)
    customer, [variant] = await shop.account(), await shop.variants()

    def line(number):
        return {"variant_id": variant["id"], "quantity": 1, "metadata": {"line": number}}

    body = {"items": [line(number) for number in range(65)]}
    carts = [(await customer.post("/store/carts", body))["cart"]]
    for number in range(65, 75):
        carts.append((await shop.post("/store/carts", {"items": [line(number)]}))["cart"])
    claims = [
        asyncio.create_task(customer.send("POST", f"/store/carts/{cart['id']}/customer"))
        for cart in carts[1:]
    ]
    claims[0].add_done_callback(lambda _: [one.cancel() for one in claims[7:]])

    await asyncio.gather(*claims, return_exceptions=True)

    for cart in carts[1:]:
        await customer.send("POST", f"/store/carts/{cart['id']}/customer")
    answers = [await customer.send("GET", f"/store/carts/{cart['id']}") for cart in carts]
    [one] = [answer.json()["cart"] for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 404}
    assert sorted(item["metadata"]["line"] for item in one["items"]) == list(range(75))
    assert {item["quantity"] for item in one["items"]} == {1}


@pytest.mark.parametrize("tenant", TENANTS)
async def test_of_a_customers_carts_the_one_that_is_named_is_ordered(shopper, tenant):
    shop = shopper(tenant)
    customer = await shop.account()
    older, newer = await ready(customer, 1), await ready(customer, 2)
    guests = await shop.cart(3)

    order = (await complete(customer, older))["order"]

    assert [item["quantity"] for item in order["items"]] == [1]
    claimed = await claim(customer, guests)
    assert [item["quantity"] for item in claimed["items"]] == [5]
    assert await customer.refused("GET", f"/store/carts/{newer['id']}") == GONE
    assert (await customer.get(f"/store/carts/{older['id']}"))["cart"]["completed_at"]


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_guests_cart_keeps_what_it_has_besides_lines(shopper, tenant):
    shop = shopper(tenant)
    customer = await shop.account()
    await ready(customer, 1)
    guests = await ready(shop, 1)

    claimed = await claim(customer, guests)

    assert claimed["shipping_address"]["address_1"] == ADDRESS["address_1"]
    assert [m["name"] for m in claimed["shipping_methods"]] == [
        method["name"] for method in guests["shipping_methods"]
    ]
    assert claimed["payment_collection"]["amount"] == claimed["total"] != guests["total"]
    order = (await complete(customer, await pay(customer, claimed)))["order"]
    assert (order["customer_id"], order["total"]) == (customer.customer["id"], claimed["total"])


def content(*lines, currency="EUR"):
    found = CartContent(region_id="reg_1", currency_code=currency)
    for variant, quantity in lines:
        item = new_item(variant, quantity, None, NOW)
        item.unit_price, item.quote = 100, Quote(price=100)
        found.items.append(item)
    return found


def quantities(of):
    return [(item.variant_id, item.quantity) for item in of.items]


@pytest.mark.parametrize(
    ("quantity", "stock", "merged"),
    [(3, {"a": 3}, 3), (1, {"a": 3}, 3), (3, {"a": 2}, 3), (3, {}, 6), (9_998, {}, 9_999)],
)
def test_a_line_grows_no_further_than_there_are_and_a_cart_may_hold(quantity, stock, merged):
    cart = content(("a", quantity))

    assert items.merge(cart, content(("a", 3)), stock, NOW)

    assert quantities(cart) == [("a", merged)]


def test_carts_with_too_many_lines_together_stay_apart():
    cart, other = (content(*((f"{name}{n}", 1) for n in range(51))) for name in "ab")
    before = quantities(cart)

    assert not items.merge(cart, other, {}, NOW)

    assert quantities(cart) == before
    other.items[:2] = content(("a1", 1), ("a2", 1)).items
    assert items.merge(cart, other, {}, NOW)
    assert len(cart.items) == items.MOST_ITEMS


def test_a_price_in_another_currency_does_not_come_with_its_line():
    cart = content(("a", 1))

    assert items.merge(cart, content(("b", 1), currency="TND"), {}, NOW)

    assert [(item.unit_price, item.quote.price) for item in cart.items] == [(100, 100), (0, 0)]
