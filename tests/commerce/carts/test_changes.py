"""What a cart becomes while its shop changes: what it sells, where, and whether at all."""

from typing import Any

import pytest
import pytest_asyncio

from tests.commerce.shipping.conftest import (  # noqa: F401  # fixtures
    ADDRESS,
    PAID,
    Shop,
    both,
    engage,
    make_product,
    make_tenant,
    tenants,
)


@pytest_asyncio.fixture
async def commerce(database):
    return await database("commerce", "superuser")


async def ready(shop: Shop, **content: Any) -> dict[str, Any]:
    """Makes a cart that can be completed."""
    cart = await shop.cart(2, **content)
    await shop.pay(cart)
    return await read(shop, cart)


async def read(shop: Shop, cart: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.shopper.get(f"/store/carts/{cart['id']}"))["cart"]
    return found


async def complete(shop: Shop, cart: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
    return answer


async def age(commerce, cart):
    """Lets the time pass for which prices may be shown."""
    await commerce.execute(
        "UPDATE cart SET update_time = update_time - interval '1 hour' WHERE cart_id = $1",
        cart["id"],
    )


async def orders(commerce, cart):
    return await commerce.fetchval(
        "SELECT count(*) FROM customer_order WHERE cart_id = $1", cart["id"]
    )


async def test_goods_that_a_shop_no_longer_sells_stay_in_the_cart_unsold(both, admin, commerce):  # noqa: F811
    closing, _ = both
    carts = [await ready(shop) for shop in both]
    product = carts[0]["items"][0]["product_id"]
    path = f"/admin/tenants/{closing.tenant}/products"
    (await admin.delete(f"{path}/{product}")).raise_for_status()

    answer, sold = [await complete(shop, cart) for shop, cart in zip(both, carts, strict=True)]

    assert (answer["type"], answer["error"]["name"]) == ("cart", "CART_CHANGED")
    [item] = answer["cart"]["items"]
    assert item["unavailable_reasons"] != []
    assert (item["total"], answer["cart"]["total"]) == (0, 0)
    assert answer["cart"]["payment_collection"]["payment_sessions"] == []
    assert item["title"] == carts[0]["items"][0]["title"]
    at = f"/store/carts/{carts[0]['id']}"
    assert await closing.shopper.refused("POST", f"{at}/complete") == (400, "CART_INCOMPLETE")
    again = {"variant_id": closing.variant, "quantity": 1}
    refused = await closing.shopper.refused("POST", f"{at}/line-items", again)
    assert refused == (400, "VARIANT_NOT_SOLD")
    assert await orders(commerce, carts[0]) == 0
    assert sold["type"] == "order"
    # It is sold again, at what it costs now.
    (await admin.post(path, json={"product_id": product})).raise_for_status()
    await closing.pay(carts[0])
    assert (await complete(closing, carts[0]))["order"]["total"] == carts[0]["total"]


async def test_a_closed_shop_has_no_carts_and_an_open_one_has_them_again(both, admin, commerce):  # noqa: F811
    closing, other = both
    carts = [await ready(shop) for shop in both]
    path, line = f"/store/carts/{carts[0]['id']}", carts[0]["items"][0]["id"]
    collection = carts[0]["payment_collection"]["id"]
    (await admin.post(f"/admin/tenants/{closing.tenant}/suspend")).raise_for_status()

    tries = [
        ("GET", path, None),
        ("POST", path, {"email": "a@example.com"}),
        ("POST", f"{path}/line-items/{line}", {"quantity": 7}),
        ("POST", f"/store/payment-collections/{collection}/payment-sessions", PAID),
        ("GET", f"/store/shipping-options?cart_id={carts[0]['id']}", None),
        ("POST", f"{path}/complete", None),
    ]
    for method, at, body in tries:
        assert await closing.shopper.refused(method, at, body) == (404, "SHOP_UNKNOWN")
    assert (await complete(other, carts[1]))["type"] == "order"
    assert await orders(commerce, carts[0]) == 0

    (await admin.post(f"/admin/tenants/{closing.tenant}/activate")).raise_for_status()
    assert await read(closing, carts[0]) == carts[0]
    assert (await complete(closing, carts[0]))["order"]["total"] == carts[0]["total"]


@pytest.mark.parametrize("by", ["staff", "shopper"])
async def test_an_order_is_paid_only_as_the_carts_region_takes_it(both, commerce, by):  # noqa: F811
    for shop in both:
        body = {"currency_code": "eur", "payment_providers": ["pp_system_default"]}
        first = await shop.done(
            "POST", "/admin/regions", {"name": "A", "countries": ["fr"], **body}
        )
        body = {**body, "payment_providers": []}
        other = await shop.done(
            "POST", "/admin/regions", {"name": "B", "countries": ["be"], **body}
        )
        cart = await ready(shop, region_id=first["id"])
        path = f"/store/carts/{cart['id']}"

        if by == "staff":
            await shop.done("POST", f"/admin/regions/{first['id']}", {"payment_providers": []})
        else:
            await shop.change(cart, {"region_id": other["id"]})
            await shop.change(cart, {"shipping_address": {**ADDRESS, "country_code": "be"}})

        refused = await shop.shopper.refused("POST", f"{path}/complete")
        assert refused == (400, "PROVIDER_GONE")
        sessions = f"/store/payment-collections/{cart['payment_collection']['id']}/payment-sessions"
        assert await shop.shopper.refused("POST", sessions, PAID) == (400, "PROVIDER_UNKNOWN")
        assert await orders(commerce, cart) == 0


async def test_a_cart_outlives_its_region(both, commerce):  # noqa: F811
    for shop in both:
        regions = []
        for country in ("fr", "be"):
            body = {"name": country, "currency_code": "eur", "countries": [country]}
            paid = {"payment_providers": ["pp_system_default"]}
            regions.append(await shop.done("POST", "/admin/regions", body | paid))
        first, second = regions
        to = {**ADDRESS, "country_code": "be"}
        cart = await ready(shop, region_id=second["id"], shipping_address=to)
        path = f"/store/carts/{cart['id']}"
        lines = f"{path}/line-items"
        await shop.done("DELETE", f"/admin/regions/{second['id']}")
        await age(commerce, cart)

        assert await read(shop, cart) == cart
        assert await shop.offered(cart) == []
        collection = cart["payment_collection"]["id"]
        tries: list[tuple[str, Any]] = [
            (path, {"email": "a@example.com"}),
            (f"{lines}/{cart['items'][0]['id']}", {"quantity": 3}),
            (lines, {"variant_id": shop.variant, "quantity": 1}),
            (f"/store/payment-collections/{collection}/payment-sessions", PAID),
            (f"{path}/complete", None),
        ]
        for at, body in tries:
            refused = await shop.shopper.refused("POST", at, body)
            assert refused == (400, "REGION_DELETED"), at
        for region in (second["id"], "reg_1"):
            refused = await shop.shopper.refused("POST", path, {"region_id": region})
            assert refused == (404, "REGION_NOT_FOUND")
        assert await orders(commerce, cart) == 0

        moved = await shop.change(cart, {"region_id": first["id"]})
        # The old region's countries are none of this one's.
        assert moved["shipping_address"] == {**moved["shipping_address"], "country_code": "fr"}
        assert (moved["shipping_address"]["address_1"], moved["total"]) == (None, cart["total"])
        await shop.change(cart, {"shipping_address": ADDRESS})
        await shop.pay(cart)
        assert (await complete(shop, cart))["order"]["region_id"] == first["id"]
