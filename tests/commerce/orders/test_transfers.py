"""Guests' orders are handed over to customers, in two shops, by whoever reads the guest's mail."""

import json
import uuid

import pytest

from tests.tenant_registry.mailbox import mail_to, token_in

TENANTS = ("paris", "hq")


async def guests_order(shop):
    """Buys as a guest of an address that nobody else has."""
    return await shop.buy(f"{uuid.uuid4().hex}@example.com")


async def transfer_token(platform, customer, order):
    """Asks for an order; returns the token that the guest was mailed."""
    await customer.post(f"/store/orders/{order['id']}/transfer/request?fields=id,email", {})
    # The mail about the order itself comes at any time.
    return token_in(await mail_to(platform, order["email"], about="souk_"))


async def answered(shop, order, word, token):
    answer = await shop.send(
        "POST", f"/store/orders/{order['id']}/transfer/{word}", {"token": token}
    )
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_guest_hands_an_order_over(platform, shopper, tenant):
    shop = shopper(tenant)
    customer, order = await shop.account(), await guests_order(shop)
    token = await transfer_token(platform, customer, order)
    path = f"/store/orders/{order['id']}"
    assert (await customer.get("/store/orders"))["count"] == 0

    handed = (await shop.post(f"{path}/transfer/accept", {"token": token}))["order"]

    assert handed["customer_id"] == customer.customer["id"]
    assert handed["email"] == order["email"]
    for key in order.keys() - {"customer_id"}:
        assert json.dumps(handed[key]) == json.dumps(order[key]), key
    assert [one["id"] for one in (await customer.get("/store/orders"))["orders"]] == [order["id"]]
    assert await shop.refused("GET", path) == (404, "ORDER_NOT_FOUND")
    assert await answered(shop, order, "accept", token) == (400, "TRANSFER_NOT_OPEN")


async def test_nothing_but_the_mailed_token_hands_an_order_over(platform, shopper):
    for own, other in (TENANTS, TENANTS[::-1]):
        shop, elsewhere = shopper(own), shopper(other)
        customer, order = await shop.account(), await guests_order(shop)
        foreign = await guests_order(elsewhere)
        foreign_token = await transfer_token(platform, await elsewhere.account(), foreign)
        assert await answered(shop, order, "accept", foreign_token) == (400, "TRANSFER_NOT_OPEN")
        token = await transfer_token(platform, customer, order)
        for wrong in (
            "",
            "null",
            foreign_token,
            token[:-1],
            token + "A",
            "souk_ordertransfer_" + "A" * 43,
        ):
            refused = (400, "TRANSFER_TOKEN_INVALID")
            assert await answered(shop, order, "accept", wrong) == refused
            assert await answered(shop, order, "decline", wrong) == refused
        assert await answered(elsewhere, order, "accept", token) == (404, "ORDER_NOT_FOUND")
        assert (await customer.get("/store/orders"))["count"] == 0
        assert await answered(shop, order, "decline", token) == (200, None)
        assert await answered(shop, order, "accept", token) == (400, "TRANSFER_NOT_OPEN")


async def test_a_request_is_taken_back_by_whoever_made_it(platform, shopper):
    for tenant in TENANTS:
        shop = shopper(tenant)
        customer, other, order = (
            await shop.account(),
            await shop.account(),
            await guests_order(shop),
        )
        path = f"/store/orders/{order['id']}/transfer"
        token = await transfer_token(platform, customer, order)

        assert await other.refused("POST", f"{path}/request", {}) == (409, "TRANSFER_OPEN")
        assert await other.refused("POST", f"{path}/cancel") == (400, "TRANSFER_NOT_OPEN")
        assert (await shop.refused("POST", f"{path}/request", {}))[0] == 401
        await customer.post(f"{path}/cancel")
        assert await answered(shop, order, "accept", token) == (400, "TRANSFER_NOT_OPEN")
        await other.post(f"{path}/request", {})


async def test_a_customers_own_order_and_anothers_are_not_asked_for(shopper):
    for own, other in (TENANTS, TENANTS[::-1]):
        owner, stranger = await shopper(own).account(), await shopper(own).account()
        foreign = await shopper(other).account()
        path = f"/store/orders/{(await owner.buy())['id']}/transfer/request"
        assert await owner.refused("POST", path, {}) == (400, "TRANSFER_NEEDLESS")
        for nobody in (stranger, foreign):
            assert await nobody.refused("POST", path, {}) == (404, "ORDER_NOT_FOUND")


async def test_mail_about_one_address_is_limited(platform, shopper):
    for tenant in TENANTS:
        shop = shopper(tenant)
        customer, order = await shop.account(), await guests_order(shop)
        path = f"/store/orders/{order['id']}/transfer/request"
        answers = [await customer.send("POST", path, {}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]


async def test_registering_with_a_guests_address_shows_none_of_their_orders(shopper):
    for tenant in TENANTS:
        shop = shopper(tenant)
        order = await guests_order(shop)
        customer = await shop.account(order["email"])
        assert (await customer.get("/store/orders"))["count"] == 0
        assert (await customer.get("/store/customers/me"))["customer"]["addresses"] == []
