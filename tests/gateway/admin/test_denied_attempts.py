"""What is refused to somebody who is known is in the log; what was done names its event."""

import asyncio
import time
import uuid
from urllib.parse import quote

import pytest

from tests.isolation.test_routes import paris_admin  # noqa: F401 - a fixture

SECONDS_TO_ARRIVE = 20


async def arrived(admin, tenant, query):
    end, path = time.monotonic() + SECONDS_TO_ARRIVE, f"/admin/tenants/{tenant}/audit-events"
    while time.monotonic() < end:
        if found := (await admin.get(f"{path}?{query}")).json()["audit_events"]:
            return found
        await asyncio.sleep(0.1)
    return []


async def test_an_attempt_at_another_tenant_is_in_that_tenants_log(admin, http, paris_admin):  # noqa: F811
    me = (await http.get("/admin/users/me", headers=paris_admin)).json()
    answer = await http.get("/admin/tenants/lyon", headers=paris_admin)

    assert answer.status_code == 404
    assert "x-audit-event" not in answer.headers
    tried = quote("GET /admin/tenants/{tenant_id}")
    query = f"outcome=denied&actor=admins/{me['user']['id']}&method={tried}"
    [event] = await arrived(admin, "lyon", query)
    assert (event["resource"], event["reason"]) == ("tenants/lyon", "PERMISSION_MISSING")
    assert event["permission"] == ""


async def test_an_attempt_at_an_unknown_tenant_is_recorded_too(
    admin,
    http,
    paris_admin,  # noqa: F811
):
    nobody = f"n{uuid.uuid4().hex[:12]}"

    answer = await http.get(f"/admin/tenants/{nobody}", headers=paris_admin)

    assert answer.status_code == 404
    assert "x-audit-event" not in answer.headers
    assert await arrived(admin, "hq", f"outcome=denied&resource=tenants/{nobody}")


@pytest.mark.parametrize(("path", "header"), [("paris", "lyon"), ("lyon", "paris")])
async def test_a_path_and_a_header_that_name_two_tenants_are_recorded(
    admin,
    http,
    paris_admin,  # noqa: F811
    path,
    header,
):
    me = (await http.get("/admin/users/me", headers=paris_admin)).json()["user"]["id"]
    headers = paris_admin | {"X-Tenant-ID": header}

    answer = await http.get(f"/admin/tenants/{path}/products", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "TENANT_SIGNALS_DISAGREE")
    tried = quote("GET /admin/tenants/{tenant_id}/products")
    events = await arrived(admin, path, f"outcome=denied&actor=admins/{me}&method={tried}")
    assert {event["reason"] for event in events} == {"TENANT_SIGNALS_DISAGREE"}


async def test_a_refusal_by_a_service_is_recorded(admin, http, paris_admin):  # noqa: F811
    answer = await http.post("/admin/tenants/paris/suspend", headers=paris_admin)

    assert answer.status_code == 403
    suspend = "souk.tenant_registry.v1.TenantRegistryService/SuspendTenant"
    [event, *_] = await arrived(admin, "paris", f"outcome=denied&method={suspend}")
    assert event["permission"] == "tenant:manage"


async def test_an_act_names_its_event_which_has_a_receipt(admin, make_tenant):
    made = await make_tenant()

    changed = await admin.patch(f"/admin/tenants/{made['id']}", json={"display_name": "Renamed"})

    [_, tenant, _, event_id] = changed.headers["x-audit-event"].split("/")
    assert tenant == made["id"]
    path = f"/admin/tenants/{tenant}/audit-events/{event_id}"
    end = time.monotonic() + SECONDS_TO_ARRIVE
    while (answer := await admin.get(f"{path}/receipt")).status_code in (404, 409):
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
    assert answer.json()["receipt"]["event"]["method"].endswith("/UpdateTenant")


@pytest.mark.parametrize("path", ["/admin/tenants/paris", "/store/products"])
async def test_a_read_leaves_no_event(admin, path):
    assert "x-audit-event" not in (await admin.get(path)).headers
