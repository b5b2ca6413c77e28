"""A customer is erased in one of two shops: nothing says who they were, and the orders stay."""

import json

import pytest

from tests.commerce.conftest import PASSWORD
from tests.commerce.customers.test_addresses import ADDRESSES, HOME
from tests.commerce.customers.test_customers import address

PERSONAL = ("canary-first", "canary-street", "canary-phone")


async def customer_with_everything(shop, email):
    """Makes a customer who has an address, an order and another cart; and tells the order."""
    first, street, phone = PERSONAL
    customer = await shop.account(email, first_name=first, phone=phone)
    place = {"first_name": first, "address_1": street, "phone": phone, "country_code": "fr"}
    await customer.post(ADDRESSES, {**HOME, **place})
    await customer.cart(1, metadata={"note": street})
    return customer, await customer.buy(email)


@pytest.mark.parametrize(("here", "there"), [("paris", "hq"), ("hq", "paris")])
async def test_nothing_says_who_an_erased_customer_was(shopper, staff, database, here, there):
    email, manager = address(), await staff(here)
    customer, order = await customer_with_everything(shopper(here), email)
    twin, _ = await customer_with_everything(shopper(there), email)
    id_ = customer.customer["id"]

    answer = await manager.send("DELETE", f"customers/{id_}")

    assert (answer.status_code, answer.json()["deleted"]) == (200, True)
    receipt = answer.json()["receipt"]
    assert (receipt["orders"], receipt["carts"], receipt["addresses"]) == (1, 2, 1)
    assert answer.headers["x-audit-event"].startswith(f"tenants/{here}/events/")
    rows = await database("commerce", "superuser")
    for table in ("customer", "customer_address", "identity", "customer_order", "cart"):
        found = await rows.fetch(
            f"SELECT t::text AS whole FROM {table} t WHERE tenant_id = $1", here
        )
        assert not any(email in row["whole"] for row in found), table
    stored = await rows.fetchrow(
        "SELECT content::text, document FROM customer_order WHERE tenant_id = $1 AND order_id = $2",
        here,
        order["id"],
    )
    for word in (email, "1 rue X", *PERSONAL):
        assert word not in stored["content"] + stored["document"].decode()
    assert (await twin.get("/store/customers/me"))["customer"]["email"] == email


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_an_order_of_an_erased_customer_says_what_was_bought(shopper, staff, tenant):
    manager, customer = await staff(tenant), await shopper(tenant).account()
    order = await customer.buy()

    await manager.send("DELETE", f"customers/{customer.customer['id']}")
    erased = (await manager.get(f"orders/{order['id']}"))["order"]

    assert (erased["email"], erased["shipping_address"]["address_1"]) == ("", None)
    assert erased["shipping_address"]["country_code"] == order["shipping_address"]["country_code"]
    changed = {"email", "shipping_address", "billing_address", "updated_at"}
    for key in order.keys() - changed:
        assert json.dumps(erased[key]) == json.dumps(order[key]), key


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_an_erased_customer_is_nobody_and_may_come_back_as_another(shopper, staff, tenant):
    manager, shop, email = await staff(tenant), shopper(tenant), address()
    customer = await shop.account(email)
    order = await customer.buy()
    path = f"customers/{customer.customer['id']}"
    await manager.send("DELETE", path)

    own = f"/store/orders/{order['id']}"
    for where in ("/store/customers/me", "/store/orders", own, ADDRESSES):
        assert (await customer.send("GET", where)).status_code == 401
    assert (await customer.send("POST", "/store/carts", {})).status_code == 401
    assert (await customer.send("POST", "/auth/token/refresh")).status_code == 401
    login = {"email": email, "password": PASSWORD}
    refused = await shop.refused("POST", "/auth/customer/emailpass", login)
    assert refused == (401, "CREDENTIALS_INVALID")
    assert await manager.refused("GET", path) == (404, "CUSTOMER_NOT_FOUND")
    assert await manager.refused("DELETE", path) == (404, "CUSTOMER_NOT_FOUND")
    again = await shop.account(email)
    assert again.customer["id"] != customer.customer["id"]
    assert (await again.get("/store/orders"))["count"] == 0


async def test_a_customer_of_another_tenant_is_not_erased(shopper, staff):
    for own, other in (("paris", "hq"), ("hq", "paris")):
        manager, customer = await staff(own), await shopper(other).account()
        path = f"customers/{customer.customer['id']}"
        assert await manager.refused("DELETE", path) == (404, "CUSTOMER_NOT_FOUND")
        clerk = await staff(other, "OrderOps")
        assert await clerk.refused("DELETE", path) == (403, "PERMISSION_MISSING")
        assert (await customer.get("/store/customers/me"))["customer"]["id"] in path
