"""Where goods are, as each tenant's staff set it up."""

import asyncio
import uuid
from typing import Any

import pytest
import pytest_asyncio

from tests.commerce.stock.conftest import ITEMS
from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_events import arrived

PATH = "/admin/stock-locations"
ADDRESS = {"address_1": "1 rue X", "country_code": "fr", "city": "Lyon"}


@pytest_asyncio.fixture
async def both(shops, enter):
    """The shops, run by those who may set up locations."""
    for shop in shops:
        _, shop.staff = await enter(("TenantAdmin", shop.tenant))
    return shops


async def names(shop, query=""):
    return [one["name"] for one in (await shop.done("GET", PATH + query))["stock_locations"]]


async def create(shop, name="North", **more):
    return (await shop.done("POST", PATH, {"name": name, **more}))["stock_location"]


async def test_a_tenant_without_locations_has_one(both):
    for shop in both:
        [location] = (await shop.done("GET", PATH))["stock_locations"]

        assert location == {
            "id": shop.location,
            "name": "Main location",
            "address": None,
            "metadata": None,
            "etag": '"0"',
            "created_at": None,
            "updated_at": None,
            "deleted_at": None,
        }
        answer = await shop.done("GET", f"{PATH}/{shop.location}")
        assert answer["stock_location"] == location
        refused(await shop.send("DELETE", f"{PATH}/{shop.location}"), 400)


async def test_a_location_is_its_own_tenants_alone(both):
    made = [await create(shop, shop.tenant, address=ADDRESS) for shop in both]

    for shop, own, foreign in zip(both, made, reversed(made), strict=True):
        assert await names(shop) == [shop.tenant]
        assert own["address"]["city"] == "Lyon"
        assert await names(shop, f"?id={foreign['id']}") == []
        for method in ("GET", "POST", "DELETE"):
            body = {"name": "Taken"} if method == "POST" else None
            answer = await shop.send(method, f"{PATH}/{foreign['id']}", body)
            refused(answer, 404, "STOCK_LOCATION_NOT_FOUND")
        level = {"location_id": foreign["id"], "stocked_quantity": 1}
        answer = await shop.send("POST", f"{ITEMS}/{shop.item}/location-levels", level)
        refused(answer, 404, "STOCK_LOCATION_NOT_FOUND")


async def test_a_catalogue_manager_sees_locations_and_changes_none(shops):
    for shop in shops:
        refused(await shop.send("POST", PATH, {"name": "X"}), 403, "PERMISSION_MISSING")
        assert await names(shop) == ["Main location"]


async def test_the_first_location_stays_if_it_is_used_and_else_goes(both):
    used, unused = both
    await used.has(3)
    for shop in both:
        await create(shop)

    assert sorted(await names(used)) == ["Main location", "North"]
    assert await names(unused) == ["North"]
    refused(await unused.send("GET", f"{PATH}/{unused.location}"), 404, "STOCK_LOCATION_NOT_FOUND")


async def test_a_location_is_updated_and_a_stale_version_is_not(both):
    for shop in both:
        path = f"{PATH}/{shop.location}"
        body: Any = {"name": " Paris ", "address": ADDRESS, "metadata": {"a": 1}}
        first = (await shop.done("POST", path, body))["stock_location"]
        second = (await shop.done("POST", path, {"address": None}))["stock_location"]

        assert (first["name"], first["etag"], first["metadata"]) == ("Paris", '"2"', {"a": 1})
        assert first["address"]["country_code"] == "fr"
        assert (second["address"], second["name"], second["etag"]) == (None, "Paris", '"3"')
        for method in ("POST", "DELETE"):
            sent = {"name": "Older"} if method == "POST" else None
            answer = await shop.send(method, path, sent, If_Match=first["etag"])
            refused(answer, 409, "ETAG_MISMATCH")
        assert await names(shop) == ["Paris"]


