"""Stripe's events, in two shops: signed, once, whatever their order, and nobody else's."""

import asyncio
import hashlib
import hmac
import json
import time
import uuid

import pytest

from tests.commerce.payments.conftest import ADDRESS, WEBHOOK_SECRET, Paying

TENANTS = ("paris", "hq")
HOOK = "/hooks/payment/stripe_stripe"
CAPTURABLE = "payment_intent.amount_capturable_updated"


def event_of(intent, kind=CAPTURABLE):
    """Makes an event as Stripe may write it: nobody else would put the spaces just there."""
    event = {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "note": "é", "factor": 1.0}
    event |= {"type": kind, "data": {"object": intent}}
    return json.dumps(event, indent=3, ensure_ascii=True).encode()


def signature(body, *, secret=WEBHOOK_SECRET, age=0):
    moment = int(time.time()) - age
    mac = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


async def send(checkout, body, header=None, path=HOOK):
    headers = {"content-type": "application/json; charset=utf-8"}
    if header != "":
        headers["stripe-signature"] = header or signature(body)
    return await checkout.http.post(path, content=body, headers=headers)


async def outcome(checkout, body):
    answer = await send(checkout, body)
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"]


async def test_an_event_makes_the_order_of_a_shopper_who_never_came_back(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay()

        assert await outcome(checkout, event_of(paying.intent)) == "ordered"

        assert await paying.orders() == 1
        order = (await paying.complete())["order"]
        assert order["total"] == (await paying.cart())["total"]
        row = await checkout.rows.fetchrow(
            "SELECT * FROM customer_order WHERE cart_id = $1", paying.cart_id
        )
        assert (row["tenant_id"], row["order_id"]) == (tenant, order["id"])


async def test_an_event_that_comes_five_times_at_once_and_later_is_handled_once(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay()
        body = event_of(paying.intent)

        outcomes = await asyncio.gather(*(outcome(checkout, body) for _ in range(5)))

        assert set(outcomes) <= {"ordered", "known", "waits"}
        assert "ordered" in outcomes
        assert await outcome(checkout, body) == "known"
        assert await paying.orders() == 1


async def test_the_browser_and_events_at_once_make_one_order(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay(status="succeeded")
        bodies = [event_of(paying.intent, f"payment_intent.{kind}") for kind in (
            "succeeded", "amount_capturable_updated", "succeeded")]  # fmt: skip

        answers = await asyncio.gather(
            paying.complete(), *(outcome(checkout, body) for body in bodies), paying.complete()
        )

        assert answers[0]["order"]["id"] == answers[-1]["order"]["id"]
        assert await paying.orders() == 1


@pytest.mark.parametrize(
    "kind", ["created", "processing", "requires_action", "payment_failed", "canceled"]
)
async def test_events_that_tell_of_no_payment_order_nothing(checkout, kind):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)

        assert await outcome(checkout, event_of(paying.intent, f"payment_intent.{kind}")) == (
            "ignored"
        )

        assert await checkout.count("attempt", paying.cart_id) == 0
        assert await paying.orders() == 0


async def test_a_late_failure_changes_nothing(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        before = event_of(paying.intent, "payment_intent.payment_failed")
        paying.pay()
        assert await outcome(checkout, event_of(paying.intent)) == "ordered"

        assert await outcome(checkout, before) == "ignored"

        assert (await paying.complete())["type"] == "order"


async def test_an_event_is_not_believed_but_its_payment_asked_for(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        claimed = paying.intent | {"status": "requires_capture"}

        assert await outcome(checkout, event_of(claimed)) == "waits"

        assert await paying.orders() == 0
        assert (await paying.shop.post(paying.path, {"email": "b@example.com"}))["cart"]


@pytest.mark.parametrize("flaw", ["secret", "byte", "age", "none", "scheme", "json"])
async def test_a_forged_event_is_refused_and_does_nothing(checkout, flaw):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay()
        body = event_of(paying.intent)
        header = {
            "secret": signature(body, secret="whsec_of_somebody"),
            "byte": signature(body.replace(b"1.0", b"1.00")),
            "age": signature(body, age=600),
            "none": "",
            "scheme": signature(body).replace("v1=", "v0="),
            "json": signature(json.dumps(json.loads(body)).encode()),
        }[flaw]

        answer = await send(checkout, body, header)

        assert (answer.status_code, answer.json()["code"]) == (400, "SIGNATURE_INVALID")
        assert await paying.orders() == 0
        assert await checkout.count("attempt", paying.cart_id) == 0
        assert (await send(checkout, body)).status_code == 200


async def test_an_event_that_names_another_shop_is_about_nothing(checkout):
    for own, other in (TENANTS, TENANTS[::-1]):
        paying, foreign = await checkout.paying(own), await checkout.paying(other)
        paying.pay()
        for changes in (
            {"tenant": other},
            {"tenant": "nobody"},
            {"tenant": ["x"]},
            {"session_id": foreign.intent["metadata"]["session_id"]},
            {"tenant": other, "session_id": foreign.intent["metadata"]["session_id"]},
        ):
            metadata = paying.intent["metadata"] | changes
            body = event_of(paying.intent | {"metadata": metadata})
            assert await outcome(checkout, body) == "ignored"
        body = event_of(paying.intent | {"metadata": {}})
        assert await outcome(checkout, body) == "ignored"

        assert await paying.orders() == await foreign.orders() == 0
        assert await checkout.count("attempt", foreign.cart_id) == 0


async def test_while_stripe_is_silent_an_event_is_to_be_sent_again(checkout):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay()
        body = event_of(paying.intent)
        checkout.stripe.fails.add(f"GET /v1/payment_intents/{paying.intent['id']}")
        try:
            refused = await send(checkout, body)
        finally:
            checkout.stripe.fails.clear()
        assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")

        assert await outcome(checkout, body) == "ordered"


async def test_a_paid_cart_that_lacks_something_waits_for_its_shopper(checkout):
    for tenant in TENANTS:
        shop = checkout.shopper(tenant)
        cart = await shop.cart(1, shipping_address=ADDRESS)
        await shop.ship(cart)
        answer = await shop.post("/store/payment-collections", {"cart_id": cart["id"]})
        collection = answer["payment_collection"]["id"]
        paying = Paying(checkout, tenant, shop, cart["id"], collection)
        await paying.choose()
        paying.pay()

        assert await outcome(checkout, event_of(paying.intent)) == "waits"

        await shop.post(paying.path, {"email": "zoe@example.com"})
        assert (await paying.complete())["order"]["email"] == "zoe@example.com"


async def test_an_event_completes_the_cart_of_a_customer(checkout):
    for tenant in TENANTS:
        shop = checkout.shopper(tenant)
        login = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct-horse-battery"}
        registered = await shop.post("/auth/customer/emailpass/register", login)
        bearer = {"Authorization": f"Bearer {registered['token']}"}
        await shop.post("/store/customers", {"email": login["email"]}, headers=bearer)
        token = (await shop.post("/auth/customer/emailpass", login))["token"]
        shop.headers["Authorization"] = f"Bearer {token}"
        cart = await shop.cart(1, email=login["email"], shipping_address=ADDRESS)
        await shop.ship(cart)
        answer = await shop.post("/store/payment-collections", {"cart_id": cart["id"]})
        collection = answer["payment_collection"]["id"]
        paying = Paying(checkout, tenant, shop, cart["id"], collection)
        await paying.choose()
        paying.pay()

        assert await outcome(checkout, event_of(paying.intent)) == "ordered"

        order = (await paying.complete())["order"]
        assert order["customer_id"] == cart["customer_id"] is not None


async def test_a_provider_that_is_not_set_up_tells_nothing(checkout, http):
    for tenant in TENANTS:
        paying = await checkout.paying(tenant)
        paying.pay()
        body = event_of(paying.intent)
        headers = {"stripe-signature": signature(body), "content-type": "application/json"}

        unknown = await send(checkout, body, path="/hooks/payment/paypal_paypal")
        unset = await http.post(HOOK, content=body, headers=headers)

        for answer in (unknown, unset):
            assert (answer.status_code, answer.json()["code"]) == (
                404,
                "PAYMENT_PROVIDER_NOT_FOUND",
            )
        assert await paying.orders() == 0
