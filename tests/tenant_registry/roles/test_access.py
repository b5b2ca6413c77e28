"""What ResolveAccess says that an admin may do at a place."""

from datetime import timedelta

import pytest
from souk.tenant_registry.v1 import access_service_pb2 as pb

from services.kernel.call.errors import InvalidArgument, NotFound
from services.tenant_registry.roles.permissions import OPERATING, PERMISSIONS

HOUR = timedelta(hours=1)
AT_TENANT = {
    "GlobalAdmin": PERMISSIONS["TENANT"],
    "TenantAdmin": {
        "access:explain",
        "accessgrant:read",
        "admin:read",
        "role:read",
        "role:write",
        "assignment:read",
        "assignment:write",
        "category:read",
        "collection:read",
        "customer:read",
        "customer:write",
        "domain:read",
        "domain:write",
        "event:read",
        "file:read",
        "file:write",
        "key:read",
        "key:write",
        "listing:read",
        "listing:write",
        "order:read",
        "payment:read",
        "pricelist:read",
        "pricelist:write",
        "product:read",
        "promotion:read",
        "promotion:write",
        "region:read",
        "region:write",
        "shipping:read",
        "shipping:write",
        "stock:read",
        "stock:write",
        "storefront:read",
        "tax:read",
        "tax:write",
        "tenant:read",
        "tenant:write",
    },
    "CatalogMgr": {
        "category:read",
        "category:write",
        "collection:read",
        "collection:write",
        "file:read",
        "file:write",
        "listing:read",
        "listing:write",
        "pricelist:read",
        "pricelist:write",
        "product:read",
        "product:write",
        "region:read",
        "stock:read",
        "stock:write",
        "storefront:read",
        "tenant:read",
    },
    "OrderOps": {
        "customer:read",
        "listing:read",
        "order:read",
        "payment:read",
        "product:read",
        "region:read",
        "stock:read",
        "tenant:read",
    },
}


@pytest.fixture
def access_of(access):
    """Tells what an admin may do at a tenant or, with None, at the platform; and in which roles."""

    async def ask(admin, tenant):
        answer = await access.ResolveAccess(
            pb.ResolveAccessRequest(
                admin=f"admins/{admin}", tenant=f"tenants/{tenant}" if tenant else ""
            )
        )
        return set(answer.permissions), list(answer.roles)

    return ask


async def test_the_first_admin_may_do_everything_at_the_head_office_alone(
    access_of, rows, platform
):
    admin = await rows.fetchval(
        "SELECT admin_id FROM admin WHERE email = $1", platform.settings.admin
    )

    assert await access_of(admin, None) == (PERMISSIONS["PLATFORM"], ["GlobalAdmin"])
    roles = ["GlobalAdmin", "TenantAdmin"]
    assert await access_of(admin, "hq") == (PERMISSIONS["TENANT"], roles)
    for tenant in ("paris", "lyon"):
        held = AT_TENANT["TenantAdmin"] | (PERMISSIONS["TENANT"] & OPERATING)
        assert await access_of(admin, tenant) == (held, roles)


@pytest.mark.parametrize("role", AT_TENANT)
async def test_a_role_at_one_tenant_counts_there_and_nowhere_else(
    new_admin, new_tenant, assign, access_of, role
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    await assign(admin, role, paris)

    assert await access_of(admin, paris) == (AT_TENANT[role], [role])
    assert await access_of(admin, lyon) == (set(), [])
    assert await access_of(admin, None) == (set(), [])


async def test_one_admin_holds_different_roles_in_different_tenants(
    new_admin, new_tenant, assign, access_of
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    await assign(admin, "CatalogMgr", paris)
    await assign(admin, "OrderOps", paris)
    await assign(admin, "OrderOps", lyon)

    permissions, roles = await access_of(admin, paris)

    assert permissions == AT_TENANT["CatalogMgr"] | AT_TENANT["OrderOps"]
    assert roles == ["CatalogMgr", "OrderOps"]
    assert await access_of(admin, lyon) == (AT_TENANT["OrderOps"], ["OrderOps"])


async def test_one_admins_rights_are_not_anothers(new_admin, new_tenant, assign, access_of):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    parisian, lyonnais = (await new_admin())[0], (await new_admin())[0]
    await assign(parisian, "TenantAdmin", paris)
    await assign(lyonnais, "TenantAdmin", lyon)

    assert await access_of(parisian, lyon) == (set(), [])
    assert await access_of(lyonnais, lyon) == (AT_TENANT["TenantAdmin"], ["TenantAdmin"])


@pytest.mark.parametrize(
    "times", [{"begins": HOUR}, {"begins": -2 * HOUR, "ends": -HOUR}], ids=["not yet", "no longer"]
)
async def test_an_assignment_counts_in_its_time_alone(
    new_admin, new_tenant, assign, access_of, times
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    await assign(admin, "TenantAdmin", paris, **times)
    await assign(admin, "TenantAdmin", lyon, ends=HOUR)

    assert await access_of(admin, paris) == (set(), [])
    assert await access_of(admin, lyon) == (AT_TENANT["TenantAdmin"], ["TenantAdmin"])


async def test_a_revoked_assignment_ends_with_the_next_question(
    new_admin, new_tenant, assign, access_of, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin, _ = await new_admin()
    revoked = await assign(admin, "TenantAdmin", paris)
    await assign(admin, "TenantAdmin", lyon)
    before = await access_of(admin, paris)

    await rows.execute(
        "UPDATE assignment SET revoke_time = now() WHERE assignment_id = $1", revoked
    )

    assert before == (AT_TENANT["TenantAdmin"], ["TenantAdmin"])
    assert await access_of(admin, paris) == (set(), [])
    assert await access_of(admin, lyon) == before


async def test_a_deactivated_admin_is_not_found_like_an_unknown_one(new_admin, assign, access_of):
    gone, _ = await new_admin(deactivated=True)
    await assign(gone, "GlobalAdmin", None)

    for admin in (gone, "user_nobody"):
        with pytest.raises(NotFound) as refusal:
            await access_of(admin, "paris")
        assert refusal.value.reason == "ADMIN_NOT_FOUND"


@pytest.mark.parametrize(
    "names",
    [{}, {"admin": "user_1"}, {"admin": "admins/"}, {"admin": "admins/user_1", "tenant": "paris"}],
)
async def test_an_invalid_name_is_refused(access, names):
    with pytest.raises(InvalidArgument) as refusal:
        await access.ResolveAccess(pb.ResolveAccessRequest(**names))

    assert refusal.value.reason == "NAME_INVALID"


async def test_six_policies_over_four_roles_are_there_from_the_beginning(rows):
    policies = await rows.fetch(
        r"SELECT role_id, permissions FROM policy WHERE policy_id NOT LIKE 'pol\_%'"
    )

    assert len(policies) == 6
    assert {policy["role_id"] for policy in policies} == AT_TENANT.keys()
    assert all(":" in pattern for policy in policies for pattern in policy["permissions"])
