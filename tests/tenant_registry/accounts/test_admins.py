"""Who the admins are, at the platform and as a tenant sees them; and why they may."""

import uuid
from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import admin_service_pb2 as pb

from services.kernel.call.errors import ServiceError
from tests.tenant_registry.acting import stub_of

HOUR = timedelta(hours=1)


@pytest.fixture
def at_platform(scoped_stub):
    return lambda admin: stub_of(scoped_stub, "admins", admin, None)


@pytest.fixture
def explain(scoped_stub):
    async def ask(permission, tenant, admin=""):
        stub = stub_of(scoped_stub, "access", "user_1", tenant)
        request = access_pb.ExplainAccessRequest(
            parent=f"tenants/{tenant}" if tenant else "",
            permission=permission,
            admin=f"admins/{admin}" if admin else "",
        )
        return await stub.ExplainAccess(request)

    return ask


async def refusal(act):
    with pytest.raises(ServiceError) as refused:
        await act
    return refused.value.reason


async def test_an_admin_is_created_found_changed_and_deactivated(employ, at_platform, access):
    stub = at_platform(await employ("GlobalAdmin", None))
    email = f"{await employ('OrderOps', 'paris')}@Lyon.example"
    made = await stub.CreateAdmin(pb.CreateAdminRequest(admin=access_pb.Admin(email=email)))

    found = await stub.ListAdmins(pb.ListAdminsRequest(email=email.upper()))
    assert list(found.admins) == [made]
    changed = await stub.UpdateAdmin(
        pb.UpdateAdminRequest(
            admin=access_pb.Admin(name=made.name, first_name=" Ada "),
            update_mask=FieldMask(paths=["first_name"]),
        )
    )
    assert (changed.first_name, changed.email) == ("Ada", email.lower())
    gone = await stub.DeleteAdmin(pb.DeleteAdminRequest(name=made.name))
    assert gone.HasField("deactivate_time")
    assert await stub.DeleteAdmin(pb.DeleteAdminRequest(name=made.name)) == gone
    resolution = access.ResolveAccess(access_pb.ResolveAccessRequest(admin=made.name))
    assert await refusal(resolution) == "ADMIN_NOT_FOUND"
    assert not (await stub.ListAdmins(pb.ListAdminsRequest(email=email))).admins
    twin = stub.CreateAdmin(pb.CreateAdminRequest(admin=access_pb.Admin(email=email)))
    assert await refusal(twin) == "ADMIN_EXISTS"


async def test_an_address_is_the_same_from_every_keyboard(employ, at_platform, access):
    stub, one = at_platform(await employ("GlobalAdmin", None)), uuid.uuid4().hex
    composed, decomposed = f"zoé.{one}@café.example", f"ZOE\u0301.{one}@cafe\u0301.example"

    made = await stub.CreateAdmin(pb.CreateAdminRequest(admin=access_pb.Admin(email=decomposed)))

    assert made.email == composed
    for email in (composed, decomposed):
        found = await stub.ListAdmins(pb.ListAdminsRequest(email=email))
        assert [admin.name for admin in found.admins] == [made.name]
        twin = stub.CreateAdmin(pb.CreateAdminRequest(admin=access_pb.Admin(email=email)))
        assert await refusal(twin) == "ADMIN_EXISTS"


@pytest.mark.parametrize("email", ["", "nobody", "a b@x.example", "a@b", "İ" * 126 + "@x.example"])
async def test_an_admin_has_an_email(employ, at_platform, email):
    stub = at_platform(await employ("GlobalAdmin", None))

    made = stub.CreateAdmin(pb.CreateAdminRequest(admin=access_pb.Admin(email=email)))
    assert await refusal(made) == "ADMIN_INVALID"


async def test_nobody_changes_or_deactivates_who_holds_more(new_tenant, employ, at_platform):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    above, below = await employ("GlobalAdmin", None), await employ("TenantAdmin", paris)
    other = await employ("TenantAdmin", lyon)

    for target in (above, other):
        name = f"admins/{target}"
        gone = at_platform(below).DeleteAdmin(pb.DeleteAdminRequest(name=name))
        assert await refusal(gone) == "GRANT_OVER_MORE"
        changed = at_platform(below).UpdateAdmin(
            pb.UpdateAdminRequest(admin=access_pb.Admin(name=name, email="taken@over.example"))
        )
        assert await refusal(changed) == "GRANT_OVER_MORE"


async def test_the_email_of_an_admin_with_a_role_cannot_be_changed_by_another_admin(
    new_tenant, employ, new_admin, at_platform, events_of
):
    """Whoever could would have a new password sent to themselves, and be that admin."""
    above = await employ("GlobalAdmin", None)
    for prefix in ("paris", "lyon"):
        tenant = await new_tenant(prefix)
        held, later = (
            await employ("TenantAdmin", tenant),
            await employ("OrderOps", tenant, begins=HOUR),
        )

        for target in (held, later):
            name = f"admins/{target}"
            taken = access_pb.Admin(name=name, email=f"mine-{target}@over.example")
            change = at_platform(above).UpdateAdmin(pb.UpdateAdminRequest(admin=taken))
            assert await refusal(change) == "EMAIL_IS_LOGIN"
            found = await at_platform(above).GetAdmin(pb.GetAdminRequest(name=name))
            assert found.email != taken.email

    free, _ = await new_admin()
    taken = access_pb.Admin(name=f"admins/{free}", email=f"new-{free.lower()}@over.example")
    changed = await at_platform(above).UpdateAdmin(pb.UpdateAdminRequest(admin=taken))
    assert changed.email == taken.email


