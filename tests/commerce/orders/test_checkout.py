"""From a cart to an order, in two shops: once, at the price that was seen, and for its shopper."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from souk.commerce.v1 import store_checkout_service_pb2 as pb
from souk.commerce.v1.store_checkout_service_pb2_grpc import StoreCheckoutServiceStub

from services.kernel.call.errors import NotFound
from tests.commerce.conftest import Shopper

ADDRESS = {"first_name": "Zoé", "address_1": "1 rue X", "city": "Y", "postal_code": "1"}
PAID = {"provider_id": "pp_system_default"}


async def ready(shop: Shopper, *quantities: int) -> dict[str, Any]:
    """Makes a cart that can be completed."""
    cart = await shop.cart(*quantities, email="zoe@example.com", shipping_address=ADDRESS)
    await shop.ship(cart)
    await shop.post("/store/payment-collections", {"cart_id": cart["id"]})
    return await pay(shop, (await shop.get(f"/store/carts/{cart['id']}"))["cart"])


async def pay(shop: Shopper, cart: dict[str, Any]) -> dict[str, Any]:
    collection = cart["payment_collection"]["id"]
    await shop.post(f"/store/payment-collections/{collection}/payment-sessions", PAID)
    paid: dict[str, Any] = (await shop.get(f"/store/carts/{cart['id']}"))["cart"]
    return paid


async def complete(shop: Shopper, cart: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await shop.post(f"/store/carts/{cart['id']}/complete")
    return answer


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_a_shopper_buys(shopper, tenant):
    shop = shopper(tenant)
    cart = await ready(shop, 2, 1)

    answer = await complete(shop, cart)

    order = answer["order"]
    assert answer["type"] == "order"
    assert order == (await shop.get(f"/store/orders/{order['id']}"))["order"]
    assert (order["email"], order["total"]) == ("zoe@example.com", cart["total"])
    assert [i["variant_id"] for i in order["items"]] == [i["variant_id"] for i in cart["items"]]
    assert (order["payment_status"], order["fulfillment_status"]) == ("authorized", "not_fulfilled")
    [collection] = order["payment_collections"]
    [payment] = collection["payments"]
    assert (payment["provider_id"], payment["amount"]) == ("pp_system_default", cart["total"])
    done = (await shop.get(f"/store/carts/{cart['id']}"))["cart"]
    assert done["completed_at"] is not None
    refused = await shop.refused("POST", f"/store/carts/{cart['id']}", {"email": "a@example.com"})
    assert refused == (400, "CART_COMPLETED")


async def test_twenty_completions_of_a_cart_are_one_order(paris, hq):
    for shop in (paris, hq):
        cart = await ready(shop, 1)

        answers = await asyncio.gather(*(complete(shop, cart) for _ in range(20)))

        assert len({json.dumps(answer["order"]) for answer in answers}) == 1


async def test_each_shop_counts_its_own_orders_without_gaps(paris, hq):
    for shop in (paris, hq):
        carts = [await ready(shop, 1) for _ in range(4)]
        answers = await asyncio.gather(*(complete(shop, cart) for cart in carts))
        numbers = sorted(answer["order"]["display_id"] for answer in answers)
        assert numbers == list(range(numbers[0], numbers[0] + 4))


async def test_an_order_is_read_by_its_id_and_by_nothing_that_can_be_counted(paris, hq):
    for shop in (paris, hq):
        order = await shop.buy()
        number, id_ = order["display_id"], order["id"]
        assert len({order["id"][:14] for order in (order, await shop.buy())}) == 2
        for guess in (str(number), f"order_{number}", f"%23{number}", id_[:-1], f"{id_}A", "-1"):
            answer = await shop.send("GET", f"/store/orders/{guess}")
            assert answer.status_code in (400, 404)
        for query in (f"display_id={number}", f"q={number}", "token=", ""):
            assert (await shop.send("GET", f"/store/orders?{query}")).status_code == 401


async def test_an_order_of_another_shop_is_an_unknown_one(paris, hq):
    for own, other in ((paris, hq), (hq, paris)):
        cart = await ready(own, 1)
        sessions = f"/store/payment-collections/{cart['payment_collection']['id']}/payment-sessions"
        for path, body, code in (
            (f"/store/carts/{cart['id']}/complete", None, "CART_NOT_FOUND"),
            ("/store/payment-collections", {"cart_id": cart["id"]}, "CART_NOT_FOUND"),
            (sessions, PAID, "PAYMENT_COLLECTION_NOT_FOUND"),
        ):
            assert await other.refused("POST", path, body) == (404, code)
        order = (await complete(own, cart))["order"]
        refused = await other.refused("GET", f"/store/orders/{order['id']}")
        assert refused == (404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("items", "empty"),
        ("email", "e-mail"),
        ("shipping_address", "shipping address"),
        ("shipping", "shipping method"),
        ("payment", "payment session"),
    ],
)
async def test_an_incomplete_cart_is_refused_and_says_why(paris, without, words):
    content: dict[str, Any] = {"email": "zoe@example.com", "shipping_address": ADDRESS}
    content.pop(without, None)
    cart = await paris.cart(*([] if without == "items" else [1]), **content)
    if without == "payment":
        await paris.ship(cart)

    answer = await paris.send("POST", f"/store/carts/{cart['id']}/complete")

    assert (answer.status_code, answer.json()["code"]) == (400, "CART_INCOMPLETE")
    assert words in answer.json()["message"]


async def test_another_amount_needs_another_payment_session(paris):
    cart = await ready(paris, 1)
    path = f"/store/carts/{cart['id']}/line-items/{cart['items'][0]['id']}"

    changed = (await paris.post(path, {"quantity": 2}))["cart"]

    assert changed["payment_collection"]["payment_sessions"] == []
    assert changed["payment_collection"]["amount"] == changed["total"]
    refused = await paris.refused("POST", f"/store/carts/{cart['id']}/complete")
    assert refused == (400, "CART_INCOMPLETE")


async def test_a_cart_that_is_emptied_is_no_order_and_keeps_nothing(paris, hq, database):
    connection = await database("commerce", "superuser")
    for shop in (paris, hq):
        cart = await ready(shop, 1)
        path = f"/store/carts/{cart['id']}"

        answer = await shop.send("DELETE", f"{path}/line-items/{cart['items'][0]['id']}")

        emptied = answer.json()["parent"]
        assert (emptied["items"], emptied["item_total"]) == ([], 0)
        assert emptied["payment_collection"]["payment_sessions"] == []
        assert (
            emptied["payment_collection"]["amount"] == emptied["total"] == emptied["shipping_total"]
        )
        await pay(shop, emptied)
        assert await shop.refused("POST", f"{path}/complete") == (400, "CART_INCOMPLETE")
        for table in ("customer_order", "reservation", "attempt"):
            count = f"SELECT count(*) FROM {table} WHERE cart_id = $1"
            assert await connection.fetchval(count, cart["id"]) == 0


async def test_a_completed_cart_takes_nothing_more(paris, hq):
    for shop in (paris, hq):
        cart = await ready(shop, 1)
        path, line = f"/store/carts/{cart['id']}", cart["items"][0]
        found = await shop.get("/store/shipping-options", cart_id=cart["id"])
        option = found["shipping_options"][0]["id"]
        collections = "/store/payment-collections"
        sessions = f"{collections}/{cart['payment_collection']['id']}/payment-sessions"
        order = (await complete(shop, cart))["order"]
        done = (await shop.get(path))["cart"]
        customer = await shop.account()

        for method, at, body in (
            ("POST", path, {"email": "a@example.com"}),
            ("POST", path, {"region_id": cart["region_id"]}),
            ("POST", f"{path}/line-items", {"variant_id": line["variant_id"], "quantity": 1}),
            ("POST", f"{path}/line-items/{line['id']}", {"quantity": 2}),
            ("POST", f"{path}/line-items/{line['id']}", {"quantity": 0}),
            ("DELETE", f"{path}/line-items/{line['id']}", None),
            ("POST", f"{path}/promotions", {"promo_codes": ["X"]}),
            ("DELETE", f"{path}/promotions", {"promo_codes": ["X"]}),
            ("POST", f"{path}/taxes", None),
            ("POST", f"{path}/shipping-methods", {"option_id": option}),
            ("POST", collections, {"cart_id": cart["id"]}),
            ("POST", sessions, PAID),
        ):
            assert await shop.refused(method, at, body) == (400, "CART_COMPLETED"), at
        assert await customer.refused("POST", f"{path}/customer") == (400, "CART_COMPLETED")

        assert (await shop.get(path))["cart"] == done
        assert (await complete(shop, cart))["order"] == order
        assert (await shop.get(f"/store/orders/{order['id']}"))["order"] == order


async def test_an_unknown_provider_is_refused(hq):
    cart = await ready(hq, 1)
    path = f"/store/payment-collections/{cart['payment_collection']['id']}/payment-sessions"

    assert await hq.refused("POST", path, {"provider_id": "pp_x"}) == (400, "PROVIDER_UNKNOWN")


@asynccontextmanager
async def repriced(
    admin: httpx.AsyncClient, tenant: str, *changes: tuple[dict[str, Any], float]
) -> AsyncIterator[None]:
    """Adds so much to what the shop asks for these lines, while the block lasts."""
    restored = []
    for item, more in changes:
        path = f"/admin/tenants/{tenant}/products/{item['product_id']}"
        restored.append((path, (await admin.get(path)).json()["product"]["prices"]))
        price = {"variant_id": item["variant_id"], "amount": item["unit_price"] + more}
        (await admin.patch(path, json={"prices": [price]})).raise_for_status()
    try:
        yield
    finally:
        for path, prices in restored:
            (await admin.patch(path, json={"prices": prices})).raise_for_status()


async def test_a_changed_price_is_shown_before_it_is_charged(paris, hq, admin):
    for tenant, shop in (("paris", paris), ("hq", hq)):
        cart = await ready(shop, 1)

        async with repriced(admin, tenant, (cart["items"][0], 1)):
            answer = await complete(shop, cart)
            again = await complete(shop, await pay(shop, answer["cart"]))

        assert (answer["type"], answer["error"]["name"]) == ("cart", "CART_CHANGED")
        assert answer["cart"]["total"] == pytest.approx(cart["total"] + 1)
        assert again["order"]["total"] == answer["cart"]["total"]


async def test_prices_that_change_against_each_other_are_shown_first(paris, hq, admin):
    for tenant, shop in (("paris", paris), ("hq", hq)):
        cart = await ready(shop, 1, 1)
        first, second = cart["items"]

        async with repriced(admin, tenant, (first, 1), (second, -1)):
            answer = await complete(shop, cart)

        assert (answer["type"], answer["cart"]["total"]) == ("cart", cart["total"])


async def test_an_order_leaves_an_event_in_the_shops_log(paris, hq):
    for tenant, shop in (("paris", paris), ("hq", hq)):
        cart = await ready(shop, 1)
        answer = await shop.send("POST", f"/store/carts/{cart['id']}/complete")
        assert answer.headers["x-audit-event"].startswith(f"tenants/{tenant}/events/")


@pytest.mark.parametrize(("own", "other"), [("paris", "hq"), ("hq", "paris")])
async def test_an_order_of_a_customer_is_not_shown_to_others(
    shopper, database, scoped_stub, logged_in, own, other
):
    order = (await complete(shopper(own), await ready(shopper(own), 1)))["order"]
    connection, (owner, session) = await database("commerce", "superuser"), await logged_in(own)
    stranger, strangers = await logged_in(own)
    _, elsewhere = await logged_in(other, owner)
    await connection.execute(
        "UPDATE customer_order SET customer_id = $2 WHERE order_id = $1", order["id"], owner
    )

    def stub(tenant, actor, session):
        return scoped_stub(
            StoreCheckoutServiceStub,
            "commerce",
            tenant=tenant,
            permissions={"cart:read"},
            actor=actor,
            session=session,
        )

    def request(tenant):
        return pb.GetStoreOrderRequest(name=f"tenants/{tenant}/orders/{order['id']}")

    answer = await stub(own, f"customers/{owner}", session).GetStoreOrder(request(own))
    assert json.loads(answer.document)["id"] == order["id"]
    for caller in (
        (own, "shoppers/-", ""),
        (own, f"customers/{stranger}", strangers),
        (other, f"customers/{owner}", elsewhere),
    ):
        with pytest.raises(NotFound):
            await stub(*caller).GetStoreOrder(request(caller[0]))
