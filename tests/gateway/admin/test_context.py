"""The tenant context: whose request it is, and what the caller may do there."""

import pytest

from tests.gateway.admin.answers import one, refused


@pytest.mark.parametrize(
    ("headers", "prefix", "tenant", "source"),
    [
        ({}, "", "hq", "fallback"),
        ({"Host": "impactnutrition.com.tn"}, "", "hq", "host"),
        ({"Host": "paris.impactnutrition.com"}, "", "paris", "host"),
        ({"X-Tenant-ID": "paris"}, "", "paris", "header"),
        ({"X-Tenant-ID": "lyon"}, "", "lyon", "header"),
        ({}, "/t/paris", "paris", "prefix"),
    ],
    ids=str,
)
async def test_the_context_tells_the_tenant_and_how_it_was_found(
    admin, headers, prefix, tenant, source
):
    answer = await admin.get(f"{prefix}/admin/tenant-context", headers=headers)

    context = one(answer, "tenant_context")
    assert (context["tenant"]["id"], context["source"]) == (tenant, source)
    assert context["tenant"]["currency_code"] == ("tnd" if tenant == "hq" else "eur")
    assert "listing:write" in context["permissions"]
    assert context["roles"] == ["GlobalAdmin", "TenantAdmin"]


async def test_an_admin_reads_themself(admin, platform):
    user = one(await admin.get("/admin/users/me"), "user")

    assert user["email"] == platform.admin_email
    assert user["id"].startswith("user_")
    context = one(await admin.get("/admin/tenant-context"), "tenant_context")
    assert context["user"] == user


async def test_a_path_that_names_another_tenant_than_the_host_is_refused(admin):
    for tenant, host in (("lyon", "paris"), ("paris", "lyon")):
        headers = {"X-Tenant-ID": host}
        answer = await admin.get(f"/admin/tenants/{tenant}", headers=headers)
        refused(answer, 400, "TENANT_SIGNALS_DISAGREE")


async def test_the_catalogue_is_not_kept_from_a_tenants_host(admin):
    for path in ("/admin/products", "/admin/collections", "/admin/product-categories"):
        answer = await admin.get(path, headers={"X-Tenant-ID": "paris"})
        refused(answer, 400, "TENANT_SIGNALS_DISAGREE")
