"""Addresses of customers of two shops: theirs alone, and at most one default of each kind."""

import asyncio
import uuid

import pytest

ADDRESSES = "/store/customers/me/addresses"
HOME = {
    "address_name": "Home",
    "first_name": "Zoé",
    "last_name": "Martin",
    "company": "",
    "phone": "",
    "address_1": "1 rue X",
    "city": "Lyon",
    "postal_code": "69001",
    "country_code": "fr",
}


async def added(customer, **more):
    """Adds an address; returns it as the customer then has it."""
    answer = await customer.post(ADDRESSES, {**HOME, **more})
    return max(answer["customer"]["addresses"], key=lambda address: address["id"])


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_a_customer_adds_changes_and_removes_addresses(shopper, tenant):
    customer = await shopper(tenant).account()

    home = await added(customer, metadata={"a": 1})
    path = f"{ADDRESSES}/{home['id']}"
    changed = await customer.post(path, {"city": "Tunis", "country_code": "TN", "company": None})
    [stored] = (await customer.get("/store/customers/me"))["customer"]["addresses"]

    assert (home["address_name"], home["company"], home["country_code"]) == ("Home", None, "fr")
    assert home["customer_id"] == customer.customer["id"]
    assert (home["metadata"], home["is_default_shipping"]) == ({"a": 1}, False)
    assert changed["customer"]["addresses"] == [stored] == [(await customer.get(path))["address"]]
    assert (stored["city"], stored["country_code"], stored["first_name"]) == ("Tunis", "tn", "Zoé")
    page = await customer.get(ADDRESSES, limit=1, fields="id,city")
    assert (page["count"], page["addresses"]) == (1, [{"id": home["id"], "city": "Tunis"}])
    answer = await customer.send("DELETE", path)
    assert (answer.status_code, answer.json()["deleted"]) == (200, True)
    assert answer.json()["parent"]["addresses"] == []
    assert answer.headers["x-audit-event"].startswith(f"tenants/{tenant}/events/")
    assert await customer.refused("GET", path) == (404, "ADDRESS_NOT_FOUND")


async def test_nobody_else_finds_an_address(paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        owner, other = await shop.account(), await shop.account()
        foreign = await elsewhere.account(owner.customer["email"])
        path = f"{ADDRESSES}/{(await added(owner))['id']}"
        for stranger in (other, foreign):
            for method, body in (("GET", None), ("POST", {"city": "X"}), ("DELETE", None)):
                refused = await stranger.refused(method, path, body)
                assert refused == (404, "ADDRESS_NOT_FOUND")
            assert (await stranger.get(ADDRESSES))["count"] == 0
        assert (await shop.refused("GET", path))[0] == 401
        assert (await owner.get(path))["address"]["city"] == "Lyon"


async def test_a_new_default_takes_the_place_of_the_former(paris, hq):
    for shop in (paris, hq):
        customer, other = await shop.account(), await shop.account()
        others = await added(other, is_default_shipping=True, is_default_billing=True)
        first = await added(customer, is_default_shipping=True, is_default_billing=True)
        second = await added(customer, is_default_shipping=True)
        third = await added(customer)
        await customer.post(f"{ADDRESSES}/{third['id']}", {"is_default_billing": True})

        stored = (await customer.get("/store/customers/me"))["customer"]
        flags = [(a["is_default_shipping"], a["is_default_billing"]) for a in stored["addresses"]]
        assert flags == [(False, False), (True, False), (False, True)]
        assert stored["default_shipping_address_id"] == second["id"]
        assert stored["default_billing_address_id"] == third["id"]
        assert first["is_default_shipping"]
        mine = (await other.get("/store/customers/me"))["customer"]
        assert mine["default_shipping_address_id"] == others["id"]


async def test_defaults_that_are_set_at_once_are_one(paris, hq):
    for shop in (paris, hq):
        customer = await shop.account()
        await asyncio.gather(*(added(customer, is_default_shipping=True) for _ in range(8)))

        found = (await customer.get(ADDRESSES))["addresses"]
        assert [a["is_default_shipping"] for a in found].count(True) == 1
        assert len(found) == 8


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_a_customer_has_a_hundred_addresses_at_most(shopper, tenant):
    customer = await shopper(tenant).account()
    for _ in range(99):
        await customer.post(ADDRESSES, {})

    last = [await customer.send("POST", ADDRESSES, {}) for _ in range(2)]

    assert [answer.status_code for answer in last] == [200, 400]
    assert last[1].json()["code"] == "ADDRESSES_FULL"


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"country_code": "xx"}, "country_code"),
        ({"city": "x" * 201}, "city"),
        ({"is_default_billing": None}, "is_default_billing"),
        ({"street": "x"}, "street"),
        ({"address_1": 1}, "address_1"),
    ],
)
async def test_a_bad_address_is_refused_by_name(paris, hq, body, at):
    for shop in (paris, hq):
        customer = await shop.account()
        answer = await customer.send("POST", ADDRESSES, body)
        assert answer.status_code == 400
        assert at in answer.json()["details"]["violations"]
        assert (await customer.get(ADDRESSES))["count"] == 0


async def test_an_address_is_added_once_however_often_it_is_sent(paris, hq):
    for shop in (paris, hq):
        customer, key = await shop.account(), {"Idempotency-Key": str(uuid.uuid4())}
        answers = [await customer.post(ADDRESSES, HOME, headers=key) for _ in range(2)]
        assert answers[0] == answers[1]
        assert len(answers[0]["customer"]["addresses"]) == 1
