"""Roles that Souk ships, and those that a tenant makes within its ceiling."""

from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.tenant_registry.v1 import assignment_service_pb2 as assignment_pb
from souk.tenant_registry.v1 import role_service_pb2 as pb

from tests.tenant_registry.acting import refusal, stub_of


@pytest.fixture
def make_role(scoped_stub):
    async def make(by, tenant, *permissions, name="Listings"):
        role = pb.Role(display_name=name, permissions=permissions)
        request = pb.CreateRoleRequest(parent=f"tenants/{tenant}", role=role)
        return await stub_of(scoped_stub, "roles", by, tenant).CreateRole(request)

    return make


@pytest.fixture
def give(scoped_stub):
    async def act(by, admin, role, tenant):
        assignment = assignment_pb.Assignment(admin=f"admins/{admin}", role=role, reason="a test")
        parent = f"tenants/{tenant}" if tenant else ""
        stub = stub_of(scoped_stub, "assignments", by, tenant)
        return await stub.CreateAssignment(
            assignment_pb.CreateAssignmentRequest(parent=parent, assignment=assignment)
        )

    return act


@pytest.fixture
def change(scoped_stub):
    async def act(by, role, *permissions, dry=False):
        tenant = role.name.split("/")[1]
        request = pb.UpdateRoleRequest(
            role=pb.Role(name=role.name, permissions=permissions),
            update_mask=FieldMask(paths=["permissions"]),
            validate_only=dry,
        )
        return await stub_of(scoped_stub, "roles", by, tenant).UpdateRole(request)

    return act


@pytest.fixture
def held_by(resolved):
    async def ask(admin, tenant):
        return set((await resolved(admin, tenant)).permissions)

    return ask


