"""Regions over HTTP: each tenant's staff set up their own."""

import asyncio
import uuid

import pytest

from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_events import arrived


async def test_a_tenant_without_regions_has_the_one_of_its_settings(both):
    for staff in both:
        id_ = f"reg_{staff.tenant}"
        [region] = await staff.regions()

        assert region == {
            "id": id_,
            "name": "France",
            "currency_code": "eur",
            "automatic_taxes": False,
            "is_tax_inclusive": False,
            "countries": [
                {"iso_2": "fr", "name": "FRANCE", "display_name": "France", "region_id": id_}
            ],
            "payment_providers": [{"id": "pp_system_default", "is_enabled": True}],
            "metadata": None,
            "etag": '"0"',
            "created_at": None,
            "updated_at": None,
            "deleted_at": None,
        }
        assert await staff.done("GET", f"/{id_}") == region


async def test_a_region_is_its_own_tenants_alone(both):
    made = [await staff.create("be", "FR", name=staff.tenant) for staff in both]

    for staff, own, foreign in zip(both, made, reversed(made), strict=True):
        assert await staff.regions() == [own]
        assert await staff.done("GET", f"/{own['id']}") == own
        assert [one["iso_2"] for one in own["countries"]] == ["be", "fr"]
        assert await staff.regions(f"?id={foreign['id']}") == []
        for method in ("GET", "POST", "DELETE"):
            body = {"name": "Taken"} if method == "POST" else None
            answer = await staff.send(method, f"/{foreign['id']}", body)
            refused(answer, 404, "REGION_NOT_FOUND")
    assert [await staff.regions() for staff in both] == [[made[0]], [made[1]]]


async def test_nobody_sets_up_the_regions_of_another_tenant(both):
    paris, lyon = both
    body = {"name": "Mine", "currency_code": "eur"}

    for method, path in (("POST", ""), ("POST", f"/reg_{lyon.tenant}"), ("GET", "")):
        answer = await paris.send(method, path, body, X_Tenant_ID=lyon.tenant)
        refused(answer, 404, "TENANT_NOT_FOUND")
    assert [region["id"] for region in await lyon.regions()] == [f"reg_{lyon.tenant}"]


async def test_a_catalogue_manager_sees_regions_and_changes_none(both, enter):
    for staff in both:
        _, staff.http = await enter(("CatalogMgr", staff.tenant))
        body = {"name": "Europe", "currency_code": "eur"}

        refused(await staff.send("POST", body=body), 403, "PERMISSION_MISSING")
        assert [region["name"] for region in await staff.regions()] == ["France"]


async def test_an_update_stores_the_region_of_the_settings(both):
    changed, other = both
    path = f"/reg_{changed.tenant}"

    unchanged = await changed.done("POST", path, {"name": "France"})
    region = await changed.done("POST", path, {"countries": ["fr", "mc"], "metadata": {"a": 1}})

    assert unchanged["created_at"] is None
    assert (region["etag"], region["name"], region["metadata"]) == ('"1"', "France", {"a": 1})
    assert region["created_at"] == region["updated_at"]
    assert await changed.regions() == [region]
    assert [one["id"] for one in await other.regions()] == [f"reg_{other.tenant}"]
    again = await changed.done("POST", path, {"countries": ["mc", "it"]})
    assert [one["iso_2"] for one in again["countries"]] == ["it", "mc"]
    assert again["created_at"] == region["created_at"]


async def test_the_first_region_replaces_that_of_the_settings_until_it_is_deleted(both):
    changed, other = both
    made = await changed.create()
    default = f"/reg_{changed.tenant}"

    refused(await changed.send("GET", default), 404, "REGION_NOT_FOUND")
    refused(await changed.send("POST", default, {"name": "X"}), 404, "REGION_NOT_FOUND")
    answer = await changed.send("DELETE", f"/{made['id']}")

    assert answer.json() == {"id": made["id"], "object": "region", "deleted": True}
    assert [one["id"] for one in await changed.regions()] == [default[1:]]
    for staff in both:
        answer = await staff.send("DELETE", f"/reg_{staff.tenant}")
        refused(answer, 400, "REGION_OF_SETTINGS")
    assert (await other.regions())[0]["etag"] == '"0"'


async def test_no_country_is_in_two_regions_of_a_tenant(both):
    paris, lyon = both
    first = await paris.create("fr", "be")
    second = await paris.create("de")

    body = {"name": "Third", "currency_code": "eur", "countries": ["it", "be"]}
    refused(await paris.send("POST", body=body), 409, "COUNTRY_TAKEN")
    answer = await paris.send("POST", f"/{second['id']}", {"countries": ["de", "fr"]})
    assert first["id"] in refused(answer, 409, "COUNTRY_TAKEN")["message"]

    assert await paris.regions() == [first, second]
    assert await lyon.create("fr", "be", "de")
    await paris.done("POST", f"/{first['id']}", {"countries": ["fr"]})
    moved = await paris.done("POST", f"/{second['id']}", {"countries": ["be", "de"]})
    assert [one["iso_2"] for one in moved["countries"]] == ["be", "de"]
    assert (await paris.send("DELETE", f"/{first['id']}")).status_code == 200
    await paris.create("fr")


