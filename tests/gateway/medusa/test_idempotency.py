"""What may be sent twice: every act that makes or moves something takes an Idempotency-Key."""

import asyncio
import uuid

import pytest
import pytest_asyncio

from tests.isolation.operations import described

# A DELETE says what shall be gone, and what is gone stays gone however often it is said.
ACTS = ("post", "put")

# Acts that take no key, and why a repeat of them does no harm. Whoever adds a route that makes or
# moves something gives it `key: IdempotencyKey` (gateway/medusa/headers.py), and passes it as
# `request_id` to an RPC whose servicer calls `requests.stored_answer` first and `requests.remember`
# last.
# What is listed here instead needs a reason that holds.
SETS = "it sets what the body says; the same again sets the same"
SESSION = "it makes a token and nothing else, and its answer is a secret that is stored nowhere"
ONE_USE = "the proof that it takes is good for one use; a repeat is refused"
MAILED = "again, a newer token is mailed, and the older is worth nothing"
SECRET = "again, another secret takes the place of the unconfirmed one; it is stored nowhere else"
ERASED = "what is erased stays erased; again, there is nothing left to erase"
WITHOUT = {
    ("post", "/store/carts/{cart_id}"): SETS,
    ("post", "/store/carts/{cart_id}/complete"): "a completed cart answers with its order",
    ("post", "/store/payment-collections"): "a cart has one",
    ("post", "/store/payment-collections/{collection_id}/payment-sessions"): SETS,
    ("post", "/store/carts/{cart_id}/line-items/{item_id}"): SETS,
    ("post", "/hooks/payment/{provider}"): "an event has an id of its provider's",
    ("post", "/store/carts/{cart_id}/promotions"): "a cart has each code once",
    ("post", "/store/carts/{cart_id}/taxes"): SETS,
    ("post", "/admin/regions/{region_id}"): SETS,
    ("post", "/admin/customers/{customer_id}"): SETS,
    ("post", "/admin/customers/{customer_id}/addresses/{address_id}"): SETS,
    ("post", "/admin/customer-groups/{group_id}"): SETS,
    ("post", "/admin/customer-groups/{group_id}/customers"): SETS,
    ("post", "/admin/tax-regions/{tax_region_id}"): SETS,
    ("post", "/admin/tax-rates/{tax_rate_id}"): SETS,
    ("post", "/store/carts/{cart_id}/shipping-methods"): SETS,
    ("post", "/store/shipping-options/{option_id}/calculate"): "it changes nothing",
    ("post", "/admin/shipping-profiles/{profile_id}"): SETS,
    ("post", "/admin/fulfillment-sets/{set_id}/service-zones/{zone_id}"): SETS,
    ("post", "/admin/shipping-options/{option_id}"): SETS,
    ("post", "/admin/price-lists/{price_list_id}"): SETS,
    ("post", "/admin/price-lists/{price_list_id}/products"): SETS,
    ("post", "/admin/promotions/{promotion_id}"): SETS,
    ("post", "/admin/campaigns/{campaign_id}"): SETS,
    ("post", "/admin/inventory-items/{inventory_item_id}/location-levels/{location_id}"): SETS,
    ("post", "/admin/stock-locations/{location_id}"): SETS,
    ("post", "/admin/stock-locations/{location_id}/sales-channels"): "it changes nothing",
    ("post", "/admin/stock-locations/{location_id}/fulfillment-providers"): "it changes nothing",
    ("post", "/admin/products/{product_id}"): SETS,
    ("post", "/admin/products/{product_id}/variants/{variant_id}"): SETS,
    ("post", "/admin/products/{product_id}/options/{option_id}"): SETS,
    ("post", "/admin/collections/{collection_id}"): SETS,
    ("post", "/admin/product-categories/{category_id}"): SETS,
    ("post", "/admin/product-tags/{tag_id}"): SETS,
    ("post", "/admin/product-types/{type_id}"): SETS,
    ("post", "/admin/sales-channels"): "it always refuses",
    ("post", "/admin/sales-channels/sc_{tenant_id}"): SETS,
    ("post", "/admin/stores/store_{tenant_id}"): SETS,
    ("post", "/admin/api-keys/{key_id}"): SETS,
    ("post", "/admin/api-keys/{key_id}/revoke"): "a revoked key stays as it is",
    ("post", "/admin/api-keys/{key_id}/sales-channels"): "it changes nothing",
    ("post", "/store/carts/{cart_id}/customer"): "a cart of the customer's stays theirs",
    ("post", "/store/orders/{order_id}/transfer/request"): MAILED,
    ("post", "/store/orders/{order_id}/transfer/cancel"): ONE_USE,
    ("post", "/store/orders/{order_id}/transfer/accept"): ONE_USE,
    ("post", "/store/orders/{order_id}/transfer/decline"): ONE_USE,
    ("post", "/store/customers/me"): SETS,
    ("post", "/store/customers/me/addresses/{address_id}"): SETS,
    ("post", "/auth/customer/emailpass/register"): "again, the identity exists, and that is told",
    ("post", "/auth/customer/emailpass"): SESSION,
    ("post", "/auth/customer/{provider}/reset-password"): MAILED,
    ("post", "/auth/customer/emailpass/update"): ONE_USE,
    ("post", "/auth/user/emailpass"): SESSION,
    ("post", "/admin/tenants/{tenant_id}/audit-events/{event_id}/erase-payload"): ERASED,
    ("post", "/auth/session"): SESSION,
    ("post", "/auth/user/emailpass/register"): SESSION,
    ("post", "/auth/token/refresh"): ONE_USE,
    ("post", "/auth/user/emailpass/update"): ONE_USE,
    ("post", "/auth/user/{provider}/reset-password"): MAILED,
    ("post", "/admin/users/me/password"): ONE_USE,
    ("post", "/admin/users/me/totp"): SECRET,
    ("post", "/admin/users/me/totp/confirm"): ONE_USE,
    ("post", "/admin/invites/accept"): ONE_USE,
    ("post", "/admin/users/me/invites/accept"): ONE_USE,
    ("post", "/admin/invites/{invite_id}/resend"): MAILED,
    ("post", "/admin/tenants/{tenant_id}/invites/{invite_id}/resend"): MAILED,
}


