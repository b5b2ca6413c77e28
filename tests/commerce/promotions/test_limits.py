"""How often promotions are used: never more than staff allow, whoever buys at the same time."""

import asyncio
import uuid
from collections import Counter

import pytest

from tests.commerce.conftest import Shopper
from tests.commerce.orders.test_checkout import complete, ready
from tests.commerce.promotions.test_codes import codes, exact, give, pay


async def discounted(shop: Shopper, code: str, **change):
    """Makes a cart with a code that can be completed."""
    cart = await ready(shop, 1)
    if change:
        await shop.post(f"/store/carts/{cart['id']}", change)
    return await pay(shop, await give(shop, cart, code))


async def insist(shop: Shopper, cart):
    """Completes a cart, again for as long as too many others want the database."""
    while True:
        answer = await shop.send("POST", f"/store/carts/{cart['id']}/complete")
        if answer.status_code != 503:
            assert answer.status_code == 200, answer.text
            return answer.json()


ONCE_BY_ADDRESS = {
    "budget_type": "use_by_attribute",
    "budget_attribute": "customer_email",
    "budget_limit": 1,
}


async def test_of_fifty_buyers_at_once_five_are_given_what_is_limited_to_five(paris, hq, rows):
    limits = {"paris": 5, "hq": 2}
    ids = {
        tenant: await rows.promotion(tenant, "FIVE", 50, most_uses=limit)
        for tenant, limit in limits.items()
    }
    carts = [
        (shop, tenant, cart)
        for shop, tenant, buyers in ((paris, "paris", 50), (hq, "hq", 6))
        for cart in await asyncio.gather(*(discounted(shop, "FIVE") for _ in range(buyers)))
    ]

    answers = await asyncio.gather(*(insist(shop, cart) for shop, _, cart in carts))

    given: Counter[str] = Counter()
    for (_, tenant, cart), answer in zip(carts, answers, strict=True):
        if answer["type"] == "order":
            assert codes(answer["order"]) == ["FIVE"]
            assert answer["order"]["total"] == cart["total"]
            given[tenant] += 1
        else:
            assert answer["error"]["name"] == "CART_CHANGED"
            assert (codes(answer["cart"]), answer["cart"]["payment_collection"]["status"]) == (
                [],
                "not_paid",
            )
            assert exact(answer["cart"]["total"]) > exact(cart["total"])
    assert given == limits
    assert {tenant: await rows.used(tenant, id_) for tenant, id_ in ids.items()} == {
        "paris": [5],
        "hq": [2],
    }


async def test_twenty_completions_of_a_cart_use_its_promotion_once(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        id_ = await rows.promotion(tenant, "ONCE", 10, most_uses=1)
        cart = await discounted(shop, "ONCE")

        answers = await asyncio.gather(*(complete(shop, cart) for _ in range(20)))

        assert len({answer["order"]["id"] for answer in answers}) == 1
        assert await rows.used(tenant, id_) == [1]


@pytest.mark.parametrize("kind", ["usage", "spend"])
async def test_promotions_of_a_campaign_share_its_budget(paris, hq, rows, kind):
    for shop, tenant, currency in ((paris, "paris", "EUR"), (hq, "hq", "TND")):
        budget = {"budget_type": kind, "budget_limit": 2 if kind == "usage" else 250}
        if kind == "spend":
            budget["budget_currency_code"] = currency
        campaign = await rows.campaign(tenant, **budget)
        fixed = {"method_type": "fixed", "currency_code": currency, "campaign_id": campaign}
        for code in ("X", "Y"):
            await rows.promotion(tenant, code, 100, **fixed)

        given = []
        for code in ("X", "Y", "X"):
            order = (await complete(shop, await discounted(shop, code)))["order"]
            given.append(codes(order))

        assert given == [["X"], ["Y"], []]
        assert await rows.used(tenant, campaign) == [2 if kind == "usage" else 200]


async def test_a_budget_in_another_currency_gives_nothing(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        campaign = await rows.campaign(
            tenant, budget_type="spend", budget_limit=10**9, budget_currency_code="USD"
        )
        await rows.promotion(tenant, "DOLLARS", 10, campaign_id=campaign)

        assert codes(await shop.cart(1, promo_codes=["DOLLARS"])) == []


async def test_a_budget_by_address_is_each_customers_own_in_every_spelling(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        campaign = await rows.campaign(tenant, **ONCE_BY_ADDRESS)
        await rows.promotion(tenant, "MINE", 10, campaign_id=campaign)

        given = []
        for email in ("a@example.com", "A@Example.com", "b@example.com", " a@example.com"):
            cart = await discounted(shop, "MINE", email=email)
            given.append(codes((await complete(shop, cart))["order"]))

        assert given == [["MINE"], [], ["MINE"], []]
        assert await rows.used(tenant, campaign) == [1, 1]
        held = await rows.connection.fetch(
            "SELECT holder FROM promotion_use WHERE counted_id = $1", campaign
        )
        assert all("@" not in row["holder"] for row in held)


async def test_an_account_does_not_renew_what_its_address_has_used(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        campaign = await rows.campaign(tenant, **ONCE_BY_ADDRESS)
        await rows.promotion(tenant, "WELCOME", 10, campaign_id=campaign)
        email = f"{uuid.uuid4().hex}@example.com"
        guest = await discounted(shop, "WELCOME", email=email)
        assert codes((await complete(shop, guest))["order"]) == ["WELCOME"]

        member = await shop.account(email.upper())
        cart = await member.cart(1, promo_codes=["WELCOME"])

        assert (cart["email"], codes(cart)) == (email, [])
        assert await rows.used(tenant, campaign) == [1]


async def test_a_budget_by_account_gives_a_guest_nothing(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        campaign = await rows.campaign(
            tenant, budget_type="use_by_attribute", budget_attribute="customer_id", budget_limit=1
        )
        await rows.promotion(tenant, "MEMBERS", 10, campaign_id=campaign)

        assert codes(await shop.cart(1, promo_codes=["MEMBERS"])) == []


async def test_a_use_as_a_guest_counts_for_the_account_with_the_same_address(paris, hq, rows):
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        campaign = await rows.campaign(tenant, **ONCE_BY_ADDRESS)
        await rows.promotion(tenant, "FIRST", 10, campaign_id=campaign)
        account = await shop.account()
        email = account.customer["email"]

        guest = await discounted(shop, "FIRST", email=f" {email.upper()}")
        assert codes((await complete(shop, guest))["order"]) == ["FIRST"]

        cart = await account.cart(1, promo_codes=["FIRST"])
        assert (cart["email"], codes(cart)) == (email, [])
        late = await discounted(shop, "FIRST")
        claimed = (await account.post(f"/store/carts/{late['id']}/customer"))["cart"]
        assert codes(claimed) == []
        assert await rows.used(tenant, campaign) == [1]