async def test_of_regions_with_one_country_made_at_once_one_is_made(both):
    body = {"name": "At once", "currency_code": "eur", "countries": ["fr"]}

    for staff in both:
        answers = await asyncio.gather(*(staff.send("POST", body=body) for _ in range(8)))

        made = [answer for answer in answers if answer.status_code == 200]
        assert len(made) == len(await staff.regions()) == 1
        # Each has waited and is told why, not just that somebody else was at it.
        for answer in answers:
            if answer not in made:
                refused(answer, 409, "COUNTRY_TAKEN")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"name": " "}, 400, "FIELD_INVALID"),
        ({"name": "a\tb"}, 400, "FIELD_INVALID"),
        ({"name": "x" * 201}, 400, "FIELD_INVALID"),
        ({"countries": ["fr", "zz"]}, 400, "FIELD_INVALID"),
        ({"countries": [""]}, 400, "FIELD_INVALID"),
        ({"countries": ["france"]}, 400, "FIELD_INVALID"),
        ({"currency_code": "xxx"}, 400, "CURRENCY_UNKNOWN"),
        ({"currency_code": ""}, 400, "CURRENCY_UNKNOWN"),
        ({"payment_providers": ["pp_nothing"]}, 404, "PAYMENT_PROVIDER_NOT_FOUND"),
    ],
)
async def test_a_region_that_cannot_be_is_refused(both, change, status, code):
    for staff in both:
        body = {"name": "Europe", "currency_code": "eur", **change}

        refused(await staff.send("POST", body=body), status, code)
        refused(await staff.send("POST", f"/reg_{staff.tenant}", change), status, code)
        assert [region["etag"] for region in await staff.regions()] == ['"0"']


async def test_a_tenant_has_at_most_fifty_regions(both):
    full, other = both
    for number in range(50):
        await full.create(name=f"Region {number}")

    body = {"name": "One more", "currency_code": "eur"}
    refused(await full.send("POST", body=body), 400, "REGIONS_FULL")

    assert len(await full.regions("?limit=100")) == 50
    assert await other.create(name="Room here")


async def test_regions_are_filtered_sorted_and_paged(both):
    for staff in both:
        made = [await staff.create(name=name) for name in ("Nord", "Alpes", "Îles du Nord")]
        ids = [region["id"] for region in made]

        async def found(query, staff=staff):
            return [region["name"] for region in await staff.regions(query)]

        assert await found("") == ["Nord", "Alpes", "Îles du Nord"]
        assert await found("?order=-name&limit=2") == ["Îles du Nord", "Nord"]
        assert await found("?offset=2") == ["Îles du Nord"]
        assert await found("?q=NORD") == ["Nord", "Îles du Nord"]
        assert await found("?name=Nord") == ["Nord"]
        assert await found(f"?id={ids[1]},{ids[2]}") == ["Alpes", "Îles du Nord"]
        assert await found("?currency_code=usd") == []
        assert await found("?currency_code=EUR&order=updated_at") == [one["name"] for one in made]


async def test_a_stale_version_is_neither_changed_nor_deleted(both):
    for staff in both:
        region = await staff.create()
        path = f"/{region['id']}"
        await staff.done("POST", path, {"name": "Newer"})

        for method, body in (("POST", {"name": "Older"}), ("DELETE", None)):
            answer = await staff.send(method, path, body, If_Match=region["etag"])
            refused(answer, 409, "ETAG_MISMATCH")
        assert [one["name"] for one in await staff.regions()] == ["Newer"]


async def test_a_repeated_request_makes_one_region(both):
    key = str(uuid.uuid4())
    for staff in both:
        body = {"name": "Once", "currency_code": "eur"}
        first, again = [await staff.send("POST", body=body, Idempotency_Key=key) for _ in range(2)]

        assert first.json() == again.json()
        assert await staff.regions() == [first.json()["region"]]


async def test_each_act_leaves_an_event_with_what_changed(both, admin):
    for staff in both:
        region = await staff.create("fr", is_tax_inclusive=True)
        await staff.done("POST", f"/{region['id']}", {"countries": ["be"]})
        await staff.send("DELETE", f"/{region['id']}")

        resource = f"tenants/{staff.tenant}/regions/{region['id']}"
        events = await arrived(admin, staff.tenant, f"&resource={resource}", 3)
        assert [event["permission"] for event in events] == ["region:write"] * 3
        assert events[1]["changes"] is not None
        assert "BE" in str(events[1]["changes"])


async def test_shoppers_know_the_first_region_by_the_id_of_the_settings(both, http, admin):
    for staff in both:
        (await admin.post(f"/admin/tenants/{staff.tenant}/activate")).raise_for_status()
        await staff.create("be", "fr")
        id_ = f"reg_{staff.tenant}"
        body = {"region_id": id_, "shipping_address": {"country_code": "be"}}

        answer = await http.post(f"/t/{staff.tenant}/store/carts", json=body)

        assert answer.status_code == 200, answer.text
        cart = answer.json()["cart"]
        assert cart["region_id"] == cart["region"]["id"] == id_
        assert [country["iso_2"] for country in cart["region"]["countries"]] == ["be", "fr"]