async def test_the_shipped_roles_show_their_six_policies_and_each_tenants_own_come_after(
    new_tenant, employ, make_role, scoped_stub
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    made = await make_role(await employ("TenantAdmin", paris), paris, "listing:read")

    async def listed(tenant):
        parent = f"tenants/{tenant}" if tenant else ""
        stub = stub_of(scoped_stub, "roles", "user_1", tenant)
        return (await stub.ListRoles(pb.ListRolesRequest(parent=parent))).roles

    shipped = await listed(None)
    assert {role.name for role in shipped} == {
        f"roles/{name}" for name in ("GlobalAdmin", "TenantAdmin", "CatalogMgr", "OrderOps")
    }
    assert sum(len(role.policies) for role in shipped) == 6
    assert list(await listed(paris)) == [*shipped, made]
    assert list(await listed(lyon)) == list(shipped)


async def test_a_tenants_own_role_gives_what_it_says_and_changes_with_it(
    new_tenant, employ, new_member, make_role, give, held_by, scoped_stub
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    role = await make_role(boss, paris, "listing:read", "listing:write")
    await give(boss, hand, role.name, paris)
    assert await held_by(hand, paris) == {"listing:read", "listing:write"}

    changed = await stub_of(scoped_stub, "roles", boss, paris).UpdateRole(
        pb.UpdateRoleRequest(
            role=pb.Role(name=role.name, etag=role.etag, permissions=["domain:read"]),
            update_mask=FieldMask(paths=["permissions"]),
        )
    )

    assert await held_by(hand, paris) == {"domain:read"}
    assert await held_by(hand, lyon) == set()
    assert changed.etag != role.etag


async def test_a_tenants_role_holds_no_more_than_a_tenant_admin(new_tenant, employ, make_role):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    above = await employ("GlobalAdmin", None)

    for permission in ("product:write", "tenant:manage", "accessgrant:write", "event:erase"):
        assert await refusal(make_role(above, paris, permission)) == "ROLE_EXCEEDS"
    assert await refusal(make_role(above, lyon, "listing:reed")) == "ROLE_INVALID"
    assert await refusal(make_role(above, lyon, "listing:*")) == "ROLE_INVALID"
    assert await refusal(make_role(above, lyon)) == "ROLE_INVALID"


async def test_nobody_makes_or_changes_a_role_beyond_what_they_hold_for_good(
    new_tenant, employ, assign, make_role, scoped_stub
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss = await employ("TenantAdmin", paris)
    ops = await employ("OrderOps", paris)
    for_now = await employ("TenantAdmin", paris, ends=timedelta(hours=1))
    role = await make_role(boss, paris, "listing:read", "domain:write")

    assert await refusal(make_role(ops, paris, "domain:write")) == "GRANT_EXCEEDS"
    assert await refusal(make_role(for_now, paris, "domain:write")) == "GRANT_EXCEEDS"
    assert await refusal(make_role(boss, lyon, "listing:read")) == "GRANT_EXCEEDS"
    change = pb.UpdateRoleRequest(
        role=pb.Role(name=role.name, permissions=["listing:read"]),
        update_mask=FieldMask(paths=["permissions"]),
    )
    stub = stub_of(scoped_stub, "roles", ops, paris)
    assert await refusal(stub.UpdateRole(change)) == "GRANT_OVER_MORE"


async def test_nobody_adds_to_a_role_of_their_own(
    new_tenant, employ, new_member, make_role, give, held_by, change
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, other = await employ("TenantAdmin", paris), await employ("TenantAdmin", paris)
    hand, _ = await new_member(paris), await employ("TenantAdmin", lyon)
    role = await make_role(boss, paris, "listing:read", "role:read")
    await give(other, boss, role.name, paris)
    await give(boss, hand, role.name, paris)

    more = change(boss, role, "listing:read", "role:read", "domain:read")
    assert await refusal(more) == "GRANT_TO_SELF"
    await change(boss, role, "listing:read")
    assert await held_by(hand, paris) == {"listing:read"}
    await change(other, role, "listing:read", "domain:read")
    assert await held_by(hand, paris) == {"domain:read", "listing:read"}


async def test_of_a_role_that_a_higher_admin_holds_only_the_name_may_be_changed(
    new_tenant, employ, make_role, give, held_by, change, scoped_stub
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, above = await employ("TenantAdmin", paris), await employ("GlobalAdmin", None)
    higher = await employ("GlobalAdmin", None)
    await employ("TenantAdmin", lyon)
    role = await make_role(boss, paris, "listing:read")
    await give(above, higher, role.name, paris)

    assert await refusal(change(boss, role, "domain:read")) == "GRANT_OVER_MORE"
    named = pb.UpdateRoleRequest(
        role=pb.Role(name=role.name, display_name="Another"),
        update_mask=FieldMask(paths=["display_name"]),
    )
    changed = await stub_of(scoped_stub, "roles", boss, paris).UpdateRole(named)
    assert (changed.display_name, list(changed.permissions)) == ("Another", ["listing:read"])
    assert list((await change(above, role, "domain:read")).permissions) == ["domain:read"]


async def test_validate_only_tells_the_effects_of_changing_a_role(
    new_tenant, employ, new_member, make_role, give, held_by, change, events_of
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss = await employ("TenantAdmin", paris)
    hand, also = await new_member(paris), await employ("OrderOps", paris)
    await employ("OrderOps", lyon)
    role = await make_role(boss, paris, "listing:read", "domain:read")
    for one in (hand, also):
        await give(boss, one, role.name, paris)

    preview = await change(boss, role, "domain:read", "product:read", dry=True)

    at = {"place": f"tenants/{paris}"}
    assert list(preview.effects) == [
        assignment_pb.Effect(
            admin=f"admins/{hand}", gained=["product:read"], lost=["listing:read"], **at
        )
    ], "the other one keeps both by their other role"
    assert (list(preview.permissions), preview.etag) == (["domain:read", "product:read"], role.etag)
    assert await held_by(hand, paris) == {"domain:read", "listing:read"}
    assert (await change(boss, role, "domain:read", "product:read")).effects == preview.effects
    assert await held_by(hand, paris) == {"domain:read", "product:read"}
    assert len(await events_of(paris, number=2, resource=role.name)) == 2


async def test_a_role_of_one_tenant_is_not_given_at_another(
    new_tenant, employ, new_member, make_role, give, scoped_stub
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    above = await employ("GlobalAdmin", None)
    role = await make_role(boss, paris, "listing:read")
    by_id = f"roles/{role.name.rpartition('/')[2]}"

    assert await refusal(give(above, hand, by_id, lyon)) == "ROLE_NOT_FOUND"
    assert await refusal(give(above, hand, by_id, None)) == "ROLE_NOT_FOUND"
    stub = stub_of(scoped_stub, "roles", above, lyon)
    name = f"tenants/{lyon}/{by_id}"
    assert await refusal(stub.GetRole(pb.GetRoleRequest(name=name))) == "ROLE_NOT_FOUND"
    assert await refusal(stub.DeleteRole(pb.DeleteRoleRequest(name=name))) == "ROLE_NOT_FOUND"


async def test_a_role_goes_only_while_nobody_ever_held_it(
    new_tenant, employ, new_member, make_role, give, scoped_stub
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    used, unused = [await make_role(boss, paris, "listing:read") for _ in range(2)]
    await give(boss, hand, used.name, paris)
    stub = stub_of(scoped_stub, "roles", boss, paris)

    assert await refusal(stub.DeleteRole(pb.DeleteRoleRequest(name=used.name))) == "ROLE_IN_USE"
    await stub.DeleteRole(pb.DeleteRoleRequest(name=unused.name))
    assert await refusal(stub.GetRole(pb.GetRoleRequest(name=unused.name))) == "ROLE_NOT_FOUND"
    shipped = pb.DeleteRoleRequest(name=f"tenants/{paris}/roles/OrderOps")
    assert await refusal(stub.DeleteRole(shipped)) == "ROLE_NOT_FOUND"
    assert lyon
