"""What is in stock is sold once, in two shops that sell the same product."""

import asyncio
import uuid

from souk.commerce.v1 import store_checkout_service_pb2 as pb
from souk.commerce.v1.store_checkout_service_pb2_grpc import StoreCheckoutServiceStub

from services.kernel.call.errors import Unavailable

BUYERS, LAST = 200, 10
SHORT = "INSUFFICIENT_INVENTORY"


async def copies_of(rows, cart_id, number):
    """Makes so many carts that hold what one does."""
    ids = [f"cart_{uuid.uuid4().hex}" for _ in range(number)]
    await rows.execute(
        "INSERT INTO cart (tenant_id, cart_id, content, document, create_time, update_time,"
        " expire_time) SELECT tenant_id, copy, content, document, create_time, update_time,"
        " expire_time FROM cart, unnest($2::text[]) AS copy WHERE cart_id = $1",
        cart_id,
        ids,
    )
    return ids


async def orders_of(rows, tenant):
    return await rows.fetchval("SELECT count(*) FROM customer_order WHERE tenant_id = $1", tenant)


async def refuse_other_sums(rows):
    """Every level keeps what its reservations say, in every shop."""
    wrong = await rows.fetch(
        "SELECT tenant_id, variant_id, location_id FROM inventory_level l"
        " LEFT JOIN reservation r USING (tenant_id, variant_id, location_id)"
        " GROUP BY tenant_id, variant_id, location_id, reserved"
        " HAVING reserved <> coalesce(sum(r.quantity), 0)"
    )
    assert wrong == []


async def test_of_two_hundred_buyers_ten_get_the_last_ten_in_each_shop(
    shops, database, scoped_stub
):
    rows, turn = await database("commerce", "superuser"), asyncio.Semaphore(16)

    async def buy(stub, tenant, cart_id):
        async with turn:
            while True:
                try:
                    name = f"tenants/{tenant}/carts/{cart_id}"
                    answer = await stub.CompleteCart(pb.CompleteCartRequest(name=name))
                    return tenant, answer.reason
                except Unavailable:  # all connections are taken: the gateway asks again, too
                    continue

    buyers = []
    for shop in shops:
        await shop.has(LAST)
        stub = scoped_stub(
            StoreCheckoutServiceStub,
            "commerce",
            tenant=shop.tenant,
            actor="shoppers/-",
            permissions={"cart:write"},
            currency="EUR",
        )
        cart = await shop.cart(1)
        for cart_id in await copies_of(rows, cart["id"], BUYERS):
            buyers.append(buy(stub, shop.tenant, cart_id))
    answers = await asyncio.gather(*buyers)

    for shop in shops:
        assert answers.count((shop.tenant, "")) == LAST
        assert answers.count((shop.tenant, SHORT)) == BUYERS - LAST
        assert await orders_of(rows, shop.tenant) == LAST
        assert await shop.counts() == (LAST, LAST)
    await refuse_other_sums(rows)


async def test_a_line_that_is_sold_out_since_is_shown_and_not_charged(shops, database):
    rows = await database("commerce", "superuser")
    for shop in shops:
        await shop.has(1)
    for shop in shops:
        first, second = await shop.cart(1), await shop.cart(1)
        assert (await shop.complete(first))["type"] == "order"

        answer = await shop.complete(second)

        assert (answer["type"], answer["error"]["name"]) == ("cart", SHORT)
        assert answer["error"]["type"] == "not_allowed"
        assert [item["unavailable_reasons"] for item in answer["cart"]["items"]] == [[SHORT]]
        assert answer["cart"]["total"] == 0
        path = f"/store/carts/{second['id']}/complete"
        assert await shop.shopper.refused("POST", path) == (400, "CART_INCOMPLETE")
        assert await orders_of(rows, shop.tenant) == 1

        await shop.recount(2)
        cart = await shop.pay(await shop.pay(answer["cart"]))
        assert cart["total"] == second["total"]
        assert (await shop.complete(cart))["type"] == "order"
        assert await shop.counts() == (2, 2)
    await refuse_other_sums(rows)


