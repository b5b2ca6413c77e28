"""Orders and payments as the staff of two tenants see them."""

import pytest

TENANTS = ("paris", "hq")


@pytest.mark.parametrize("tenant", TENANTS)
async def test_staff_read_an_order_and_its_payment(shopper, staff, tenant):
    order, clerk = await shopper(tenant).buy(), await staff(tenant, "OrderOps")

    assert (await clerk.get(f"orders/{order['id']}"))["order"] == order
    [payment] = (await clerk.get("payments", order_id=order["id"]))["payments"]
    assert (await clerk.get(f"payments/{payment['id']}"))["payment"] == payment
    [of_order] = order["payment_collections"][0]["payments"]
    same = ("id", "provider_id", "amount", "currency_code", "captured_amount", "created_at")
    assert {key: payment[key] for key in same} == {key: of_order[key] for key in same}


async def test_staff_see_their_own_tenants_alone(shopper, staff):
    orders = {tenant: await shopper(tenant).buy() for tenant in TENANTS}
    clerks = {tenant: await staff(tenant, "OrderOps") for tenant in TENANTS}
    for own, other in (TENANTS, TENANTS[::-1]):
        clerk, foreign = clerks[own], orders[other]
        [payment] = (await clerks[other].get("payments", order_id=foreign["id"]))["payments"]
        assert await clerk.refused("GET", f"orders/{foreign['id']}") == (404, "ORDER_NOT_FOUND")
        refused = await clerk.refused("GET", f"payments/{payment['id']}")
        assert refused == (404, "PAYMENT_NOT_FOUND")
        assert (await clerk.get("orders", id=foreign["id"]))["count"] == 0
        assert (await clerk.get("payments", id=payment["id"]))["count"] == 0
        found = await clerk.get("orders", limit=200, fields="id,sales_channel_id")
        assert {one["sales_channel_id"] for one in found["orders"]} == {f"sc_{own}"}


@pytest.mark.parametrize("tenant", TENANTS)
async def test_orders_are_found_by_what_staff_look_for(shopper, staff, tenant):
    shop, clerk = shopper(tenant), await staff(tenant, "OrderOps")
    customer = await shop.account()
    email = customer.customer["email"]
    first, second = await customer.buy(email), await shop.buy()
    before = {"created_at[$lt]": first["created_at"]}

    async def found(**query):
        return [one["id"] for one in (await clerk.get("orders", limit=200, **query))["orders"]]

    assert (await found())[:2] == [second["id"], first["id"]]
    assert await found(customer_id=customer.customer["id"]) == [first["id"]]
    assert await found(q=str(first["display_id"])) == [first["id"]]
    assert await found(q=email[:20].upper()) == [first["id"]]
    assert second["id"] in await found(q="zoe@")
    assert await found(q="no such text") == []
    assert {first["id"], second["id"]} <= set(await found(status="pending"))
    assert await found(status="canceled") == []
    assert not {first["id"], second["id"]} & set(await found(**before))
    assert (await found(order="-display_id"))[0] == second["id"]
    page = await clerk.get("orders")
    assert (page["limit"], page["count"] >= 2) == (15, True)
    assert await clerk.refused("GET", "orders?payment_status=captured") == (400, "QUERY_INVALID")


async def test_a_catalogue_manager_reads_no_orders(shopper, staff):
    for tenant in TENANTS:
        order, keeper = await shopper(tenant).buy(), await staff(tenant, "CatalogMgr")
        for path in ("orders", f"orders/{order['id']}", "payments", "customers"):
            assert await keeper.refused("GET", path) == (403, "PERMISSION_MISSING")


@pytest.mark.parametrize("tenant", TENANTS)
async def test_lists_of_staff_find_their_rows_by_an_index(database, tenant):
    rows = await database("commerce", "app")
    async with rows.transaction():
        await rows.execute("SELECT tenancy.enter($1)", tenant)
        await rows.execute("SET LOCAL enable_seqscan = off")
        for condition, index in (
            ("email BETWEEN 'zoe@' AND 'zoe@z'", "ix_customer_order_email"),
            ("status = 'canceled' ORDER BY create_time DESC LIMIT 15", "ix_customer_order_status"),
            ("true ORDER BY create_time DESC, order_id DESC LIMIT 15", "create_time"),
            ("true ORDER BY update_time DESC, order_id DESC LIMIT 15", "update_time"),
        ):
            plan = await rows.fetch(
                "EXPLAIN SELECT order_id FROM customer_order"
                f" WHERE tenant_id = '{tenant}' AND {condition}"
            )
            assert index in "\n".join(line[0] for line in plan), condition