async def test_the_last_admin_of_a_tenant_is_not_deactivated(new_tenant, employ, at_platform):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    above, only = await employ("GlobalAdmin", None), await employ("TenantAdmin", paris)
    await employ("TenantAdmin", lyon)
    request = pb.DeleteAdminRequest(name=f"admins/{only}")

    assert await refusal(at_platform(above).DeleteAdmin(request)) == "LAST_TENANT_ADMIN"
    await employ("TenantAdmin", paris)
    assert (await at_platform(above).DeleteAdmin(request)).HasField("deactivate_time")


async def test_a_reactivated_admin_has_their_roles_and_must_log_in_again(
    new_tenant, employ, assign, at_platform, access, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    stub, hand = at_platform(await employ("GlobalAdmin", None)), await employ("OrderOps", paris)
    taken = await assign(hand, "OrderOps", lyon)
    await rows.execute(
        "INSERT INTO admin_session (session_id, admin_id, method, address, create_time, use_time,"
        " end_time) VALUES ($1, $2, 'password', '', now(), now(), now() + interval '1 day')",
        f"sess_{hand}",
        hand,
    )
    gone = await stub.DeleteAdmin(pb.DeleteAdminRequest(name=f"admins/{hand}"))
    await rows.execute("UPDATE assignment SET revoke_time = now() WHERE assignment_id = $1", taken)

    back = await stub.ActivateAdmin(pb.ActivateAdminRequest(name=gone.name))

    assert (back.name, back.HasField("deactivate_time")) == (gone.name, False)
    for tenant, roles in ((paris, ["OrderOps"]), (lyon, [])):
        request = access_pb.ResolveAccessRequest(admin=gone.name, tenant=f"tenants/{tenant}")
        answer = await access.ResolveAccess(request)
        assert (list(answer.roles), answer.version) == (roles, 2)
    request = access_pb.ResolveAccessRequest(admin=gone.name, session=f"sess_{hand}")
    assert await refusal(access.ResolveAccess(request)) == "SESSION_ENDED"
    again = await stub.ActivateAdmin(pb.ActivateAdminRequest(name=gone.name))
    assert (again.update_time, list(again.effects)) == (back.update_time, [])


async def test_validate_only_tells_the_effects_of_deactivating_and_activating(
    new_tenant, employ, assign, at_platform, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    stub, hand = at_platform(await employ("GlobalAdmin", None)), await employ("OrderOps", paris)
    await assign(hand, "OrderOps", lyon)
    held = [
        "customer:read",
        "listing:read",
        "order:read",
        "payment:read",
        "product:read",
        "region:read",
        "stock:read",
        "tenant:read",
    ]
    off = pb.DeleteAdminRequest(name=f"admins/{hand}", validate_only=True)
    on = pb.ActivateAdminRequest(name=f"admins/{hand}", validate_only=True)
    places = sorted([f"tenants/{paris}", f"tenants/{lyon}"])

    preview = await stub.DeleteAdmin(off)

    assert [(e.place, list(e.lost), list(e.gained)) for e in preview.effects] == [
        (place, held, []) for place in places
    ]
    assert not (await stub.GetAdmin(pb.GetAdminRequest(name=off.name))).HasField("deactivate_time")
    assert not (await stub.ActivateAdmin(on)).effects
    gone = await stub.DeleteAdmin(pb.DeleteAdminRequest(name=off.name))
    assert gone.effects == preview.effects
    preview = await stub.ActivateAdmin(on)
    assert [(e.place, list(e.gained)) for e in preview.effects] == [
        (place, held) for place in places
    ]
    assert (await stub.GetAdmin(pb.GetAdminRequest(name=off.name))).HasField("deactivate_time")


async def test_validate_only_refuses_what_the_act_would_refuse(
    new_tenant, employ, new_admin, assign, at_platform
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    above, only = await employ("GlobalAdmin", None), await employ("TenantAdmin", paris)
    away, _ = await new_admin(deactivated=True)
    await assign(away, "TenantAdmin", lyon)
    off = pb.DeleteAdminRequest(name=f"admins/{only}", validate_only=True)
    on = pb.ActivateAdminRequest(name=f"admins/{away}", validate_only=True)

    assert await refusal(at_platform(above).DeleteAdmin(off)) == "LAST_TENANT_ADMIN"
    assert await refusal(at_platform(only).ActivateAdmin(on)) == "GRANT_OVER_MORE"


async def test_nobody_activates_who_would_hold_more_or_for_longer(
    new_tenant, employ, new_admin, assign, at_platform
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    below = await employ("TenantAdmin", paris)
    for_an_hour = await employ("GlobalAdmin", None, ends=HOUR)
    for tenant in (paris, lyon):
        hand, _ = await new_admin(deactivated=True)
        await assign(hand, "TenantAdmin", tenant)
        request = pb.ActivateAdminRequest(name=f"admins/{hand}")
        done = at_platform(below).ActivateAdmin
        assert await refusal(at_platform(for_an_hour).ActivateAdmin(request)) == "GRANT_OVER_MORE"
        if tenant == lyon:
            assert await refusal(done(request)) == "GRANT_OVER_MORE"
        else:
            assert not (await done(request)).HasField("deactivate_time")


async def test_nobody_activates_themselves_with_a_scope_that_outlives_them(new_admin, at_platform):
    """A scope is good for a few seconds, so who was deactivated may still come with one."""
    hand, _ = await new_admin(deactivated=True)

    request = pb.ActivateAdminRequest(name=f"admins/{hand}")
    assert await refusal(at_platform(hand).ActivateAdmin(request)) == "GRANT_TO_SELF"


async def test_a_tenant_sees_its_own_admins_and_their_roles_there_alone(
    new_tenant, employ, assign, scoped_stub
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    both, parisian = await employ("OrderOps", paris), await employ("TenantAdmin", paris)
    await assign(both, "TenantAdmin", lyon)
    await employ("GlobalAdmin", None)
    await employ("OrderOps", paris, begins=-2 * HOUR, ends=-HOUR)

    async def seen(tenant):
        stub = stub_of(scoped_stub, "admins", "user_1", tenant)
        answer = await stub.ListTenantAdmins(pb.ListTenantAdminsRequest(parent=f"tenants/{tenant}"))
        assert answer.total_size == len(answer.admins)
        return {one.admin.name: list(one.roles) for one in answer.admins}

    assert await seen(paris) == {
        f"admins/{both}": ["roles/OrderOps"],
        f"admins/{parisian}": ["roles/TenantAdmin"],
    }
    assert await seen(lyon) == {f"admins/{both}": ["roles/TenantAdmin"]}


async def test_an_explanation_gives_each_role_its_verdict(
    new_tenant, employ, assign, rows, explain
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    admin = await employ("GlobalAdmin", None)
    expected = {"GlobalAdmin": "ACCESS_GRANT_NEEDED"}
    revoked = await assign(admin, "TenantAdmin", paris)
    await rows.execute("UPDATE assignment SET revoke_time = now() WHERE assignment_id=$1", revoked)
    await assign(admin, "CatalogMgr", paris, begins=-2 * HOUR, ends=-HOUR)
    await assign(admin, "OrderOps", paris)
    await assign(admin, "TenantAdmin", lyon)
    expected |= {"TenantAdmin": "REVOKED", "CatalogMgr": "EXPIRED", "OrderOps": "LACKS_PERMISSION"}

    (explanation,) = (await explain("listing:write", paris, admin)).explanations
    verdicts = {one.role.removeprefix("roles/"): one.verdict for one in explanation.reasons}
    assert (explanation.allowed, verdicts) == (False, expected)
    assert lyon not in str(explanation)
    (explanation,) = (await explain("tenant:list", None, admin)).explanations
    assert explanation.allowed
    assert {one.verdict for one in explanation.reasons} == {
        "COUNTS",
        "ELSEWHERE",
        "REVOKED",
        "EXPIRED",
    }
    await rows.execute("UPDATE admin SET deactivate_time = now() WHERE admin_id = $1", admin)
    (explanation,) = (await explain("tenant:read", paris, admin)).explanations
    assert (explanation.allowed, {one.verdict for one in explanation.reasons}) == (
        False,
        {"ADMIN_DEACTIVATED"},
    )


async def test_without_an_admin_an_explanation_names_everybody_who_may(new_tenant, employ, explain):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, ops = await employ("TenantAdmin", paris), await employ("OrderOps", paris)
    other = await employ("TenantAdmin", lyon)

    async def who(permission, tenant):
        found = (await explain(permission, tenant)).explanations
        assert all(one.allowed for one in found)
        return {one.admin.name.removeprefix("admins/") for one in found} & {boss, ops, other}

    assert await who("domain:write", paris) == {boss}
    assert await who("listing:read", paris) == {boss, ops}
    assert await who("listing:read", lyon) == {other}


async def test_an_admin_of_another_tenant_is_not_found_like_an_unknown_one(
    new_tenant, employ, explain
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    other = await employ("TenantAdmin", lyon)

    assert await refusal(explain("tenant:read", paris, other)) == "ADMIN_NOT_FOUND"
    assert await refusal(explain("tenant:read", paris, "user_nobody")) == "ADMIN_NOT_FOUND"
    assert await refusal(explain("tenant:rule", paris, other)) == "PERMISSION_UNKNOWN"
