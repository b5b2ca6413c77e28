"""The numbers of orders: each shop begins with its own first one."""

from tests.commerce.shipping.conftest import (  # noqa: F401  # fixtures
    both,
    engage,
    make_product,
    make_tenant,
    tenants,
)


async def test_the_first_orders_of_each_shop_are_one_two_three(both):  # noqa: F811
    numbers = []
    for shop in both:
        for _ in range(3):
            cart = await shop.cart()
            await shop.pay(cart)
            answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")
            numbers.append(answer["order"]["display_id"])

    assert numbers == [1, 2, 3, 1, 2, 3]
