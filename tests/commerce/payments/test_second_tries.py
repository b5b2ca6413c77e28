"""Whoever pays another way, or again, than they began: one order, and nothing is paid twice."""

import asyncio

import pytest

from tests.commerce.payments.conftest import STRIPE, until
from tests.commerce.payments.test_payment_events import event_of, outcome, send, signature
from tests.commerce.promotions.conftest import rows  # noqa: F401  # a fixture
from tests.gateway.admin.test_events import arrived

TENANTS = ("paris", "hq")
MANUAL = "pp_system_default"


async def choose(paying, provider):
    answer = await paying.shop.post(paying.sessions_path, {"provider_id": provider})
    [session] = answer["payment_collection"]["payment_sessions"]
    assert session["provider_id"] == provider


async def given_back(*payments):
    """Waits until the sweeper has given these payments back."""

    async def all_are():
        return all(one["status"] == "canceled" for one in payments)

    await until(all_are)


async def test_a_shopper_goes_back_and_pays_another_way(checkout):
    for tenant in TENANTS:
        forth, back = [await checkout.paying(tenant) for _ in range(2)]
        first, before = forth.intent, back.intent
        await choose(forth, MANUAL)
        forth.pay()  # in a page that was still open
        await choose(back, MANUAL)
        await choose(back, STRIPE)
        back.pay()

        orders = [(await one.complete())["order"] for one in (forth, back)]

        paid = [order["payment_collections"][0]["payments"] for order in orders]
        assert [[one["provider_id"] for one in each] for each in paid] == [[MANUAL], [STRIPE]]
        assert orders[1]["display_id"] == orders[0]["display_id"] + 1
        assert [await one.orders() for one in (forth, back)] == [1, 1]
        assert back.intent["id"] != before["id"]
        for one in (forth, back):
            await one.make_due()
        await given_back(first, before)
        assert back.intent["status"] == "requires_capture"


async def test_a_shopper_who_paid_for_goods_that_are_sold_out_pays_again_when_they_are_back(
    checkout,
):
    sold_out = (
        "UPDATE inventory_level SET stocked = reserved WHERE (tenant_id, variant_id) = ($1, $2)"
    )
    back = "UPDATE inventory_level SET stocked = $3 WHERE (tenant_id, variant_id) = ($1, $2)"
    stocked = "SELECT stocked FROM inventory_level WHERE (tenant_id, variant_id) = ($1, $2)"
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        first = paying.intent
        paying.pay()
        of = tenant, (await paying.cart())["items"][0]["variant_id"]
        before = await checkout.rows.fetchval(stocked, *of)
        await checkout.rows.execute(sold_out, *of)
        try:
            answer = await paying.complete()
        finally:
            await checkout.rows.execute(back, *of, before)

        assert (answer["type"], answer["error"]["name"]) == ("cart", "INSUFFICIENT_INVENTORY")
        assert answer["error"]["type"] == "not_allowed"
        assert await paying.orders() == await checkout.count("reservation", paying.cart_id) == 0
        await paying.make_due()
        await given_back(first)
        await paying.shop.post(paying.path, {"email": "zoe@example.com"})
        await paying.choose()
        paying.pay()
        assert (await paying.complete())["type"] == "order"
        assert await paying.orders() == 1


async def test_the_sum_that_is_charged_is_the_one_that_was_seen_to_the_last_digit(checkout, rows):  # noqa: F811
    for percent in (33, 7, 13):
        code = f"OFF{percent}"
        await rows.promotion("paris", code, percent)
        paying = await checkout.paying("paris", 3, 1)
        cart = (await paying.shop.post(paying.path, {"promo_codes": [code]}))["cart"]
        await paying.choose()

        assert paying.intent["amount"] == round(cart["total"] * 100)
        assert cart["total"] == round(cart["total"], 2) == cart["payment_collection"]["amount"]
        paying.pay(status="succeeded")
        assert await outcome(checkout, event_of(paying.intent, "payment_intent.succeeded")) == (
            "ordered"
        )
        order = (await paying.complete())["order"]
        [payment] = order["payment_collections"][0]["payments"]
        assert order["payment_status"] == "captured"
        assert payment["captured_amount"] == payment["amount"] == order["total"] == cart["total"]


async def test_an_event_that_two_endpoints_sign_is_one_event(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay()
        body = event_of(paying.intent)
        before = signature(body, secret="whsec_of_before")

        answers = [await send(checkout, body, header) for header in (before, None, before)]

        assert [answer.json() for answer in answers] == [
            {"outcome": word} for word in ("ordered", "known", "known")
        ]
        assert await paying.orders() == 1


@pytest.mark.parametrize("how", ["browser", "event", "both"])
async def test_an_order_is_told_of_once_and_a_refused_payment_not_at_all(checkout, admin, how):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        checkout.stripe.decline(paying.intent["id"])
        assert (await paying.complete())["type"] == "cart"
        paying.pay()
        body = event_of(paying.intent)
        ways = {"browser": [paying.complete], "event": [lambda b=body: outcome(checkout, b)]}

        await asyncio.gather(
            *(one() for name in ways if how in (name, "both") for one in ways[name])
        )

        order = (await paying.complete())["order"]
        resource = f"&resource=tenants/{tenant}/orders/{order['id']}"
        [event] = await arrived(admin, tenant, resource, 1)
        assert event["method"].endswith(("CompleteCart", "ReceivePaymentEvent"))


@pytest.mark.parametrize("provider", ["", "stripe", "pp_stripe", "STRIPE", "pp_system_default "])
async def test_a_provider_that_the_region_does_not_take_is_refused(checkout, provider):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        before = await paying.cart()
        body = {"provider_id": provider}
        status, code = await paying.shop.refused("POST", paying.sessions_path, body)
        assert (status, code) == (400, "PROVIDER_UNKNOWN")
        assert await paying.cart() == before
