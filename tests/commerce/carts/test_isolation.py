"""A cart is of one shop: another shop, and whoever has another's token, finds none."""

import pytest


@pytest.mark.parametrize(("own", "other"), [("paris", "hq"), ("hq", "paris")])
async def test_a_cart_of_another_shop_is_an_unknown_one(shopper, own, other):
    cart = await shopper(own).cart(1)
    item, path = cart["items"][0], f"/store/carts/{cart['id']}"
    stranger = shopper(other)
    [variant] = await stranger.variants()

    tries = [
        ("GET", path, None),
        ("POST", path, {"email": "a@example.com"}),
        ("POST", f"{path}/line-items", {"variant_id": variant["id"], "quantity": 1}),
        ("POST", f"{path}/line-items/{item['id']}", {"quantity": 7}),
        ("DELETE", f"{path}/line-items/{item['id']}", None),
        ("POST", f"{path}/taxes", None),
    ]

    for method, at, body in tries:
        assert await stranger.refused(method, at, body) == (404, "CART_NOT_FOUND")
    assert (await shopper(own).get(path))["cart"] == cart


async def test_no_event_tells_of_a_cart(shopper, admin):
    for tenant in ("paris", "hq"):
        cart = await shopper(tenant).cart(1)
        events = await admin.get(f"/admin/tenants/{tenant}/audit-events?limit=200")
        assert cart["id"] not in events.text


async def test_the_ids_of_carts_cannot_be_guessed(shopper):
    carts = [await shopper(tenant).cart() for tenant in ("paris", "hq")] + [
        await shopper("paris").cart()
    ]

    ids = [cart["id"].removeprefix("cart_") for cart in carts]
    assert len({id_[:8] for id_ in ids}) == len(ids)
    assert all(len(id_) == 26 for id_ in ids)