async def test_a_location_with_something_in_it_is_not_deleted(both):
    for shop in both:
        location = await create(shop)
        path, levels = f"{PATH}/{location['id']}", f"{ITEMS}/{shop.item}/location-levels"
        body = {"location_id": location["id"], "stocked_quantity": 2}
        await shop.done("POST", levels, body)

        refused(await shop.send("DELETE", path), 400, "STOCK_LOCATION_NOT_EMPTY")
        await shop.done("POST", f"{levels}/{location['id']}", {"stocked_quantity": 0})
        answer = await shop.done("DELETE", path)

        assert answer == {"id": location["id"], "object": "stock_location", "deleted": True}
        assert await names(shop) == ["Main location"]
        assert await shop.counts() == (0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"name": "a\tb"},
        {"name": "x" * 201},
        {"address": {"address_1": " ", "country_code": "fr"}},
        {"address": {"address_1": "1 rue X", "country_code": "zz"}},
        {"address": {"country_code": "fr"}},
        {"address_id": "laddr_1"},
    ],
)
async def test_a_location_that_cannot_be_is_refused(both, change):
    for shop in both:
        for path in (PATH, f"{PATH}/{shop.location}"):
            refused(await shop.send("POST", path, {"name": "North", **change}), 400)
        assert await names(shop) == ["Main location"]