async def test_completions_of_one_cart_at_once_keep_its_stock_once(shops, database):
    rows = await database("commerce", "superuser")
    for shop in shops:
        await shop.has(20)
        cart = await shop.cart(3)

        answers = await asyncio.gather(*(shop.complete(cart) for _ in range(10)))

        [order] = {answer["order"]["id"] for answer in answers}
        assert await shop.counts() == (20, 3)
        found = await rows.fetch(
            "SELECT order_id, cart_id, quantity, expire_time, line_item_id FROM reservation"
            " WHERE tenant_id = $1",
            shop.tenant,
        )
        assert [tuple(row) for row in found] == [
            (order, cart["id"], 3, None, cart["items"][0]["id"])
        ]


async def test_no_more_goes_into_a_cart_than_there_is(shops):
    few, many = shops
    await few.has(3)
    await many.has(100)
    for shop, more, refused in ((few, 2, True), (many, 2, False)):
        cart = await shop.cart(2)
        path = f"/store/carts/{cart['id']}/line-items"
        line = f"{path}/{cart['items'][0]['id']}"
        body = {"variant_id": shop.variant, "quantity": more}
        tries = [
            (path, body),
            (path, {**body, "metadata": {"gift": True}}),
            (line, {"quantity": 4}),
            ("/store/carts", {"items": [{**body, "quantity": 4}]}),
        ]
        for at, content in tries:
            answer = await shop.shopper.send("POST", at, content)
            if refused:
                assert (answer.status_code, answer.json()["code"]) == (400, SHORT)
                assert answer.json()["type"] == "not_allowed"
                assert "Only 3" in answer.json()["message"]
            else:
                assert answer.status_code == 200, answer.text
        if refused:
            after = (await shop.shopper.get(f"/store/carts/{cart['id']}"))["cart"]
            assert [item["quantity"] for item in after["items"]] == [2]
        assert (await shop.shopper.post(line, {"quantity": 3}))["cart"]["items"]
        assert (await shop.shopper.post(line, {"quantity": 0}))["cart"]["id"] == cart["id"]


async def test_a_variant_that_nobody_has_counted_is_not_in_stock(shops):
    counted, uncounted = shops
    await counted.has(1)
    body = {"items": [{"variant_id": counted.variant, "quantity": 1}]}

    assert (await counted.shopper.post("/store/carts", body))["cart"]["items"]
    assert await uncounted.shopper.refused("POST", "/store/carts", body) == (400, SHORT)


async def test_a_variant_that_is_not_counted_is_sold_in_any_number(make_shops, database):
    for shop in await make_shops(manage_inventory=False):
        assert (await shop.complete(await shop.cart(50)))["type"] == "order"
        assert await shop.counts() == (0, 0)
    await refuse_other_sums(await database("commerce", "superuser"))


async def test_a_variant_sold_without_stock_is_kept_beyond_what_there_is(make_shops, database):
    first, second = await make_shops(allow_backorder=True)
    await first.has(2)

    for shop, counts in ((first, (2, 5)), (second, (0, 0))):
        assert (await shop.complete(await shop.cart(5)))["type"] == "order"
        assert await shop.counts() == counts
    await refuse_other_sums(await database("commerce", "superuser"))


async def test_a_cart_that_takes_over_another_holds_no_more_than_there_are(shops):
    for shop in shops:
        await shop.has(3)
        customer = await shop.shopper.account()
        line = {"items": [{"variant_id": shop.variant, "quantity": 3}]}
        await customer.post("/store/carts", line)
        guests = (await shop.shopper.post("/store/carts", line))["cart"]

        claimed = (await customer.post(f"/store/carts/{guests['id']}/customer"))["cart"]

        assert [item["quantity"] for item in claimed["items"]] == [3]
