"""A customer's own orders, in two shops."""

import pytest

ORDERS = "/store/orders"


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_a_customer_lists_their_orders_newest_first(shopper, tenant):
    customer = await shopper(tenant).account()
    orders = [await customer.buy() for _ in range(3)]

    page = await customer.get(
        ORDERS,
        limit=2,
        order="-created_at",
        fields="*items,+items.metadata,*items.variant,*items.product",
    )
    rest = await customer.get(ORDERS, limit=2, offset=2)
    oldest = await customer.get(ORDERS, order="display_id", limit=1)

    assert [one["id"] for one in page["orders"]] == [orders[2]["id"], orders[1]["id"]]
    assert (page["count"], page["limit"], page["offset"]) == (3, 2, 0)
    assert rest["orders"] == [orders[0]] == oldest["orders"]
    assert orders[0] == (await customer.get(f"{ORDERS}/{orders[0]['id']}"))["order"]
    assert (rest["orders"][0]["payment_status"], rest["orders"][0]["fulfillment_status"]) == (
        "authorized",
        "not_fulfilled",
    )


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_orders_are_filtered_by_id_and_status(shopper, tenant):
    customer = await shopper(tenant).account()
    first, second = [await customer.buy() for _ in range(2)]

    async def found(**query):
        return [one["id"] for one in (await customer.get(ORDERS, **query))["orders"]]

    assert await found(id=first["id"]) == [first["id"]]
    assert await found(**{"id[0]": first["id"], "id[1]": "order_x"}) == [first["id"]]
    assert await found(status="pending", order="created_at") == [first["id"], second["id"]]
    assert await found(**{"status[]": "canceled"}) == []
    refused = await customer.send("GET", ORDERS, params={"status": "lost"})
    assert (refused.status_code, refused.json()["code"]) == (400, "QUERY_INVALID")


async def test_nobody_else_finds_them(paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        owner, other = await shop.account(), await shop.account()
        foreign = await elsewhere.account(owner.customer["email"])
        order = await owner.buy()
        await shop.buy()  # a guest's
        for stranger in (other, foreign):
            assert (await stranger.get(ORDERS))["count"] == 0
            assert (await stranger.get(ORDERS, id=order["id"]))["orders"] == []
        assert (await shop.refused("GET", ORDERS))[0] == 401
        token = {"Authorization": owner.headers["Authorization"]}
        assert (await elsewhere.send("GET", ORDERS, headers=token)).status_code == 401
        assert [one["id"] for one in (await owner.get(ORDERS))["orders"]] == [order["id"]]
