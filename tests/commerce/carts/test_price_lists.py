"""Carts at the prices of lists: as they begin, end and change, and for those they are for."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from tests.commerce.conftest import ADDRESS, Shopper
from tests.commerce.markets.conftest import Staff, both  # noqa: F401  # fixture
from tests.gateway.admin.conftest import (  # noqa: F401  # fixtures
    engage,
    make_product,
    make_tenant,
    tenants,
)
from tests.gateway.hot.selling import opt_in


@dataclass
class Shop:
    """A shop with one variant, at 10 euros and 30 dinars, and a region in each."""

    staff: Staff
    shopper: Shopper
    variant: str
    regions: dict[str, str]

    async def post(self, path: str, body: Any) -> Any:
        headers = {"X-Tenant-ID": self.staff.tenant}
        answer = await self.staff.http.post(f"/admin/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def price_list(self, amount: float, currency: str = "eur", **more: Any) -> dict[str, Any]:
        price = {"variant_id": self.variant, "amount": amount, "currency_code": currency}
        body = {"title": "A list", "status": "active", "prices": [price], **more}
        made: dict[str, Any] = (await self.post("price-lists", body))["price_list"]
        return made

    async def group(self, *customers: str) -> str:
        made = (await self.post("customer-groups", {"name": "Gold"}))["customer_group"]
        await self.post(f"customer-groups/{made['id']}/customers", {"add": customers})
        group_id: str = made["id"]
        return group_id

    async def cart(self, shopper: Shopper | None = None, **more: Any) -> dict[str, Any]:
        body = {"items": [{"variant_id": self.variant, "quantity": 1}], **more}
        cart: dict[str, Any] = (await (shopper or self.shopper).post("/store/carts", body))["cart"]
        return cart


def price_in(cart: dict[str, Any]) -> tuple[Any, Any]:
    [item] = cart["items"]
    return item["unit_price"], item["compare_at_unit_price"]


@pytest_asyncio.fixture
async def shops(both, admin, http, make_product):  # noqa: F811
    variant = {
        "options": {"Taille": "1 kg"},
        "manage_inventory": False,
        "prices": [
            {"amount": 10, "currency_code": "eur"},
            {"amount": 30, "currency_code": "tnd"},
        ],
    }
    product = await make_product(variants=[variant])
    made = []
    for staff in both:
        (await admin.post(f"/admin/tenants/{staff.tenant}/activate")).raise_for_status()
        await opt_in(admin, staff.tenant, product["id"])
        regions = {
            currency: (
                await staff.create(
                    country, currency_code=currency, payment_providers=["pp_system_default"]
                )
            )["id"]
            for currency, country in (("eur", "fr"), ("tnd", "tn"))
        }
        shopper = Shopper(http, {"X-Tenant-ID": staff.tenant})
        made.append(Shop(staff, shopper, product["variants"][0]["id"], regions))
    return made


async def test_a_cart_is_at_the_price_of_its_own_shops_sale(shops):
    shop, other = shops
    await shop.price_list(7.5)

    assert price_in(await shop.cart()) == (7.5, 10)
    assert price_in(await other.cart()) == (10, None)


async def test_a_cart_is_priced_anew_when_a_list_changes_and_is_not_charged_otherwise(shops):
    for shop in shops:
        made = await shop.price_list(8, type="override")
        cart = await shop.cart(email="zoe@example.com", shipping_address=ADDRESS)
        collection = await shop.shopper.post("/store/payment-collections", {"cart_id": cart["id"]})
        path = f"/store/payment-collections/{collection['payment_collection']['id']}"
        session = {"provider_id": "pp_system_default"}
        await shop.shopper.post(f"{path}/payment-sessions", session)
        assert price_in(cart) == (8, None)

        await shop.post(f"price-lists/{made['id']}", {"status": "draft"})
        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")

        assert answer["type"] == "cart"
        assert answer["error"]["message"].startswith("Prices, promotions or what is sold")
        assert price_in(answer["cart"]) == (10, None)
        assert answer["cart"]["total"] == 10


async def test_a_member_has_the_price_of_the_group_and_nobody_has_it_by_an_address(shops):
    shop, other = shops
    member, stranger = await shop.shopper.account(), await shop.shopper.account()
    group_id = await shop.group(member.customer["id"])
    await shop.price_list(8, rules={"customer.groups.id": [group_id]})
    foreign = await other.shopper.account(member.customer["email"])

    assert price_in(await shop.cart(member)) == (8, 10)
    assert price_in(await shop.cart(stranger)) == (10, None)
    assert price_in(await other.cart(foreign)) == (10, None)
    anonymous = await shop.cart(email=member.customer["email"])
    assert price_in(anonymous) == (10, None)
    assert anonymous["customer_id"] is None
    for visitor in (shop.shopper, member):
        changed = await visitor.post(f"/store/carts/{anonymous['id']}", {"metadata": {"a": 1}})
        assert price_in(changed["cart"]) == (10, None)


async def test_a_cart_that_a_member_claims_gets_the_price_of_the_group(shops):
    shop = shops[0]
    member, stranger = await shop.shopper.account(), await shop.shopper.account()
    group_id = await shop.group(member.customer["id"])
    await shop.price_list(8, rules={"customer.groups.id": [group_id]})

    claimed = {}
    for customer, price in ((member, (8, 10)), (stranger, (10, None))):
        cart = await shop.cart()
        claimed = (await customer.post(f"/store/carts/{cart['id']}/customer"))["cart"]
        assert (claimed["customer_id"], price_in(claimed)) == (customer.customer["id"], price)


async def test_a_member_who_leaves_the_group_pays_the_price_of_everybody(shops):
    shop = shops[0]
    member = await shop.shopper.account()
    group_id = await shop.group(member.customer["id"])
    await shop.price_list(8, rules={"customer.groups.id": [group_id]})
    cart = await shop.cart(member)

    leaving = {"remove": [member.customer["id"]]}
    await shop.post(f"customer-groups/{group_id}/customers", leaving)

    changed = await member.post(f"/store/carts/{cart['id']}", {"metadata": {"a": 1}})
    assert price_in(changed["cart"]) == (10, None)


async def test_a_cart_that_moves_to_another_currency_is_at_its_lists_there(shops):
    for shop in shops:
        await shop.price_list(7, "eur")
        await shop.price_list(25.5, "tnd")
        address = {**ADDRESS, "country_code": "tn"}
        cart = await shop.cart(region_id=shop.regions["eur"], email="zoe@example.com")
        assert price_in(cart) == (7, 10)

        path = f"/store/carts/{cart['id']}"
        moved = {"region_id": shop.regions["tnd"], "shipping_address": address}
        cart = (await shop.shopper.post(path, moved))["cart"]
        line = f"{path}/line-items/{cart['items'][0]['id']}"
        cart = (await shop.shopper.post(line, {"quantity": 3}))["cart"]
        collection = await shop.shopper.post("/store/payment-collections", {"cart_id": cart["id"]})
        found = collection["payment_collection"]
        session = {"provider_id": "pp_system_default"}
        await shop.shopper.post(
            f"/store/payment-collections/{found['id']}/payment-sessions", session
        )
        order = (await shop.shopper.post(f"{path}/complete"))["order"]

        assert price_in(cart) == price_in(order) == (25.5, 30)
        assert (found["currency_code"], found["amount"]) == ("tnd", 76.5)
        assert (order["currency_code"], order["total"]) == ("tnd", 76.5)


async def test_a_line_costs_what_its_quantity_costs(shops):
    shop = shops[0]
    price = {"variant_id": shop.variant, "currency_code": "eur"}
    prices = [{**price, "amount": 9, "min_quantity": 5}, {**price, "amount": 8, "min_quantity": 10}]
    await shop.price_list(10, prices=prices)
    cart = await shop.cart()
    path = f"/store/carts/{cart['id']}/line-items/{cart['items'][0]['id']}"

    found = [
        price_in((await shop.shopper.post(path, {"quantity": quantity}))["cart"])
        for quantity in (4, 5, 9, 10, 1)
    ]

    assert found == [(10, None), (9, 10), (9, 10), (8, 10), (10, None)]
