"""Faults of other shops: accounts that are told apart by case, and orders that others read."""

import unicodedata
import uuid

import pytest

from tests.commerce.conftest import PASSWORD, bearer

TENANTS = ("paris", "hq")
LOGIN = "/auth/customer/emailpass"


@pytest.mark.parametrize("tenant", TENANTS)
async def test_an_address_is_one_account_however_it_is_typed(shopper, tenant):
    shop, word = shopper(tenant), uuid.uuid4().hex
    email = f"Zoé.{word}@Example.com"
    account = await shop.account(email)

    assert account.customer["email"] == email.lower()
    for spelling in (
        email.lower(),
        email.upper(),
        f"  {email} ",
        unicodedata.normalize("NFD", email),
    ):
        body = {"email": spelling, "password": PASSWORD}
        token = bearer((await shop.post(LOGIN, body))["token"])
        own = await shop.send("GET", "/store/customers/me", headers=token)
        assert own.json()["customer"]["id"] == account.customer["id"]
        again = await shop.refused("POST", f"{LOGIN}/register", body)
        assert again == (401, "IDENTITY_EXISTS")


async def test_a_guest_may_register_later_and_stays_apart(shopper, staff):
    for tenant in TENANTS:
        shop, manager = shopper(tenant), await staff(tenant)
        email = f"{uuid.uuid4().hex}@example.com"
        guest = (await manager.post("customers", {"email": email}))["customer"]
        order = await shop.buy(email)

        account = await shop.account(email.upper())

        known = (await manager.get("customers", email=email))["customers"]
        assert {one["id"]: one["has_account"] for one in known} == {
            guest["id"]: False,
            account.customer["id"]: True,
        }
        assert order["customer_id"] is None
        assert (await account.get("/store/orders"))["orders"] == []


@pytest.mark.parametrize("tenant", TENANTS)
async def test_an_order_is_found_by_nothing_that_can_be_guessed(shopper, tenant):
    shop = shopper(tenant)
    order = await shop.buy()
    customer = await shop.account()

    for reader in (shop, customer):
        for guess in (str(order["display_id"]), "null", "undefined", "0", order["id"][:-1]):
            refused = await reader.refused("GET", f"/store/orders/{guess}")
            assert refused == (404, "ORDER_NOT_FOUND")
    path = f"/store/orders/{order['id']}/transfer"
    await customer.post(f"{path}/request", {})
    for body in ({}, {"token": ""}, {"token": None}, {"token": "null"}, {"token": order["id"]}):
        assert (await shop.send("POST", f"{path}/accept", body)).status_code == 400
    assert (await customer.get("/store/orders"))["count"] == 0
