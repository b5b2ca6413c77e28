"""Tenants over HTTP: created, updated, suspended, archived and restored."""

import asyncio
import uuid

import pytest

from tests.gateway.admin.answers import one, page, pages, refused

FRESH = {
    "display_name": "Nice",
    "country_code": "fr",
    "currency_code": "eur",
    "default_locale": "fr",
}


async def test_the_seeded_tenants_are_listed_by_id(admin):
    found = await pages(admin, "/admin/tenants", "tenants")

    states = {tenant["id"]: tenant["state"] for tenant in found}
    assert (states["hq"], states["paris"], states["lyon"]) == ("active", "active", "suspended")
    assert [tenant["id"] for tenant in found] == sorted(states)


async def test_a_page_begins_where_it_is_told_to(admin):
    everything = await pages(admin, "/admin/tenants", "tenants")

    second = page(await admin.get("/admin/tenants?limit=1&offset=1"), "tenants")

    assert second == everything[1:2]


async def test_a_tenant_is_created_provisioning_and_answered_whole(admin, unique):
    settings = {"theme": {"dark": True, "columns": 3, "ratio": 1.5, "name": "é"}}
    body = {**FRESH, "id": unique, "settings": settings, "supported_locales": ["fr", "en"]}

    answer = await admin.post("/admin/tenants", json=body)

    made = one(answer, "tenant")
    assert body.items() <= made.items()
    assert made["state"] == "provisioning"
    assert (made["time_zone"], made["deleted_at"]) == ("UTC", None)
    assert answer.headers["etag"] == made["etag"]
    assert one(await admin.get(f"/admin/tenants/{unique}"), "tenant") == made


async def test_an_id_is_used_once(admin, make_tenant):
    made = await make_tenant()

    again = await admin.post("/admin/tenants", json={**FRESH, "id": made["id"]})

    refused(again, 409, "TENANT_EXISTS")


async def test_the_same_key_answers_the_same_and_makes_one_tenant(admin, unique):
    body = {**FRESH, "id": unique}
    key = {"Idempotency-Key": str(uuid.uuid4())}

    first, second = await asyncio.gather(
        *(admin.post("/admin/tenants", json=body, headers=key) for _ in range(2))
    )

    third = await admin.post("/admin/tenants", json=body, headers=key)
    assert one(first, "tenant") == one(second, "tenant") == one(third, "tenant")


@pytest.mark.parametrize("form", ["{}", '"{}"'])
async def test_a_key_that_is_no_uuid_counts_all_the_same(admin, unique, form):
    key = {"Idempotency-Key": form.format(f"order {unique}".replace(" ", "-"))}
    first = await admin.post("/admin/tenants", json={**FRESH, "id": unique}, headers=key)

    again = await admin.post("/admin/tenants", json={**FRESH, "id": unique}, headers=key)
    other = await admin.post("/admin/tenants", json={**FRESH, "id": f"{unique}b"}, headers=key)

    assert one(again, "tenant") == one(first, "tenant")
    refused(other, 400, "REQUEST_ID_REUSED")


async def test_a_change_is_of_the_keys_that_the_body_holds(admin, make_tenant):
    made = await make_tenant(capabilities=["reviews"], time_zone="Europe/Paris")
    neighbour = await make_tenant()

    answer = await admin.patch(
        f"/admin/tenants/{made['id']}", json={"display_name": "Autre", "capabilities": None}
    )

    changed = one(answer, "tenant")
    assert (changed["display_name"], changed["capabilities"]) == ("Autre", [])
    assert changed["time_zone"] == "Europe/Paris"
    assert changed["etag"] != made["etag"]
    assert one(await admin.get(f"/admin/tenants/{neighbour['id']}"), "tenant") == neighbour


async def test_a_stale_etag_changes_nothing(admin, make_tenant):
    made = await make_tenant()
    path, stale = f"/admin/tenants/{made['id']}", {"If-Match": made["etag"]}
    fresh = one(await admin.patch(path, json={"display_name": "B"}, headers=stale), "tenant")

    for answer in (
        await admin.patch(path, json={"display_name": "C"}, headers=stale),
        await admin.post(f"{path}/activate", headers=stale),
        await admin.delete(path, headers=stale),
    ):
        refused(answer, 409, "ETAG_MISMATCH")

    assert one(await admin.get(path), "tenant") == fresh


