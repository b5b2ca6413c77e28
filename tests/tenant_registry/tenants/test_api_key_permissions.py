"""Who can make a key, and what it may then hold, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.call.errors import InvalidArgument, PermissionDenied
from services.tenant_registry.roles.permissions import OF_SERVICES, PERMISSIONS
from services.tenant_registry.tenants.rules import GRANTABLE
from tests.tenant_registry.keys import HOUR, all_of, create, resolved


async def test_a_key_holds_no_more_than_its_maker_at_that_tenant(
    keys, new_tenant, new_admin, assign
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    await assign(admin, "CatalogMgr", paris)
    await assign(admin, "TenantAdmin", lyon)

    await create(keys(paris, admin), paris, "product:write")
    await create(keys(lyon, admin), lyon, "domain:write")

    for tenant, beyond in ((paris, "domain:write"), (lyon, "product:write")):
        with pytest.raises(PermissionDenied) as refusal:
            await create(keys(tenant, admin), tenant, "listing:read", beyond)
        assert refusal.value.reason == "KEY_EXCEEDS_MAKER"
        assert len(await all_of(keys(tenant), tenant)) == 1


async def test_a_key_gets_no_permission_that_the_scope_lacks(keys, new_tenant, new_admin, assign):
    permissions = "listing:read", "listing:write"
    for tenant in (await new_tenant("paris"), await new_tenant("lyon")):
        admin, _ = await new_admin()
        await assign(admin, "TenantAdmin", tenant)

        less = keys(tenant, admin, permissions={"key:write", "listing:read"})
        with pytest.raises(PermissionDenied) as refusal:
            await create(less, tenant, *permissions)
        assert refusal.value.reason == "KEY_EXCEEDS_MAKER"
        assert await create(keys(tenant, admin), tenant, *permissions)


async def test_a_key_gets_no_permission_from_an_access_grant(
    keys, new_tenant, new_admin, assign, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    await assign(admin, "GlobalAdmin", None)
    for tenant in (paris, lyon):
        await rows.execute(
            "INSERT INTO access_grant VALUES ($1, $2, $3, '', now(), now() + interval '9 min')",
            tenant,
            f"agr_{tenant}",
            admin,
        )

        with pytest.raises(PermissionDenied) as refusal:
            await create(keys(tenant, admin), tenant, "listing:read")
        assert refusal.value.reason == "KEY_EXCEEDS_MAKER"
    assert await create(keys("hq", admin), "hq", "listing:read")


async def test_a_role_that_ended_a_moment_ago_gives_no_key(keys, new_tenant, new_admin, assign):
    paris = await new_tenant("paris")
    admin, _ = await new_admin()
    await assign(admin, "TenantAdmin", paris, ends=-HOUR / 2)

    with pytest.raises(PermissionDenied):
        await create(keys(paris, admin), paris, "listing:read")


async def test_a_key_lasts_no_longer_than_what_its_maker_holds(keys, new_tenant, new_admin, assign):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    await assign(admin, "TenantAdmin", paris, ends=HOUR)
    await assign(admin, "TenantAdmin", lyon)
    now = datetime.now(UTC)

    for longer in ({}, {"expire_time": now + 2 * HOUR}):
        with pytest.raises(PermissionDenied) as refusal:
            await create(keys(paris, admin), paris, "listing:read", **longer)
        assert refusal.value.reason == "KEY_EXCEEDS_MAKER"
        assert refusal.value.metadata == {"permissions": "listing:read"}
    within = await create(
        keys(paris, admin), paris, "listing:read", expire_time=now + HOUR - timedelta(minutes=1)
    )
    for_good = await create(keys(lyon, admin), lyon, "listing:read")

    assert (await resolved(keys, within.secret)).name == within.api_key.name
    assert (await resolved(keys, for_good.secret)).name == for_good.api_key.name


@pytest.mark.parametrize("roles", [("GlobalAdmin", None), ("TenantAdmin", "own")])
async def test_no_key_can_administer_access_whoever_makes_it(
    keys, new_tenant, new_admin, assign, roles
):
    paris = await new_tenant("paris")
    admin, _ = await new_admin()
    await assign(admin, roles[0], paris if roles[1] else None)
    administering = PERMISSIONS["TENANT"] - GRANTABLE
    assert {"key:read", "key:write"} <= administering

    unknown = {"listing:*", "*:*", "", "tenant:create"}
    for permission in administering | OF_SERVICES | unknown:
        with pytest.raises(InvalidArgument) as refusal:
            await create(keys(paris, admin), paris, "listing:read", permission)
        assert refusal.value.reason == "KEY_INVALID"


async def test_a_key_with_all_that_its_maker_may_is_never_without_any_permission(
    keys, new_tenant, new_admin, assign
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    await assign(admin, "TenantAdmin", paris, ends=HOUR)
    await assign(admin, "TenantAdmin", lyon)

    with pytest.raises(PermissionDenied) as refusal:
        await create(keys(paris, admin), paris, has_all=True)
    assert refusal.value.reason == "KEY_EXCEEDS_MAKER"
    assert await all_of(keys(paris, admin), paris) == []
    made = await create(keys(lyon, admin), lyon, has_all=True)
    assert set(made.api_key.permissions) <= GRANTABLE
    assert made.api_key.permissions


async def test_a_machine_makes_no_keys(keys, maker):
    paris, in_paris = await maker()
    made = await create(in_paris, paris, "listing:read")

    with pytest.raises(InvalidArgument):
        await create(keys(paris, actor=made.api_key.name), paris, "listing:read")
