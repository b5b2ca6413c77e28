"""Paid with Stripe, in two shops: once, for what was seen, and whatever fails on the way."""

import asyncio

import pytest

from tests.commerce.payments.conftest import STRIPE, until
from tests.commerce.promotions.conftest import rows  # noqa: F401  # a fixture

TENANTS = ("paris", "hq")
MINOR = {"paris": 100, "hq": 1000}


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_shopper_pays_with_stripe(checkout, tenant):
    paying = await checkout.paying(tenant, 2)
    cart = await paying.cart()
    [session] = cart["payment_collection"]["payment_sessions"]
    intent = paying.intent

    assert session["provider_id"] == STRIPE
    assert session["data"] == {"id": intent["id"], "client_secret": intent["client_secret"]}
    assert intent["amount"] == round(cart["total"] * MINOR[tenant])
    assert (intent["currency"], intent["capture_method"]) == (cart["currency_code"], "manual")
    assert intent["metadata"]["tenant"] == tenant

    paying.pay()
    answer = await paying.complete()

    order = answer["order"]
    assert answer["type"] == "order"
    assert (await paying.shop.get(f"/store/orders/{order['id']}"))["order"] == order
    assert (order["total"], order["payment_status"]) == (cart["total"], "authorized")
    [collection] = order["payment_collections"]
    [payment] = collection["payments"]
    assert (payment["provider_id"], payment["amount"]) == (STRIPE, cart["total"])
    assert "secret" not in str(order)
    done = await paying.cart()
    assert done["completed_at"] is not None
    assert done["payment_collection"]["status"] == "authorized"
    assert "secret" not in str(done)
    stored = await checkout.rows.fetchrow(
        "SELECT * FROM payment WHERE order_id = $1 AND tenant_id = $2", order["id"], tenant
    )
    assert stored["external_id"] == intent["id"]
    assert intent["status"] == "requires_capture"