async def test_a_malformed_etag_is_told(admin, make_tenant):
    path = f"/admin/tenants/{(await make_tenant())['id']}"

    answer = await admin.patch(path, json={"display_name": "B"}, headers={"If-Match": "five"})

    refused(answer, 400, "ETAG_INVALID")


async def test_a_currency_never_changes(admin, make_tenant):
    made = await make_tenant()

    answer = await admin.patch(f"/admin/tenants/{made['id']}", json={"currency_code": "tnd"})

    refused(answer, 400)


async def test_a_tenant_goes_through_its_states(admin, make_tenant):
    path = f"/admin/tenants/{(await make_tenant())['id']}"

    states = [
        one(await admin.post(f"{path}/{act}"), "tenant")["state"]
        for act in ("activate", "activate", "suspend", "suspend", "activate")
    ]

    assert states == ["active", "active", "suspended", "suspended", "active"]


async def _all_ids(admin, **query):
    """Returns the ids of the tenants on all pages of the list."""
    found: set[str] = set()
    while True:
        params = {"limit": 200, "offset": len(found), **query}
        rows = page(await admin.get("/admin/tenants", params=params), "tenants")
        if not rows:
            return found
        found |= {tenant["id"] for tenant in rows}


async def test_an_archived_tenant_is_out_of_the_list_and_comes_back_suspended(admin, make_tenant):
    made = await make_tenant()
    path = f"/admin/tenants/{made['id']}"

    gone = await admin.delete(path)

    assert gone.json() == {"id": made["id"], "object": "tenant", "deleted": True}
    assert made["id"] not in await _all_ids(admin)
    assert made["id"] in await _all_ids(admin, with_deleted="true")
    assert one(await admin.get(path), "tenant")["deleted_at"]
    refused(await admin.patch(path, json={"display_name": "B"}), 409, "TENANT_ARCHIVED")
    back = one(await admin.post(f"{path}/undelete"), "tenant")
    assert (back["state"], back["deleted_at"]) == ("suspended", None)
    refused(await admin.post(f"{path}/undelete"), 409, "TENANT_NOT_ARCHIVED")


@pytest.mark.parametrize("method", ["suspend", "delete"])
async def test_the_head_office_stays(admin, method):
    answer = await (
        admin.delete("/admin/tenants/hq")
        if method == "delete"
        else admin.post("/admin/tenants/hq/suspend")
    )

    refused(answer, 400, "HEAD_OFFICE_PROTECTED")


@pytest.mark.parametrize(
    "flaw",
    [
        {"id": "Nice"},
        {"id": "x" * 64},
        {"id": ""},
        {"id": "a/b"},
        {"id": "nul\x00"},
        {"display_name": ""},
        {"display_name": "nul\x00"},
        {"display_name": "x" * 101},
        {"display_name": None},
        {"display_name": 5},
        {"country_code": "xx"},
        {"country_code": "france"},
        {"currency_code": "xxx"},
        {"currency_code": "eu"},
        {"currency_code": ["eur"]},
        {"default_locale": "xx-nowhere-at-all-1"},
        {"default_locale": "de", "supported_locales": ["fr"]},
        {"supported_locales": ["fr", "fr"]},
        {"supported_locales": "fr"},
        {"time_zone": "Mars/Olympus"},
        {"capabilities": ["UPPER CASE"]},
        {"settings": []},
        {"settings": {"big": "x" * 20_000}},
        {"settings": {"nul": "a\x00b"}},
        {"state": "active"},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_a_flawed_tenant_is_refused_and_not_made(admin, unique, flaw):
    answer = await admin.post("/admin/tenants", json={**FRESH, "id": unique, **flaw})

    refused(answer, 400)
    refused(await admin.get(f"/admin/tenants/{unique}"), 404, "TENANT_NOT_FOUND")


@pytest.mark.parametrize(
    ("tenant_id", "status"),
    [("nobody", 404), ("a" * 63, 404), ("Paris", 400), ("-", 400), ("%00", 400), ("é", 400)],
)
async def test_an_unknown_tenant_id_is_not_found_and_a_malformed_one_is_a_bad_request(
    admin, tenant_id, status
):
    path = f"/admin/tenants/{tenant_id}"

    refused(await admin.get(path), status)
    refused(await admin.patch(path, json={"display_name": "B"}), status)
    refused(await admin.post(f"{path}/suspend"), status)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "offset=-1", "offset=100001", "surprise=1"]
)
async def test_a_flawed_query_is_refused(admin, query):
    refused(await admin.get(f"/admin/tenants?{query}"), 400)
