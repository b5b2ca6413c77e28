"""An admin of one tenant: at home there, and nobody anywhere else."""

import asyncio

import pytest
import pytest_asyncio

from services.kernel.call.names import new_id
from tests.gateway.accounts.test_sessions import bearing, forge
from tests.gateway.raw_http import ask

__all__ = ["forge"]

TENANTS = ("paris", "lyon")


@pytest_asyncio.fixture
async def registry(database):
    return await database("tenant-registry", "platform")


@pytest.fixture
def employ(registry):
    """Makes an admin with one role at one tenant, and gives the admin's id."""

    async def make(role, tenant):
        admin = new_id("user")
        await registry.execute(
            "INSERT INTO admin (admin_id, email, first_name, last_name, password_hash,"
            " create_time, update_time) VALUES ($1, $2, '', '', '!', now(), now())",
            admin,
            f"{admin.lower()}@example.com",
        )
        await registry.execute(
            "INSERT INTO assignment (assignment_id, admin_id, role_id, tenant_id, from_time,"
            " granted_by, reason, create_time)"
            " VALUES ($1, $2, $3, $4, now() - interval '1 hour', 'admins/test', 'test', now())",
            new_id("asgn"),
            admin,
            role,
            tenant,
        )
        await registry.execute(
            "INSERT INTO admin_session (session_id, admin_id, method, address, create_time,"
            " use_time, end_time) VALUES ($1, $2, 'PASSWORD', '', now(), now(),"
            " now() + interval '1 hour')",
            f"sess_{admin}",
            admin,
        )
        return admin

    return make


@pytest.fixture
def act(platform, forge):
    async def ask_as(admin, target, *, method=b"GET"):
        headers = [*bearing(forge(admin, sid=f"sess_{admin}")), ("Content-Length", "0")]
        return await ask(
            platform.url, b"localhost", target=target.encode(), method=method, headers=headers
        )

    return ask_as


@pytest.mark.parametrize(("home", "elsewhere"), [TENANTS, TENANTS[::-1]])
@pytest.mark.parametrize("role", ["TenantAdmin", "CatalogMgr", "OrderOps"])
async def test_another_tenant_answers_as_one_that_does_not_exist(
    employ, act, role, home, elsewhere
):
    admin = await employ(role, home)

    for path in ("", "/products", "/domains", "/audit-events"):
        for method in (b"GET", b"POST", b"PATCH", b"DELETE"):
            foreign = await act(admin, f"/admin/tenants/{elsewhere}{path}", method=method)
            nothing = await act(admin, f"/admin/tenants/nobdy{path}", method=method)
            assert foreign.status == nothing.status
            if foreign.status != 405:
                assert foreign.status == 404
                assert foreign.json["code"] == nothing.json["code"] == "TENANT_NOT_FOUND"
                assert (
                    foreign.body.replace(elsewhere.encode(), b"nobdy")[:120] == (nothing.body[:120])
                )


@pytest.mark.parametrize(("home", "elsewhere"), [TENANTS, TENANTS[::-1]])
async def test_an_admin_is_at_home_in_their_own_tenant(employ, act, home, elsewhere):
    admin = await employ("TenantAdmin", home)

    assert (await act(admin, f"/admin/tenants/{home}")).status == 200
    assert (await act(admin, f"/admin/tenants/{home}/products")).status == 200
    assert (await act(admin, f"/admin/tenants/{elsewhere}/products")).status == 404


@pytest.mark.parametrize("home", TENANTS)
async def test_the_platform_and_the_head_office_are_closed_to_a_tenants_admin(employ, act, home):
    admin = await employ("TenantAdmin", home)

    assert (await act(admin, "/admin/tenants")).status == 403
    assert (await act(admin, "/admin/products")).status == 404
    assert (await act(admin, "/admin/tenants/hq")).status == 404


@pytest.mark.parametrize("home", TENANTS)
async def test_a_withdrawn_role_ends_writes_at_once_and_reads_within_a_second(
    employ, act, registry, home
):
    writer, reader = await employ("TenantAdmin", home), await employ("TenantAdmin", home)
    path = f"/admin/tenants/{home}/products"
    for admin in (reader, writer):
        assert (await act(admin, path)).status == 200

    withdraw = "UPDATE assignment SET revoke_time = now() WHERE admin_id = ANY ($1)"
    await registry.execute(withdraw, [writer, reader])

    refused = await act(writer, f"{path}/prod_x", method=b"DELETE")
    assert refused.json["code"] == "TENANT_NOT_FOUND"
    async with asyncio.timeout(1.5):  # whoever only reads: a write would have asked afresh
        while (await act(reader, path)).status != 404:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("home", TENANTS)
async def test_a_deactivated_admin_is_nobody(employ, act, registry, home):
    admin = await employ("TenantAdmin", home)
    await registry.execute("UPDATE admin SET deactivate_time = now() WHERE admin_id = $1", admin)

    assert (await act(admin, f"/admin/tenants/{home}")).status == 401
