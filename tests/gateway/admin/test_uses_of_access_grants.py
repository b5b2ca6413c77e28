"""What who runs the platform does in a tenant that they opened is in that tenant's log."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.gateway.admin.answers import one, refused
from tests.gateway.admin.test_denied_attempts import arrived
from tests.platform import connect

ROUTE, EXPLAIN = "/admin/tenants/{tenant_id}", "/admin/access/explain"
# Lists, one thing, what is streamed, what names the tenant elsewhere, and a write without a change.
ASKED: list[tuple[str, str, str, dict[str, str] | None]] = [
    ("GET", f"{ROUTE}/products", "/admin/tenants/{}/products", None),
    ("GET", ROUTE, "/admin/tenants/{}", None),
    ("GET", f"{ROUTE}/audit-events", "/admin/tenants/{}/audit-events", None),
    ("GET", f"{ROUTE}/audit-events/export", "/admin/tenants/{}/audit-events/export", None),
    ("GET", EXPLAIN, EXPLAIN + "?permission=listing:read&tenant={}", None),
    ("GET", "/admin/tenant-context", "/t/{}/admin/tenant-context", None),
    ("PATCH", ROUTE, "/admin/tenants/{}", {}),
]
IDS = [f"{method} {route}" for method, route, _, _ in ASKED]


@pytest.fixture
def opened(tenants, enter):
    """Two tenants, the boss of each, and somebody who opened both: with the access grants' ids.

    What shall be asked for must be there: a new log can be exported after a moment.
    """

    async def make(path=""):
        paris, lyon = await tenants()
        above, theirs = await enter(("GlobalAdmin", None))
        bosses, grants = {}, {}
        for tenant in (paris, lyon):
            _, bosses[tenant] = await enter(("TenantAdmin", tenant))
            body = {"reason": "a complaint", "minutes": 5}
            made = await theirs.post(f"/admin/tenants/{tenant}/access-grants", json=body)
            grants[tenant] = one(made, "access_grant")["id"]
            if path.endswith("/export"):
                await exportable(bosses[tenant], tenant)
        return paris, lyon, f"admins/{above}", theirs, bosses, grants

    return make


@asynccontextmanager
async def unrecordable(platform):
    """Keeps tenant-registry from leaving any event for a while."""
    registry = await connect(platform, "tenant-registry", "superuser")
    roles = "tenant_registry_app, tenant_registry_platform"
    await registry.execute(f"REVOKE INSERT ON audit_leaf FROM {roles}")
    try:
        yield
    finally:
        await registry.execute(f"GRANT INSERT ON audit_leaf TO {roles}")
        await registry.close()


async def exportable(boss, tenant):
    """Waits for the first checkpoint of a tenant."""
    async with asyncio.timeout(20):
        while (await boss.get(f"/admin/tenants/{tenant}/audit-events/export")).status_code != 200:
            await asyncio.sleep(0.05)


async def uses(boss, tenant, grant, number):
    """Waits for so many uses of an access grant in the log, and tells them, the oldest first."""
    resource = f"tenants/{tenant}/accessGrants/{grant}"
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while sum(event["times"] for event in found) < number:
            seen = await arrived(boss, tenant, f"resource={resource}&limit=100")
            found = [event for event in seen if not event["method"].endswith("CreateAccessGrant")]
            await asyncio.sleep(0.05)
    return found[::-1]


@pytest.mark.parametrize(("method", "route", "path", "body"), ASKED, ids=IDS)
async def test_a_request_by_an_access_grant_is_in_the_tenants_log(
    opened, method, route, path, body
):
    paris, lyon, above, theirs, bosses, grants = await opened(path)

    answer = await theirs.request(method, path.format(paris), json=body)

    assert answer.status_code == 200, answer.text
    assert "x-audit-event" not in answer.headers
    [event] = await uses(bosses[paris], paris, grants[paris], 1)
    assert (event["actor"], event["method"]) == (above, f"{method} {route}")
    assert (event["outcome"], event["reason"], event["times"]) == ("done", "", 1)
    assert event["session"].startswith("sess_")
    assert event["address"] == "127.0.0.1"
    found = await arrived(bosses[lyon], lyon, f"actor={above}")
    assert [event["method"].rpartition("/")[2] for event in found] == ["CreateAccessGrant"]


@pytest.mark.parametrize(("method", "route", "path", "body"), ASKED, ids=IDS)
async def test_access_by_a_grant_is_unavailable_while_its_use_cannot_be_recorded(
    platform, opened, method, route, path, body
):
    paris, lyon, _, theirs, bosses, _ = await opened(path)

    async with unrecordable(platform):
        for tenant in (paris, lyon):
            answer = await theirs.request(method, path.format(tenant), json=body)

            assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
            assert "display_name" not in answer.text
            own = await bosses[tenant].request(method, path.format(tenant), json=body)
            assert own.status_code == 200, own.text
    for tenant in (paris, lyon):
        async with asyncio.timeout(5):
            while (await theirs.get(f"/admin/tenants/{tenant}")).status_code != 200:
                await asyncio.sleep(0.05)


async def test_a_flood_of_reads_by_an_access_grant_is_a_few_events_that_count_it(opened):
    paris, lyon, _, theirs, bosses, grants = await opened()

    await asyncio.gather(*(theirs.get(f"/admin/tenants/{paris}/products") for _ in range(30)))
    await theirs.get(f"/admin/tenants/{lyon}/products")

    found = await uses(bosses[paris], paris, grants[paris], 30)
    assert sum(event["times"] for event in found) == 30
    assert len(found) < 15
    [event] = await uses(bosses[lyon], lyon, grants[lyon], 1)
    assert event["times"] == 1


async def test_reads_of_who_needs_no_access_grant_leave_no_event(opened, enter):
    paris, lyon, above, theirs, bosses, _ = await opened()
    admin, needless = await enter(("GlobalAdmin", None), ("CatalogMgr", lyon))
    for tenant in (paris, lyon):
        assert (await bosses[tenant].get(f"/admin/tenants/{tenant}/products")).status_code == 200
    assert (await theirs.get("/admin/products")).status_code == 200
    assert (await needless.get(f"/admin/tenants/{lyon}/products")).status_code == 200
    # What is left after these, and has arrived, has what they would have left before it.
    for tenant in (paris, lyon):
        await theirs.get(f"/admin/tenants/{tenant}/domains")
        [event, *_] = await arrived(
            bosses[tenant], tenant, "method=GET /admin/tenants/{tenant_id}/domains"
        )
        assert event["actor"] == above
        found = (await bosses[tenant].get(f"/admin/tenants/{tenant}/audit-events")).json()
        assert {
            event["actor"] for event in found["audit_events"] if event["method"].startswith("GET")
        } == {above}
    own = (await theirs.get(f"/admin/tenants/hq/audit-events?actor={above}")).json()["audit_events"]
    assert [event for event in own if event["method"].startswith("GET")] == []
    assert f"admins/{admin}" != above


async def test_a_knock_at_a_tenant_that_is_closed_says_so_in_its_log(tenants, enter):
    paris, lyon = await tenants()
    above, theirs = await enter(("GlobalAdmin", None))
    _, boss = await enter(("TenantAdmin", paris), ("TenantAdmin", lyon))

    refused(await theirs.get(f"/admin/tenants/{paris}/products"), 403, "ACCESS_GRANT_NEEDED")

    [event] = await arrived(boss, paris, f"outcome=denied&actor=admins/{above}")
    assert event["reason"] == "ACCESS_GRANT_NEEDED"
    seen = (await boss.get(f"/admin/tenants/{lyon}/audit-events?actor=admins/{above}")).json()
    assert seen["audit_events"] == []
