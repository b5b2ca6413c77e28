"""Customers as the staff of two tenants see and change them."""

import uuid

import pytest

from tests.commerce.customers.test_addresses import HOME
from tests.commerce.customers.test_customers import address

TENANTS = ("paris", "hq")


@pytest.mark.parametrize("tenant", TENANTS)
async def test_staff_make_find_and_change_a_customer(staff, tenant):
    manager, email = await staff(tenant), address()
    body = {"email": f" {email.upper()}", "first_name": "Zoé", "last_name": uuid.uuid4().hex}

    made = (await manager.post("customers", body))["customer"]
    path = f"customers/{made['id']}"
    changed = (await manager.post(path, {"phone": "+33 1", "metadata": {"a": 1}}))["customer"]

    assert (made["email"], made["has_account"], made["first_name"]) == (email, False, "Zoé")
    assert (made["addresses"], made["groups"]) == ([], [])
    assert (changed["phone"], changed["metadata"]) == ("+33 1", {"a": 1})
    assert (await manager.get(path))["customer"] == changed
    stale = await manager.send("POST", path, {"phone": ""}, headers={"If-Match": made["etag"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "ETAG_MISMATCH")
    assert await manager.refused("POST", "customers", body) == (409, "CUSTOMER_EXISTS")
    assert await manager.refused("POST", "customers", {"email": "x"}) == (400, "FIELD_INVALID")
    for query in (
        {"q": email[:12].upper()},
        {"q": made["id"]},
        {"email": email.upper()},
        {"last_name": body["last_name"]},
        {"id": made["id"], "has_account": "false"},
    ):
        page = await manager.get("customers", **query)
        assert ([one["id"] for one in page["customers"]], page["count"]) == ([made["id"]], 1)
    assert (await manager.get("customers", id=made["id"], has_account="true"))["count"] == 0


async def test_a_customer_of_staffs_stays_apart_from_an_account(shopper, staff):
    for tenant in TENANTS:
        manager, email = await staff(tenant), address()
        made = (await manager.post("customers", {"email": email}))["customer"]

        account = (await shopper(tenant).account(email)).customer

        found = (await manager.get("customers", email=email, order="created_at"))["customers"]
        assert [one["id"] for one in found] == [made["id"], account["id"]]
        assert [one["has_account"] for one in found] == [False, True]


async def test_staff_see_and_change_their_own_tenants_customers_alone(shopper, staff):
    email = address()
    accounts = {tenant: await shopper(tenant).account(email) for tenant in TENANTS}
    managers = {tenant: await staff(tenant) for tenant in TENANTS}
    for own, other in (TENANTS, TENANTS[::-1]):
        manager, foreign = managers[own], accounts[other].customer["id"]
        for method, path, body in (
            ("GET", f"customers/{foreign}", None),
            ("POST", f"customers/{foreign}", {"phone": "1"}),
            ("GET", f"customers/{foreign}/addresses", None),
            ("POST", f"customers/{foreign}/addresses", HOME),
        ):
            assert await manager.refused(method, path, body) == (404, "CUSTOMER_NOT_FOUND")
        [found] = (await manager.get("customers", email=email))["customers"]
        assert found["id"] == accounts[own].customer["id"]
        assert (await manager.get("customers", id=foreign))["count"] == 0


@pytest.mark.parametrize("tenant", TENANTS)
async def test_staff_keep_a_customers_addresses(shopper, staff, tenant):
    manager, customer = await staff(tenant), await shopper(tenant).account()
    path = f"customers/{customer.customer['id']}/addresses"

    made = await manager.post(path, HOME, params={"fields": "*addresses"})
    [home] = made["customer"]["addresses"]
    await manager.post(f"{path}/{home['id']}", {"city": "Tunis"})

    assert (await manager.get(f"{path}/{home['id']}"))["address"]["city"] == "Tunis"
    [own] = (await customer.get("/store/customers/me"))["customer"]["addresses"]
    assert (await manager.get(path))["addresses"] == [own]
    gone = await manager.send("DELETE", f"{path}/{home['id']}")
    assert gone.json()["parent"]["addresses"] == []
    assert await manager.refused("GET", f"{path}/{home['id']}") == (404, "ADDRESS_NOT_FOUND")


async def test_order_ops_read_customers_and_change_none(shopper, staff):
    for tenant in TENANTS:
        clerk, customer = await staff(tenant, "OrderOps"), await shopper(tenant).account()
        path = f"customers/{customer.customer['id']}"
        assert (await clerk.get(path))["customer"]["email"] == customer.customer["email"]
        for method, where, body in (
            ("POST", path, {"phone": "1"}),
            ("POST", "customers", {"email": address()}),
            ("POST", "customer-groups", {"name": "x"}),
        ):
            assert await clerk.refused(method, where, body) == (403, "PERMISSION_MISSING")


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_group_is_made_filled_and_deleted(shopper, staff, tenant):
    manager, shop = await staff(tenant), shopper(tenant)
    first, second = [(await shop.account()).customer["id"] for _ in range(2)]
    name = f"VIP {uuid.uuid4().hex}"

    group = (await manager.post("customer-groups", {"name": name, "metadata": {"a": 1}}))[
        "customer_group"
    ]
    path = f"customer-groups/{group['id']}"
    await manager.post(f"{path}/customers", {"add": [first, second]})
    await manager.post(f"{path}/customers", {"add": [first], "remove": [second]})

    async def members():
        found = await manager.get("customers", groups=group["id"], fields="id,*groups")
        return found["customers"]

    assert await members() == [{"id": first, "groups": [{"id": group["id"]}]}]
    assert await manager.refused("POST", "customer-groups", {"name": name}) == (
        409,
        "CUSTOMER_GROUP_EXISTS",
    )
    unknown = await manager.refused("POST", f"{path}/customers", {"add": [second, "cus_x"]})
    assert unknown == (404, "CUSTOMER_NOT_FOUND")
    assert [one["id"] for one in await members()] == [first]
    renamed = (await manager.post(path, {"name": f"{name}!"}))["customer_group"]
    found = await manager.get("customer-groups", q=name.upper())
    assert (found["customer_groups"], found["count"]) == ([renamed], 1)
    gone = await manager.send("DELETE", path)
    assert gone.json() == {"id": group["id"], "object": "customer_group", "deleted": True}
    assert await members() == []
    assert (await manager.get(f"customers/{first}"))["customer"]["id"] == first
    assert await manager.refused("GET", path) == (404, "CUSTOMER_GROUP_NOT_FOUND")


async def test_groups_are_of_one_tenant_and_so_are_their_customers(shopper, staff):
    managers = {tenant: await staff(tenant) for tenant in TENANTS}
    name = f"VIP {uuid.uuid4().hex}"
    groups = {
        tenant: (await manager.post("customer-groups", {"name": name}))["customer_group"]["id"]
        for tenant, manager in managers.items()
    }
    for own, other in (TENANTS, TENANTS[::-1]):
        manager = managers[own]
        foreign = (await shopper(other).account()).customer["id"]
        customer = (await shopper(own).account()).customer["id"]
        for method, path, body in (
            ("GET", "", None),
            ("POST", "", {"name": "x"}),
            ("DELETE", "", None),
            ("POST", "/customers", {"add": [customer]}),
        ):
            refused = await manager.refused(method, f"customer-groups/{groups[other]}{path}", body)
            assert refused == (404, "CUSTOMER_GROUP_NOT_FOUND")
        add = {"add": [foreign]}
        refused = await manager.refused("POST", f"customer-groups/{groups[own]}/customers", add)
        assert refused == (404, "CUSTOMER_NOT_FOUND")
        assert (await manager.get("customer-groups", name=name))["count"] == 1