async def test_a_payment_that_was_captured_at_stripe_is_told_as_such(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay(status="succeeded")

        order = (await paying.complete())["order"]

        assert order["payment_status"] == "captured"
        [payment] = order["payment_collections"][0]["payments"]
        assert payment["captured_amount"] == order["total"]


@pytest.mark.parametrize(
    ("status", "kind", "left"),
    [
        ("requires_payment_method", "payment_authorization_error", "pending"),
        ("requires_action", "payment_requires_more_error", "requires_more"),
    ],
)
async def test_a_cart_that_is_not_paid_stays_a_cart(checkout, status, kind, left):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay(status=status)

        answer = await paying.complete()

        assert (answer["type"], answer["error"]["type"]) == ("cart", kind)
        [session] = answer["cart"]["payment_collection"]["payment_sessions"]
        assert session["status"] == left
        assert (await paying.shop.post(paying.path, {"email": "b@example.com"}))["cart"]
        assert await paying.orders() == 0
        paying.pay()
        assert (await paying.complete())["type"] == "order"


async def test_a_declined_card_is_told_and_another_one_pays(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        checkout.stripe.decline(paying.intent["id"])

        answer = await paying.complete()

        assert answer["error"]["name"] == "PAYMENT_NOT_AUTHORIZED"
        assert "Your card was declined." in answer["error"]["message"]
        paying.pay()
        assert (await paying.complete())["type"] == "order"
        assert len(checkout.stripe.of_cart(paying.cart_id)) == 1


async def test_stock_is_given_back_if_nobody_pays_and_else_kept_for_the_order(checkout):
    reserved = "SELECT count(*), count(order_id) FROM reservation WHERE cart_id = $1"
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        checkout.stripe.decline(paying.intent["id"])

        assert (await paying.complete())["type"] == "cart"
        assert tuple(await checkout.rows.fetchrow(reserved, paying.cart_id)) == (0, 0)
        paying.pay()
        assert (await paying.complete())["type"] == "order"
        assert tuple(await checkout.rows.fetchrow(reserved, paying.cart_id)) == (1, 1)


async def test_twenty_completions_are_one_order_and_one_payment(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay()

        answers = await asyncio.gather(*(paying.complete() for _ in range(20)))

        assert len({answer["order"]["id"] for answer in answers}) == 1
        assert await paying.orders() == 1
        assert len(checkout.stripe.of_cart(paying.cart_id)) == 1
        order = answers[0]["order"]["id"]
        payments = "SELECT count(*) FROM payment WHERE order_id = $1"
        assert await checkout.rows.fetchval(payments, order) == 1


async def test_two_requests_for_a_session_are_one_payment(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)

        sessions = await asyncio.gather(paying.choose(), paying.choose())

        assert sessions[0] == sessions[1] == await paying.choose()
        assert len(checkout.stripe.of_cart(paying.cart_id)) == 1


async def test_a_payment_whose_answer_is_lost_is_asked_for_once(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant, 1)
        item = (await paying.cart())["items"][0]["id"]
        await paying.shop.post(f"{paying.path}/line-items/{item}", {"quantity": 3})
        checkout.stripe.loses.add("POST /v1/payment_intents")
        try:
            refused = await paying.shop.refused(
                "POST", paying.sessions_path, {"provider_id": STRIPE}
            )
        finally:
            checkout.stripe.loses.clear()
        assert refused == (503, "UNAVAILABLE")

        session = await paying.choose()

        [first, second] = checkout.stripe.of_cart(paying.cart_id)
        assert session["data"]["id"] == second["id"] != first["id"]


async def test_while_stripe_is_silent_a_cart_is_fixed_and_then_it_is_an_order(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        other = await checkout.paying(tenant)
        paying.pay()
        checkout.stripe.fails.add(f"GET /v1/payment_intents/{paying.intent['id']}")
        try:
            refused = await paying.shop.refused("POST", f"{paying.path}/complete")
            changed = await paying.shop.refused("POST", paying.path, {"email": "b@example.com"})
        finally:
            checkout.stripe.fails.clear()

        assert refused == (503, "UNAVAILABLE")
        assert changed == (409, "CART_IN_PAYMENT")
        assert (await paying.cart())["completed_at"] is None
        assert (await other.shop.post(other.path, {"email": "b@example.com"}))["cart"]
        order = (await paying.complete())["order"]
        assert order["email"] == "zoe@example.com"
        assert await paying.orders() == 1


@pytest.mark.parametrize("paid", [True, False])
async def test_the_sweeper_ends_what_a_killed_process_has_begun(checkout, paid):
    began = [await checkout.paying(tenant) for tenant in TENANTS]
    for paying in began:
        if paid:
            paying.pay()
    checkout.stripe.keeps_waiting.add("GET /v1/payment_intents")
    requests = [
        asyncio.create_task(paying.shop.send("POST", f"{paying.path}/complete")) for paying in began
    ]

    async def claimed():
        return all([await checkout.count("attempt", one.cart_id) == 1 for one in began])

    await until(claimed)
    await checkout.commerce.kill()
    checkout.stripe.keeps_waiting.clear()
    await asyncio.gather(*requests, return_exceptions=True)
    for paying in began:
        await paying.make_due()
    await checkout.commerce.start()

    async def ended():
        states = [
            await checkout.rows.fetchval(
                "SELECT state FROM attempt WHERE cart_id = $1", one.cart_id
            )
            for one in began
        ]
        return set(states) == {"finished" if paid else "given_back"}

    async def served():  # the gateway connects anew, which may take longer than the sweeper
        answers = [await one.shop.send("GET", one.path) for one in began]
        return all(answer.status_code == 200 for answer in answers)

    await until(ended)
    await until(served)
    for paying in began:
        assert await paying.orders() == int(paid)
        if paid:
            assert (await paying.complete())["order"]["total"] == (await paying.cart())["total"]
        else:
            assert (await paying.shop.post(paying.path, {"email": "b@example.com"}))["cart"]
            paying.pay()
            assert (await paying.complete())["type"] == "order"


@pytest.mark.parametrize("status", ["requires_payment_method", "requires_capture", "succeeded"])
async def test_the_payment_of_a_cart_that_has_changed_is_given_back(checkout, status):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        untouched = await checkout.paying(tenant)
        first = paying.intent
        item = (await paying.cart())["items"][0]["id"]
        cart = (await paying.shop.post(f"{paying.path}/line-items/{item}", {"quantity": 2}))["cart"]
        paying.pay(status=status)  # in a page that was still open

        assert cart["payment_collection"]["payment_sessions"] == []
        refused = await paying.shop.refused("POST", f"{paying.path}/complete")
        assert refused == (400, "CART_INCOMPLETE")
        await paying.make_due()

        async def given_back(first=first):
            refunded = [one["payment_intent"] for one in checkout.stripe.refunds]
            return first["status"] == "canceled" or first["id"] in refunded

        await until(given_back)
        await paying.choose()
        assert paying.intent["id"] != first["id"]
        paying.pay()
        order = (await paying.complete())["order"]
        assert order["total"] == cart["total"]
        assert untouched.intent["status"] == "requires_payment_method"


async def test_a_payment_of_another_amount_makes_no_order(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        first = paying.intent
        paying.pay()
        first["amount_capturable"] -= 10

        answer = await paying.complete()

        assert (answer["type"], answer["error"]["name"]) == ("cart", "PAYMENT_MISMATCH")
        assert answer["cart"]["payment_collection"]["payment_sessions"] == []

        async def given_back(first=first):
            return first["status"] == "canceled"

        await until(given_back)
        assert await paying.orders() == 0


@pytest.mark.parametrize(
    "word", [("tenant", "hq"), ("cart_id", "cart_other"), ("session_id", "payses_other")]
)
async def test_a_payment_for_something_else_makes_no_order(checkout, word):
    paying = await checkout.paying("paris")
    paying.pay()
    name, value = word
    own = paying.intent["metadata"]
    intent = paying.intent
    intent["metadata"] = own | {name: value}

    answer = await paying.complete()

    intent["metadata"] = own
    assert (answer["type"], answer["error"]["name"]) == ("cart", "PAYMENT_MISMATCH")


async def test_a_canceled_payment_is_replaced(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay(status="canceled")

        answer = await paying.complete()

        assert answer["error"]["name"] == "PAYMENT_CANCELED"
        await paying.choose()
        paying.pay()
        assert (await paying.complete())["type"] == "order"


async def test_an_amount_that_stripe_cannot_charge_is_told(checkout, admin):
    paying = await checkout.paying("hq")
    line = (await paying.cart())["items"][0]
    path = f"/admin/tenants/hq/products/{line['product_id']}"
    prices = (await admin.get(path)).json()["product"]["prices"]
    price = {"variant_id": line["variant_id"], "amount": 12.345}
    (await admin.patch(path, json={"prices": [price]})).raise_for_status()
    try:
        await paying.shop.post(paying.path, {"email": "b@example.com"})
        refused = await paying.refused_session()
    finally:
        (await admin.patch(path, json={"prices": prices})).raise_for_status()

    assert refused == (400, "AMOUNT_NOT_CHARGEABLE")


async def test_without_its_settings_stripe_is_not_offered(checkout, shopper, admin):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.shop.http = shopper(tenant).http

        refused = await paying.refused_session()
        gone = await paying.shop.refused("POST", f"{paying.path}/complete")

        assert refused == (400, "PROVIDER_UNKNOWN")
        assert gone == (400, "PROVIDER_GONE")
        region = (await paying.cart())["region_id"]
        answer = await admin.post(
            f"/admin/regions/{region}",
            json={"payment_providers": [STRIPE]},
            headers={"X-Tenant-ID": tenant},
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "PAYMENT_PROVIDER_NOT_FOUND")


async def test_a_promotion_that_was_taken_returns_when_the_payment_fails(checkout, rows):  # noqa: F811
    for tenant in TENANTS:
        promotion = await rows.promotion(tenant, "HALF", 50, most_uses=1)
        paying = await checkout.paying(tenant, 2)
        await paying.shop.post(paying.path, {"promo_codes": ["HALF"]})
        await paying.choose()
        checkout.stripe.decline(paying.intent["id"])

        assert (await paying.complete())["type"] == "cart"

        assert await rows.used(tenant, promotion) == [0]
        paying.pay()
        assert (await paying.complete())["type"] == "order"
        assert await rows.used(tenant, promotion) == [1]


async def test_the_providers_of_a_region_are_those_that_are_set_up(checkout, shopper):
    for tenant in TENANTS:
        with_stripe, without = checkout.shopper(tenant), shopper(tenant)
        region = (await with_stripe.get("/store/regions"))["regions"][0]["id"]

        async def ids(shop, region=region):
            page = await shop.get("/store/payment-providers", region_id=region)
            return [one["id"] for one in page["payment_providers"]]

        assert await ids(with_stripe) == ["pp_system_default", STRIPE]
        assert await ids(without) == ["pp_system_default"]


async def test_a_cart_that_costs_nothing_is_ordered_without_its_payment(checkout, rows):  # noqa: F811
    for tenant in TENANTS:
        await rows.promotion(tenant, "GIFT", 100)
        paying = await checkout.paying(tenant)
        first = paying.intent

        cart = (await paying.shop.post(paying.path, {"promo_codes": ["GIFT"]}))["cart"]
        order = (await paying.complete())["order"]

        assert cart["total"] == order["total"] == 0
        await paying.make_due()

        async def given_back(first=first):
            return first["status"] == "canceled"

        await until(given_back)


async def test_a_cart_whose_payment_failed_is_no_obstacle_to_a_claim(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        guest, paying.shop = paying.shop, await paying.shop.account()
        await paying.shop.post(f"{paying.path}/customer")
        checkout.stripe.decline(paying.intent["id"])
        assert (await paying.complete())["type"] == "cart"
        guests = await guest.cart(2)

        claimed = (await paying.shop.post(f"/store/carts/{guests['id']}/customer"))["cart"]

        assert [item["quantity"] for item in claimed["items"]] == [3]
        assert await paying.shop.refused("GET", paying.path) == (404, "CART_NOT_FOUND")

        async def is_given_back(paying=paying):
            return paying.intent["status"] == "canceled"

        await until(is_given_back)