async def test_a_tenant_has_at_most_fifty_locations(both):
    full, other = both
    for number in range(49):
        await create(full, f"Location {number}")

    answers = await asyncio.gather(*(full.send("POST", PATH, {"name": "More"}) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert (await full.done("GET", f"{PATH}?limit=100"))["count"] == 50
    assert await create(other)


async def test_a_repeated_request_makes_one_location(both):
    key = str(uuid.uuid4())
    for shop in both:
        body = {"name": "Once"}
        answers = [await shop.send("POST", PATH, body, Idempotency_Key=key) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert await names(shop) == ["Once"]


async def test_each_act_leaves_an_event(both, admin):
    for shop in both:
        location = await create(shop)
        await shop.done("POST", f"{PATH}/{location['id']}", {"name": "South"})
        await shop.done("DELETE", f"{PATH}/{location['id']}")

        resource = f"tenants/{shop.tenant}/stockLocations/{location['id']}"
        events = await arrived(admin, shop.tenant, f"&resource={resource}", 3)
        assert [event["permission"] for event in events] == ["shipping:write"] * 3


async def test_an_order_is_taken_from_the_location_that_has_all_of_it(both):
    for shop in both:
        await shop.has(2)
        other = await create(shop)
        levels = f"{ITEMS}/{shop.item}/location-levels"
        await shop.done("POST", levels, {"location_id": other["id"], "stocked_quantity": 3})

        assert (await shop.complete(await shop.cart(3)))["type"] == "order"
        assert (await shop.complete(await shop.cart(2)))["type"] == "order"

        found = (await shop.done("GET", levels))["inventory_levels"]
        counts = {one["location_id"]: one["reserved_quantity"] for one in found}
        assert counts == {shop.location: 2, other["id"]: 3}


SET = {"name": "Parcels", "type": "shipping"}


async def test_a_fulfillment_set_hands_over_from_a_location_of_its_own_tenant(both):
    made = []
    for shop in both:
        fields = "?fields=name,*fulfillment_sets,*sales_channels,*fulfillment_providers"
        path = f"{PATH}/{shop.location}"
        answer = await shop.done("POST", f"{path}/fulfillment-sets{fields}", SET)
        location = answer["stock_location"]

        [one] = location["fulfillment_sets"]
        assert (one["name"], one["type"]) == ("Parcels", "shipping")
        assert [channel["id"] for channel in location["sales_channels"]] == [f"sc_{shop.tenant}"]
        providers = [{"id": "manual_manual", "is_enabled": True}]
        assert location["fulfillment_providers"] == providers
        stored = await shop.done("GET", f"/admin/fulfillment-sets/{one['id']}")
        assert stored["fulfillment_set"]["location"] == {"id": shop.location}
        refused(await shop.send("DELETE", path), 400, "STOCK_LOCATION_IN_USE")
        listed = (await shop.done("GET", f"{PATH}{fields}"))["stock_locations"]
        assert listed == [location]
        assert "fulfillment_sets" not in (await shop.done("GET", path))["stock_location"]
        made.append(one["id"])

    for shop, own, other in zip(both, made, reversed(both), strict=True):
        elsewhere = f"{PATH}/{other.location}/fulfillment-sets"
        refused(
            await shop.send("POST", elsewhere, {**SET, "name": "More"}),
            404,
            "STOCK_LOCATION_NOT_FOUND",
        )
        sets = (await shop.done("GET", "/admin/fulfillment-sets"))["fulfillment_sets"]
        assert [one["id"] for one in sets] == [own]
        await shop.done("DELETE", f"/admin/fulfillment-sets/{own}")
        assert await shop.done("DELETE", f"{PATH}/{shop.location}")


async def test_each_location_has_the_channel_and_the_provider_of_its_tenant_for_good(both):
    for shop, other in zip(both, reversed(both), strict=True):
        path, own = f"{PATH}/{shop.location}", f"sc_{shop.tenant}"
        for link, known in (("sales-channels", own), ("fulfillment-providers", "manual_manual")):
            answer = await shop.done("POST", f"{path}/{link}", {"add": [known]})
            assert answer["stock_location"]["id"] == shop.location
            removed = await shop.send("POST", f"{path}/{link}", {"remove": [known]})
            refused(removed, 400, "LOCATION_BOUND")
            nowhere = f"{PATH}/{other.location}/{link}"
            refused(await shop.send("POST", nowhere, {}), 404, "STOCK_LOCATION_NOT_FOUND")

        answer = await shop.send("POST", f"{path}/sales-channels", {"add": [f"sc_{other.tenant}"]})
        refused(answer, 404, "TENANT_NOT_FOUND")
        answer = await shop.send("POST", f"{path}/fulfillment-providers", {"add": ["fp_post"]})
        refused(answer, 400, "FIELD_INVALID")
        assert await names(shop, f"?sales_channel_id={own}") == ["Main location"]
        assert await names(shop, f"?sales_channel_id=sc_{other.tenant}") == []


async def test_a_location_is_not_deleted_under_a_level_that_is_being_added(both):
    for shop in both:
        location = await create(shop)
        body = {"location_id": location["id"], "stocked_quantity": 1}
        answers = await asyncio.gather(
            shop.send("POST", f"{ITEMS}/{shop.item}/location-levels", body),
            shop.send("DELETE", f"{PATH}/{location['id']}"),
        )

        outcomes = [answer.status_code for answer in answers]
        assert outcomes in ([200, 400], [404, 200])


async def test_the_last_unit_at_one_of_two_locations_goes_to_one_of_two_buyers(both):
    for shop in both:
        await shop.has(1)
        other = await create(shop)
        levels = f"{ITEMS}/{shop.item}/location-levels"
        await shop.done("POST", levels, {"location_id": other["id"], "stocked_quantity": 0})
        carts = [await shop.cart(1) for _ in range(2)]

        answers = await asyncio.gather(*(shop.complete(cart) for cart in carts))

        assert sorted(answer["type"] for answer in answers) == ["cart", "order"]
        [refusal] = [answer["error"]["name"] for answer in answers if answer["type"] == "cart"]
        assert refusal == "INSUFFICIENT_INVENTORY"
        assert await shop.counts() == (1, 1)


async def test_a_variant_sold_without_stock_is_owed_once_the_last_unit_is_gone(make_shops, enter):
    for shop in await make_shops(allow_backorder=True):
        _, shop.staff = await enter(("TenantAdmin", shop.tenant))
        await shop.has(0)
        other = await create(shop)
        levels = f"{ITEMS}/{shop.item}/location-levels"
        await shop.done("POST", levels, {"location_id": other["id"], "stocked_quantity": 1})
        carts = [await shop.cart(1) for _ in range(2)]

        answers = await asyncio.gather(*(shop.complete(cart) for cart in carts))

        assert [answer["type"] for answer in answers] == ["order", "order"]
        found = (await shop.done("GET", levels))["inventory_levels"]
        reserved = {one["location_id"]: one["reserved_quantity"] for one in found}
        assert sum(reserved.values()) == 2
        assert reserved[other["id"]] >= 1
