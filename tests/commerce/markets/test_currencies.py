"""A shop that sells in two currencies: each region at prices of its own, and nothing converted."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from tests.commerce.conftest import Shopper
from tests.commerce.markets.conftest import Staff
from tests.commerce.promotions.conftest import rows  # noqa: F401  # fixture
from tests.gateway.admin.conftest import make_product  # noqa: F401  # fixture
from tests.gateway.hot.selling import opt_in

PRICES = {"eur": 59.9, "tnd": 189.905}
ADDRESS = {"first_name": "Zoé", "address_1": "1 rue X", "city": "Y", "postal_code": "1"}


@dataclass
class TwoCurrencies:
    """A shop with a region in each, one variant that is sold in both, and one in euros alone."""

    staff: Staff
    shopper: Shopper
    regions: dict[str, str]
    both: str
    euros_alone: str

    async def cart(self, currency: str, *variants: str, **more: Any) -> dict[str, Any]:
        items = [{"variant_id": variant, "quantity": 2} for variant in variants]
        body = {"region_id": self.regions[currency], "items": items, **more}
        cart: dict[str, Any] = (await self.shopper.post("/store/carts", body))["cart"]
        return cart

    async def change(self, cart: dict[str, Any], **body: Any) -> dict[str, Any]:
        answer = await self.shopper.post(f"/store/carts/{cart['id']}", body)
        changed: dict[str, Any] = answer["cart"]
        return changed

    async def pay(self, cart: dict[str, Any]) -> None:
        made = await self.shopper.post("/store/payment-collections", {"cart_id": cart["id"]})
        path = f"/store/payment-collections/{made['payment_collection']['id']}/payment-sessions"
        await self.shopper.post(path, {"provider_id": "pp_system_default"})


@pytest_asyncio.fixture
async def two_shops(both, admin, http, make_product):  # noqa: F811
    in_both = await make_product(
        variants=[
            {
                "options": {"Taille": "1 kg"},
                "manage_inventory": False,
                "prices": [
                    {"amount": 59.9, "currency_code": "eur"},
                    {"amount": 189.905, "currency_code": "tnd"},
                ],
            }
        ]
    )
    in_euros = await make_product(
        options=[{"title": "Taille", "values": ["2 kg"]}],
        variants=[
            {
                "options": {"Taille": "2 kg"},
                "manage_inventory": False,
                "prices": [{"amount": 10, "currency_code": "eur"}],
            }
        ],
    )
    shops = []
    for staff in both:
        (await admin.post(f"/admin/tenants/{staff.tenant}/activate")).raise_for_status()
        for product in (in_both, in_euros):
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
        variants = [product["variants"][0]["id"] for product in (in_both, in_euros)]
        shops.append(TwoCurrencies(staff, shopper, regions, *variants))
    return shops


def price_in(product: dict[str, Any]) -> Any:
    return product["variants"][0]["calculated_price"]


async def test_products_are_shown_at_the_price_in_the_currency_of_the_region(two_shops):
    for shop in two_shops:
        for currency, region_id in shop.regions.items():
            page = await shop.shopper.get("/store/products", region_id=region_id)
            prices = {one["id"]: price_in(one) for one in page["products"]}
            in_both = next(one for one in page["products"] if one["variants"][0]["id"] == shop.both)
            price = prices[in_both["id"]]
            assert (price["calculated_amount"], price["currency_code"]) == (
                PRICES[currency],
                currency,
            )
            assert page["count"] == 2
            # What has no price in a currency is shown without one, as in Medusa.
            assert (None in prices.values()) == (currency == "tnd")

            path = f"/store/products/{in_both['handle']}"
            one = (await shop.shopper.get(path, region_id=region_id))["product"]
            assert price_in(one) == price
            path = "/store/product-variants"
            [variant] = (await shop.shopper.get(path, region_id=region_id, id=shop.both))[
                "variants"
            ]
            assert variant["calculated_price"] == price
            named = await shop.shopper.get("/store/products", currency_code=currency, id=one["id"])
            assert price_in(named["products"][0]) == price
        without = await shop.shopper.get(f"/store/products/{in_both['id']}")
        assert price_in(without["product"])["currency_code"] == "eur"


async def test_a_currency_in_which_no_region_sells_is_refused(two_shops):
    for shop in two_shops:
        in_euros = shop.regions["eur"]
        for query in ("currency_code=usd", f"region_id={in_euros}&currency_code=tnd"):
            refused = await shop.shopper.refused("GET", f"/store/products?{query}")
            assert refused == (400, "CURRENCY_UNKNOWN")
        body = {"region_id": in_euros, "currency_code": "tnd"}
        assert await shop.shopper.refused("POST", "/store/carts", body) == (400, "CURRENCY_UNKNOWN")


async def test_a_cart_costs_what_its_region_shows(two_shops):
    for shop in two_shops:
        for currency in PRICES:
            cart = await shop.cart(currency, shop.both, currency_code=currency.upper())

            assert cart["currency_code"] == cart["region"]["currency_code"] == currency
            assert cart["items"][0]["unit_price"] == PRICES[currency]
            assert cart["total"] == 2 * PRICES[currency]


async def test_a_cart_that_moves_is_priced_anew_and_nothing_of_the_old_currency_is_left(two_shops):
    for shop in two_shops:
        cart = await shop.cart("eur", shop.both, shop.euros_alone, email="zoe@example.com")
        await shop.pay(cart)

        moved = await shop.change(cart, region_id=shop.regions["tnd"])

        sold, unsold = moved["items"]
        assert (moved["currency_code"], moved["total"]) == ("tnd", 2 * PRICES["tnd"])
        assert (sold["unit_price"], sold["unavailable_reasons"]) == (PRICES["tnd"], [])
        assert (unsold["unit_price"], unsold["total"]) == (0, 0)
        assert unsold["unavailable_reasons"] == ["PRICE_MISSING"]
        collection = moved["payment_collection"]
        assert (collection["currency_code"], collection["amount"]) == ("tnd", moved["total"])
        assert (collection["payment_sessions"], collection["status"]) == ([], "not_paid")

        lines = f"/store/carts/{cart['id']}/line-items"
        body = {"variant_id": shop.euros_alone, "quantity": 1}
        assert await shop.shopper.refused("POST", lines, body) == (400, "VARIANT_NOT_SOLD")
        back = await shop.change(moved, region_id=shop.regions["eur"])
        assert [item["unit_price"] for item in back["items"]] == [PRICES["eur"], 10]
        assert [item["unavailable_reasons"] for item in back["items"]] == [[], []]


async def test_an_amount_off_in_the_old_currency_is_none_in_the_new_one(two_shops, rows):  # noqa: F811
    for shop in two_shops:
        of_euros = {"method_type": "fixed", "currency_code": "EUR", "value": 1000}
        await rows.promotion(shop.staff.tenant, "TEN", **of_euros)
        cart = await shop.cart("eur", shop.both, promo_codes=["TEN"])
        assert (cart["discount_total"], len(cart["promotions"])) == (10, 1)

        moved = await shop.change(cart, region_id=shop.regions["tnd"])
        back = await shop.change(cart, region_id=shop.regions["eur"])

        assert (moved["discount_total"], moved["promotions"]) == (0, [])
        assert moved["total"] == 2 * PRICES["tnd"]
        assert moved["items"][0]["adjustments"] == []
        assert (back["discount_total"], back["total"]) == (10, cart["total"])


async def test_an_order_of_a_cart_that_moved_is_in_one_currency(two_shops):
    for shop in two_shops:
        cart = await shop.cart("eur", shop.both, shop.both)
        cart = await shop.change(cart, region_id=shop.regions["tnd"])
        line = f"/store/carts/{cart['id']}/line-items/{cart['items'][0]['id']}"
        await shop.shopper.post(line, {"quantity": 3})
        await shop.change(cart, email="zoe@example.com", shipping_address=ADDRESS)
        await shop.pay(cart)

        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")

        order = answer["order"]
        [collection] = order["payment_collections"]
        [payment] = collection["payments"]
        assert {order["currency_code"], collection["currency_code"], payment["currency_code"]} == {
            "tnd"
        }
        assert order["total"] == payment["amount"] == round(3 * PRICES["tnd"], 3)


async def test_a_region_that_staff_give_another_currency_moves_its_carts(two_shops):
    changed, other = two_shops
    carts = {}
    for shop in two_shops:
        cart = await shop.cart("eur", shop.both, email="zoe@example.com", shipping_address=ADDRESS)
        await shop.pay(cart)
        carts[shop.staff.tenant] = cart
    await changed.staff.done("POST", f"/{changed.regions['eur']}", {"currency_code": "tnd"})

    answers = [
        await shop.shopper.post(f"/store/carts/{carts[shop.staff.tenant]['id']}/complete")
        for shop in two_shops
    ]

    # It is shown before it is charged.
    assert [answer["type"] for answer in answers] == ["cart", "order"]
    assert answers[0]["cart"]["currency_code"] == "tnd"
    assert answers[0]["cart"]["total"] == 2 * PRICES["tnd"]
    assert (answers[1]["order"]["currency_code"], other.regions.keys()) == ("eur", PRICES.keys())


async def test_lines_that_are_added_while_a_cart_moves_are_in_the_currency_that_it_ends_in(
    two_shops,
):
    for shop in two_shops:
        cart = await shop.cart("eur", shop.both)
        lines = f"/store/carts/{cart['id']}/line-items"
        added = {"variant_id": shop.both, "quantity": 1}
        for currency in ("tnd", "eur") * 3:
            body = {"region_id": shop.regions[currency]}
            await asyncio.gather(
                shop.shopper.send("POST", f"/store/carts/{cart['id']}", body),
                *(shop.shopper.send("POST", lines, added) for _ in range(3)),
            )
            now = (await shop.shopper.get(f"/store/carts/{cart['id']}"))["cart"]
            assert {item["unit_price"] for item in now["items"]} == {PRICES[now["currency_code"]]}


async def test_the_same_number_in_another_currency_is_shown_before_it_is_charged(
    two_shops,
    make_product,  # noqa: F811
    admin,
):
    prices = [{"amount": 7, "currency_code": currency} for currency in ("eur", "usd")]
    variant = {"options": {"Taille": "1 kg"}, "prices": prices, "manage_inventory": False}
    product = await make_product(variants=[variant])
    for shop in two_shops:
        await opt_in(admin, shop.staff.tenant, product["id"])
        cart = await shop.cart("eur", product["variants"][0]["id"], shipping_address=ADDRESS)
        cart = await shop.change(cart, email="zoe@example.com")
        await shop.pay(cart)
        await shop.staff.done("POST", f"/{shop.regions['eur']}", {"currency_code": "usd"})

        answer = await shop.shopper.post(f"/store/carts/{cart['id']}/complete")

        assert (answer["type"], answer["cart"]["currency_code"]) == ("cart", "usd")
        assert answer["cart"]["total"] == cart["total"] == 14
        assert answer["cart"]["payment_collection"]["payment_sessions"] == []
