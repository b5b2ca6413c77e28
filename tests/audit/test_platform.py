"""On the running platform: what the services did becomes events, in the right log."""

import asyncio

import pytest

SERVICES = ("tenant-registry", "catalog-opt-in")


async def until_delivered(database) -> None:
    for service in SERVICES:
        registry = await database(service, "superuser")
        async with asyncio.timeout(30):
            while await registry.fetchval("SELECT count(*) FROM audit_leaf"):
                await asyncio.sleep(0.05)


MADE = {
    ("paris", "CreateListing"): "SELECT 'tenants/paris/listings/' || listing_id FROM listing",
    ("hq", "CreateProduct"): "SELECT 'products/' || product_id FROM product",
}


@pytest.mark.parametrize(("tenant", "act"), MADE)
async def test_whatever_a_tenant_made_has_its_event_in_the_tenants_log(database, tenant, act):
    catalogue = await database("catalog-opt-in", "superuser")
    made = await catalogue.fetch(f"{MADE[tenant, act]} WHERE tenant_id = $1", tenant)
    assert len(made) > 10

    await until_delivered(database)

    events = await (await database("audit", "superuser")).fetch(
        "SELECT resource FROM event WHERE tenant_id = $1 AND method LIKE '%/' || $2", tenant, act
    )
    assert {row[0] for row in made} <= {event["resource"] for event in events}


async def test_an_act_shows_in_the_log_of_its_tenant_alone(database, admin):
    act = {"display_name": "Paris, for a test"}
    before = (await admin.get("/admin/tenants/paris")).json()["tenant"]["display_name"]
    changed = await admin.patch("/admin/tenants/paris", json=act)
    await admin.patch("/admin/tenants/paris", json={"display_name": before})
    request_id = changed.raise_for_status().headers["x-request-id"]

    await until_delivered(database)

    events = await (await database("audit", "superuser")).fetch(
        "SELECT tenant_id, method, actor, convert_from(payload, 'UTF8') AS payload FROM event"
        " JOIN event_payload USING (tenant_id, event_id) WHERE resource = 'tenants/paris'"
        " AND convert_from(envelope, 'UTF8')::jsonb ->> 'request_id' = $1",
        request_id,
    )
    assert [event["tenant_id"] for event in events] == ["paris"]
    assert events[0]["method"].endswith("/UpdateTenant")
    assert events[0]["actor"].startswith("admins/")
    assert "Paris, for a test" in events[0]["payload"]
