"""The last unit of a shop, while shoppers pay for it: promised to one, and never for nothing."""

import asyncio
import uuid

import pytest
import pytest_asyncio

from tests.commerce.payments.conftest import until
from tests.commerce.payments.test_payment_events import event_of, outcome

TENANTS = ("paris", "hq")
LEVEL = """
SELECT stocked, reserved, (
  SELECT coalesce(sum(quantity), 0) FROM reservation r
  WHERE (r.tenant_id, r.variant_id) = (l.tenant_id, l.variant_id))
FROM inventory_level l WHERE tenant_id = $1 AND variant_id = $2
"""


@pytest_asyncio.fixture
async def last_unit(admin, staff):
    """A variant of which each shop has one."""
    word = uuid.uuid4().hex[:12]
    prices = [{"amount": 20, "currency_code": code} for code in ("eur", "tnd")]
    body = {
        "title": f"Last {word}",
        "status": "published",
        "options": [{"title": "Size", "values": ["1 kg"]}],
        "variants": [{"sku": word, "options": {"Size": "1 kg"}, "prices": prices}],
    }
    answer = await admin.post("/admin/products", json=body)
    product = answer.raise_for_status().json()["product"]
    variant = product["variants"][0]["id"]
    item = variant.replace("variant_", "iitem_")
    # The head office sells what it makes.
    listing = {"product_id": product["id"]}
    (await admin.post("/admin/tenants/paris/products", json=listing)).raise_for_status()
    for tenant in TENANTS:
        clerk = await staff(tenant, "CatalogMgr")
        level = {"location_id": f"sloc_{tenant}", "stocked_quantity": 1}
        await clerk.post(f"inventory-items/{item}/location-levels", level)
    return variant


@pytest.fixture
def counts(checkout, last_unit):
    """Tells how many a shop has, how many are kept, and for how many that is written down."""

    async def read(tenant):
        return tuple(await checkout.rows.fetchrow(LEVEL, tenant, last_unit))

    return read


def name_of(answer):
    return answer["error"]["name"]


async def test_the_browser_and_events_at_once_take_stock_once(checkout, last_unit, counts):
    for tenant in TENANTS:
        paying = await checkout.paying_for(tenant, last_unit)
        paying.pay(status="succeeded")
        kinds = ("succeeded", "succeeded", "amount_capturable_updated")
        bodies = [event_of(paying.intent, f"payment_intent.{kind}") for kind in kinds]

        answers = await asyncio.gather(
            paying.complete(), *(outcome(checkout, body) for body in bodies), paying.complete()
        )

        assert answers[0]["order"]["id"] == answers[-1]["order"]["id"]
        assert await counts(tenant) == (1, 1, 1)


async def test_stock_of_a_payment_that_fails_later_returns_once(checkout, last_unit, counts):
    for tenant in TENANTS:
        paying = await checkout.paying_for(tenant, last_unit)
        paying.pay(status="processing")
        assert (await paying.complete())["type"] == "cart"
        assert await counts(tenant) == (1, 1, 1)

        checkout.stripe.decline(paying.intent["id"])
        failed = event_of(paying.intent, "payment_intent.payment_failed")
        await paying.make_due()

        async def returned(paying=paying):
            state = "SELECT state FROM attempt WHERE cart_id = $1"
            return await checkout.rows.fetchval(state, paying.cart_id) == "given_back"

        assert {await outcome(checkout, failed) for _ in range(2)} == {"ignored"}
        await until(returned)
        assert await counts(tenant) == (1, 0, 0)
        assert (await paying.complete())["type"] == "cart"
        assert await counts(tenant) == (1, 0, 0)


async def test_stock_is_held_while_one_shopper_pays(checkout, last_unit, counts):
    for tenant in TENANTS:
        first = await checkout.paying_for(tenant, last_unit)
        second = await checkout.paying_for(tenant, last_unit)
        first.pay(status="processing")
        assert (await first.complete())["type"] == "cart"

        assert name_of(await second.complete()) == "INSUFFICIENT_INVENTORY"

        assert second.intent["status"] == "requires_payment_method"
        first.pay()
        assert (await first.complete())["type"] == "order"
        assert await second.orders() == 0
        assert await counts(tenant) == (1, 1, 1)


@pytest.mark.parametrize("status", ["requires_capture", "succeeded"])
async def test_a_late_payment_for_what_is_sold_out_is_given_back(
    checkout, last_unit, counts, status
):
    for tenant in TENANTS:
        late = await checkout.paying_for(tenant, last_unit)
        other = await checkout.paying_for(tenant, last_unit)
        other.pay()
        assert (await other.complete())["type"] == "order"
        paid = late.intent
        late.pay(status=status)

        assert await outcome(checkout, event_of(paid)) == "waits"

        assert await late.orders() == 0
        await late.make_due()

        async def given_back(paid=paid):
            refunded = [one["payment_intent"] for one in checkout.stripe.refunds]
            return paid["status"] == "canceled" or paid["id"] in refunded

        await until(given_back)
        assert await counts(tenant) == (1, 1, 1)
