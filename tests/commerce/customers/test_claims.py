"""A guest's cart becomes a customer's; one of another customer stays theirs."""

import asyncio

import pytest

from tests.commerce.conftest import ADDRESS


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_a_guests_cart_becomes_the_customers(shopper, tenant):
    shop = shopper(tenant)
    customer, cart = await shop.account(), await shop.cart(2, email="guest@example.com")

    claimed = (await customer.post(f"/store/carts/{cart['id']}/customer"))["cart"]

    assert claimed["customer_id"] == customer.customer["id"]
    assert claimed["email"] == customer.customer["email"]
    assert [item["id"] for item in claimed["items"]] == [item["id"] for item in cart["items"]]
    assert await shop.refused("GET", f"/store/carts/{cart['id']}") == (404, "CART_NOT_FOUND")
    again = (await customer.post(f"/store/carts/{cart['id']}/customer"))["cart"]
    assert (again["customer_id"], again["email"]) == (claimed["customer_id"], claimed["email"])


async def test_a_cart_of_another_customer_or_shop_is_not_claimed(paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        owner, other = await shop.account(), await shop.account()
        foreign = await elsewhere.account(owner.customer["email"])
        cart = await owner.cart(1, shipping_address=ADDRESS)
        guests = await elsewhere.cart(1)
        path = f"/store/carts/{cart['id']}/customer"
        for stranger in (other, foreign):
            assert await stranger.refused("POST", path) == (404, "CART_NOT_FOUND")
        assert await owner.refused("POST", f"/store/carts/{guests['id']}/customer") == (
            404,
            "CART_NOT_FOUND",
        )
        assert (await shop.refused("POST", path))[0] == 401
        unchanged = (await owner.get(f"/store/carts/{cart['id']}"))["cart"]
        assert unchanged["customer_id"] == owner.customer["id"]
        assert unchanged["shipping_address"]["address_1"] == ADDRESS["address_1"]


async def test_of_two_who_claim_a_cart_at_once_one_has_it(paris, hq):
    for shop in (paris, hq):
        rivals, cart = [await shop.account() for _ in range(4)], await shop.cart(1)
        path = f"/store/carts/{cart['id']}/customer"

        answers = await asyncio.gather(*(one.send("POST", path) for one in rivals))

        assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
        [(winner, answer)] = [
            pair for pair in zip(rivals, answers, strict=True) if pair[1].status_code == 200
        ]
        assert answer.json()["cart"]["customer_id"] == winner.customer["id"]
        assert len((await winner.get(f"/store/carts/{cart['id']}"))["cart"]["items"]) == 1


async def test_a_completed_cart_is_not_claimed(paris, hq):
    for shop in (paris, hq):
        customer, order = await shop.account(), await shop.buy()
        assert order["customer_id"] is None
        assert (await customer.get("/store/orders"))["count"] == 0


async def test_an_address_that_is_typed_makes_nobody_a_customer(paris, hq):
    """The e-mail address of an account proves nothing: medusa's carts take it for the account."""
    for shop in (paris, hq):
        member = await shop.account()
        cart = await shop.cart(1, email=member.customer["email"])
        assert cart["customer_id"] is None
        assert (await member.get("/store/orders"))["count"] == 0


async def test_a_new_cart_of_a_customer_has_their_address(paris, hq):
    for shop in (paris, hq):
        customer = await shop.account()
        assert (await customer.cart())["email"] == customer.customer["email"]
        assert (await customer.cart(email="other@example.com"))["email"] == "other@example.com"
