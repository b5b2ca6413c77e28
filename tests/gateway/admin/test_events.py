"""Audit events over HTTP: pages, filters and single events of one tenant."""

import asyncio
import time

import pytest

from tests.gateway.admin.answers import one, refused

SECONDS_TO_ARRIVE = 10


async def events(admin, tenant, query=""):
    """Reads every page of a tenant's events, the newest first."""
    found, token = [], ""
    while token is not None:
        answer = await admin.get(
            f"/admin/tenants/{tenant}/audit-events?limit=200{query}&page_token={token}"
        )
        assert answer.status_code == 200, answer.text
        found += answer.json()["audit_events"]
        token = answer.json()["next_page_token"]
    return found


async def arrived(admin, tenant, query, number):
    """Waits until that many events have come from their service to the audit."""
    end = time.monotonic() + SECONDS_TO_ARRIVE
    while len(found := await events(admin, tenant, query)) < number and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return found


async def test_every_write_leaves_one_event_at_its_own_tenant(admin, make_product):
    made = await make_product()
    answer = await admin.post("/admin/tenants/paris/products", json={"product_id": made["id"]})
    await admin.patch(f"/admin/tenants/paris/products/{made['id']}", json={"state": "hidden"})
    await admin.delete(f"/admin/tenants/paris/products/{made['id']}")
    resource = f"&resource=tenants/paris/listings/{made['id']}"

    found = await arrived(admin, "paris", resource, 3)

    assert [event["method"].rpartition("/")[2] for event in found] == [
        "DeleteListing",
        "UpdateListing",
        "CreateListing",
    ]
    assert {event["tenant_id"] for event in found} == {"paris"}
    assert {event["outcome"] for event in found} == {"done"}
    state = next(change for change in found[1]["changes"] if change["field"] == "state")
    assert (state["before"], state["after"]) != (None, None)
    assert found[2]["request_id"] == answer.headers["x-request-id"]
    assert await events(admin, "lyon", resource) == []
    assert found[0]["actor"].startswith("admins/")


async def test_events_are_found_by_time_and_outcome(admin, make_tenant):
    made = await make_tenant()
    resource = f"&resource=tenants/{made['id']}"
    (event,) = await arrived(admin, made["id"], resource, 1)
    moment = event["occurred_at"]

    for query, number in (
        (f"&since={moment}", 1),
        (f"&until={moment}", 0),
        (f"&since={moment}&outcome=done", 1),
        ("&outcome=denied", 0),
    ):
        assert len(await events(admin, made["id"], resource + query)) == number, query


@pytest.mark.parametrize(
    "query",
    [
        "outcome=x",
        "since=yesterday",
        "until=2026-01-01T00:00:00",
        "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-12:00",
    ],
)
async def test_a_filter_that_is_not_sound_is_refused(admin, query):
    answer = await admin.get(f"/admin/tenants/paris/audit-events?{query}")

    assert answer.status_code == 400


async def test_one_event_is_read_at_its_own_tenant_alone(admin, make_tenant):
    mine, other = await make_tenant(), await make_tenant()
    (event,) = await arrived(admin, mine["id"], f"&resource=tenants/{mine['id']}", 1)

    read = await admin.get(f"/admin/tenants/{mine['id']}/audit-events/{event['id']}")

    assert one(read, "audit_event") == event
    for tenant in (other["id"], "paris"):
        answer = await admin.get(f"/admin/tenants/{tenant}/audit-events/{event['id']}")
        refused(answer, 404, "EVENT_NOT_FOUND")


async def test_events_are_found_by_actor_and_method(admin, make_tenant):
    mine, _ = await make_tenant(), await make_tenant()
    await admin.post(f"/admin/tenants/{mine['id']}/activate")
    method = "&method=souk.tenant_registry.v1.TenantRegistryService/ActivateTenant"
    (activated,) = await arrived(admin, mine["id"], method, 1)

    assert activated["resource"] == f"tenants/{mine['id']}"
    both = f"&actor={activated['actor']}&resource=tenants/{mine['id']}"
    assert len(await events(admin, mine["id"], both)) == 2
    assert await events(admin, mine["id"], "&actor=admins/somebody") == []


async def test_an_event_tells_what_its_actors_client_called_itself(admin, make_tenant):
    for tenant in ((await make_tenant())["id"], (await make_tenant())["id"]):
        path, agent = f"/admin/tenants/{tenant}", f"erp-of-{tenant}/1.0 "
        sent = {"user-agent": agent + "x" * 300}
        (await admin.post(f"{path}/activate", headers=sent)).raise_for_status()

        event = (await arrived(admin, tenant, f"&resource=tenants/{tenant}", 2))[0]

        assert event["user_agent"] == sent["user-agent"][:256]
        receipt = f"{path}/audit-events/{event['id']}/receipt"
        while (await admin.get(receipt)).status_code == 409:  # it has no place yet
            await asyncio.sleep(0.05)
        exported = await admin.get(f"{path}/audit-events/export?format=cloudevents")
        assert event["user_agent"] in exported.text


async def test_a_page_token_is_good_at_its_own_tenant_alone(admin):
    first = await admin.get("/admin/tenants/paris/audit-events?limit=1")
    token = first.json()["next_page_token"]

    following = await admin.get(f"/admin/tenants/paris/audit-events?limit=1&page_token={token}")
    foreign = await admin.get(f"/admin/tenants/lyon/audit-events?limit=1&page_token={token}")

    assert following.json()["audit_events"][0]["id"] < first.json()["audit_events"][0]["id"]
    refused(foreign, 400, "PAGE_TOKEN_INVALID")


@pytest.mark.parametrize(
    "query", ["page_token=x", "limit=0", "limit=201", "offset=1", "actor=%00", "resource=%00"]
)
async def test_a_flawed_query_is_refused(admin, query):
    for tenant in ("paris", "lyon"):
        refused(await admin.get(f"/admin/tenants/{tenant}/audit-events?{query}"), 400)