def acts():
    paths = described()["paths"].items()
    return {(m, path): one for path, methods in paths for m, one in methods.items() if m in ACTS}


OPERATIONS = acts()


def takes_key(operation):
    return any(one["name"] == "idempotency-key" for one in operation.get("parameters", ()))


@pytest.mark.parametrize(("act", "operation"), OPERATIONS.items(), ids=lambda one: str(one)[:80])
def test_every_act_takes_a_key_or_needs_none(act, operation):
    assert takes_key(operation) != (act in WITHOUT), (
        f"{act}: give it `key: IdempotencyKey`, or say in WITHOUT why a repeat does no harm;"
        " not both"
    )


def test_nothing_is_excused_that_is_not_there():
    assert WITHOUT.keys() <= OPERATIONS.keys()


@pytest_asyncio.fixture
async def tenants(admin):
    """Two shops of the test's own."""
    names = [f"{name}-{uuid.uuid4().hex[:8]}" for name in ("paris", "lyon")]
    for name in names:
        (await admin.post("/admin/tenants", json=shop(name))).raise_for_status()
    return names


def shop(name):
    return {
        "id": name,
        "display_name": name,
        "country_code": "fr",
        "currency_code": "eur",
        "default_locale": "fr",
    }


def key(value=None):
    return {"Idempotency-Key": value or uuid.uuid4().hex}


async def test_concurrent_repeats_act_once_and_get_the_same_answer(admin):
    once, handle = key(), f"p-{uuid.uuid4().hex[:8]}"

    answers = await asyncio.gather(
        *(admin.post("/admin/collections", json=collection(handle), headers=once) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["collection"]["id"] for answer in answers}) == 1
    assert len({answer.content for answer in answers}) == 1


def collection(handle):
    return {"title": "A collection", "handle": handle}


async def test_with_another_body_it_is_refused_and_nothing_is_done(admin):
    once, handle = key(), f"p-{uuid.uuid4().hex[:8]}"
    (await admin.post("/admin/collections", json=collection(handle), headers=once)).json()

    other = await admin.post("/admin/collections", json=collection(handle + "-2"), headers=once)

    assert (other.status_code, other.json()["code"]) == (400, "REQUEST_ID_REUSED")
    found = await admin.get("/admin/collections", params={"handle": handle + "-2"})
    assert found.json().get("count", 0) == 0 or found.status_code == 400


async def test_a_repeat_gets_the_receipt_of_the_first_request(admin, tenants):
    of_each = []
    for tenant in tenants:
        once, path = key(), f"/admin/tenants/{tenant}/domains"
        body = {"host": f"shop-{uuid.uuid4().hex[:8]}.example"}
        first, again = [await admin.post(path, json=body, headers=once) for _ in range(2)]

        assert first.headers["x-audit-event"].startswith(f"tenants/{tenant}/events/evt_")
        assert again.headers["x-audit-event"] == first.headers["x-audit-event"]
        of_each.append(first.headers["x-audit-event"])
    assert len(set(of_each)) == 2


async def test_a_key_of_one_tenant_is_new_at_another(admin, tenants):
    once = key()
    added = []
    for tenant in tenants:
        body = {"host": f"shop-{uuid.uuid4().hex[:8]}.example"}
        answer = await admin.post(f"/admin/tenants/{tenant}/domains", json=body, headers=once)
        assert answer.status_code == 200, answer.text
        assert answer.json()["domain"]["tenant_id"] == tenant
        added.append(answer.json()["domain"]["id"])
    assert len(set(added)) == 2


async def test_a_failed_request_can_be_repeated_under_the_same_key(admin, platform):
    once, handle = key(), f"p-{uuid.uuid4().hex[:8]}"
    taken = await admin.post("/admin/collections", json=collection(handle))
    taken.raise_for_status()

    refused = await admin.post("/admin/collections", json=collection(handle), headers=once)
    assert refused.status_code == 409
    path = f"/admin/collections/{taken.json()['collection']['id']}"
    (await admin.delete(path)).raise_for_status()
    made = await admin.post("/admin/collections", json=collection(handle), headers=once)

    assert made.status_code == 200


async def test_a_failure_of_ours_is_not_remembered(platform, admin):
    once, handle = key(), f"p-{uuid.uuid4().hex[:8]}"
    await platform.kill("catalog-opt-in")
    try:
        failed = await admin.post("/admin/collections", json=collection(handle), headers=once)
        assert (failed.status_code, failed.json()["code"]) == (503, "UNAVAILABLE")
        assert failed.headers["retry-after"]
    finally:
        await platform.start("catalog-opt-in")

    async with asyncio.timeout(20):
        while (
            made := await admin.post("/admin/collections", json=collection(handle), headers=once)
        ).status_code == 503:
            await asyncio.sleep(0.1)
    assert made.status_code == 200
