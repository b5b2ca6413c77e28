"""Roles given and taken through the service, by admins who really hold something."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from souk.tenant_registry.v1 import admin_service_pb2 as admins
from souk.tenant_registry.v1 import assignment_service_pb2 as pb

from services.kernel.call.errors import InvalidArgument, NotFound, PermissionDenied, ServiceError
from services.tenant_registry.roles.permissions import PERMISSIONS
from tests.tenant_registry.acting import refusal, stub_of
from tests.tenant_registry.roles.test_assignment_rules import ROLES

HOUR = timedelta(hours=1)


async def test_the_rules_tests_know_the_policies_as_they_are_seeded(rows):
    policies = await rows.fetch("SELECT role_id, reach, permissions FROM policy")
    found: dict[str, dict[str, set[str]]] = {}
    for row in policies:
        if row["role_id"] in ROLES:
            of_role = found.setdefault(row["role_id"], {})
            of_role[row["reach"]] = {*of_role.get(row["reach"], ()), *row["permissions"]}

    assert found == {
        role: {reach: set(patterns) for reach, patterns in reaches.items()}
        for role, reaches in ROLES.items()
    }


async def test_a_role_is_given_counts_is_taken_and_leaves_its_events(
    new_tenant, employ, new_member, give, take, holds, events_of
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    _, before = await holds(hand, paris)

    given = await give(boss, hand, "OrderOps", paris)
    held = await holds(hand, paris)
    taken = await take(boss, given.name, paris)

    assert (given.granted_by, given.reason) == (f"admins/{boss}", "a test")
    assert held == ({"OrderOps"}, before + 1)
    assert await holds(hand, lyon) == (set(), before + 2)
    assert taken.revoked_by == f"admins/{boss}"
    events = await events_of(paris, number=2, resource=given.name)
    assert [event.actor for event in events] == [f"admins/{boss}"] * 2
    assert await events_of(lyon, number=0, resource=given.name) == []


async def test_a_role_is_taken_back_for_a_reason_that_its_tenant_reads(
    new_tenant, employ, new_member, give, take, acting, events_of
):
    for name in ("paris", "lyon"):
        tenant = await new_tenant(name)
        boss, hand = await employ("TenantAdmin", tenant), await new_member(tenant)
        given = await give(boss, hand, "OrderOps", tenant)
        long = take(boss, given.name, tenant, reason="x" * 501)
        assert await refusal(long) == "FIELD_INVALID"

        await take(boss, given.name, tenant, reason=f" they left {name} ")

        stub = acting(boss, tenant)
        revoked = await stub.GetAssignment(pb.GetAssignmentRequest(name=given.name))
        assert (revoked.revoke_reason, revoked.reason) == (f"they left {name}", "a test")
        events = await events_of(tenant, number=2, resource=given.name)
        assert f"they left {name}" in str(events)


async def test_a_role_that_is_held_already_is_not_given_again(
    new_tenant, employ, new_member, assign, give, take
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, other = await employ("TenantAdmin", paris), await employ("TenantAdmin", lyon)
    hand = await new_member(paris)
    await assign(hand, "OrderOps", lyon, begins=HOUR)
    soon = datetime.now(UTC) + HOUR
    first = await give(boss, hand, "OrderOps", paris, until_time=soon)

    for times in ({"until_time": soon}, {"until_time": soon - HOUR / 2}):
        for dry in (False, True):
            again = give(boss, hand, "OrderOps", paris, dry=dry, **times)
            assert await refusal(again) == "ASSIGNMENT_EXISTS"
    await give(boss, hand, "OrderOps", paris)  # without an end it is more
    assert await refusal(give(boss, hand, "OrderOps", paris)) == "ASSIGNMENT_EXISTS"
    await give(other, hand, "OrderOps", lyon)
    last = await give(boss, hand, "TenantAdmin", paris)
    await take(boss, last.name, paris)
    await give(boss, hand, "TenantAdmin", paris)
    assert first.until_time


async def test_a_role_given_twice_at_once_is_assigned_once(
    new_tenant, employ, new_member, give, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, second = await employ("TenantAdmin", paris), await employ("TenantAdmin", paris)
    hand = await new_member(paris)

    outcomes = await asyncio.gather(
        *(give(by, hand, "OrderOps", paris) for by in (boss, second)), return_exceptions=True
    )

    refused = [one.reason for one in outcomes if isinstance(one, ServiceError)]
    assert refused == ["ASSIGNMENT_EXISTS"]
    count = "SELECT count(*) FROM assignment WHERE admin_id = $1"
    assert (await rows.fetchval(count, hand), bool(lyon)) == (2, True)


async def test_a_tenants_admin_gives_nothing_beyond_their_own(
    new_tenant, employ, new_member, assign, give, acting
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)

    for tenant in (lyon, None):
        await assign(hand, "OrderOps", tenant, begins=HOUR)

    assert await refusal(give(boss, hand, "CatalogMgr", paris)) == "GRANT_EXCEEDS"
    assert await refusal(give(boss, hand, "GlobalAdmin", paris)) == "ROLE_IS_GLOBAL"
    assert await refusal(give(boss, hand, "OrderOps", None)) == "GRANT_EXCEEDS"
    assert await refusal(give(boss, hand, "OrderOps", lyon)) == "GRANT_EXCEEDS"
    assert await refusal(give(boss, boss, "OrderOps", paris)) == "GRANT_TO_SELF"
    other = pb.CreateAssignmentRequest(parent=f"tenants/{lyon}")
    assert await refusal(acting(boss, paris).CreateAssignment(other)) == "SCOPE_MISMATCH"


async def test_a_scope_that_says_more_than_its_actor_holds_gives_nothing(
    new_tenant, employ, new_member, give, take
):
    """The permissions in a scope open the method; what may be given is read at that moment."""
    paris = await new_tenant("paris")
    ops, hand = await employ("OrderOps", paris), await new_member(paris)

    assert await refusal(give(ops, hand, "TenantAdmin", paris)) == "GRANT_EXCEEDS"
    assert await refusal(give("user_nobody", hand, "OrderOps", paris)) == "GRANT_EXCEEDS"


async def test_nobody_takes_a_role_from_who_holds_more(new_tenant, employ, assign, give, take):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, above = await employ("TenantAdmin", paris), await employ("GlobalAdmin", None)
    role_of_above = await assign(above, "OrderOps", paris)
    elsewhere = await assign(boss, "OrderOps", lyon)

    assert await refusal(take(boss, role_of_above, paris)) == "GRANT_OVER_MORE"
    assert await refusal(give(boss, above, "OrderOps", paris)) == "GRANT_OVER_MORE"
    assert await refusal(take(boss, elsewhere, paris)) == "ASSIGNMENT_NOT_FOUND"
    assert (await take(above, elsewhere, lyon)).revoked_by == f"admins/{above}"


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    new_tenant, employ, new_member, give, take, holds, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    counted = "SELECT (SELECT count(*) FROM assignment), (SELECT count(*) FROM audit_leaf)"
    before = await rows.fetchrow(counted)

    preview = await give(boss, hand, "OrderOps", paris, dry=True)

    assert await holds(hand, paris) == (set(), 0)
    assert (await rows.fetchrow(counted))[0] == before[0]
    (effect,) = preview.effects
    assert (effect.admin, effect.place) == (f"admins/{hand}", f"tenants/{paris}")
    held = {
        "customer:read",
        "listing:read",
        "order:read",
        "payment:read",
        "product:read",
        "region:read",
        "stock:read",
        "tenant:read",
    }
    assert set(effect.gained) == held
    given = await give(boss, hand, "OrderOps", paris)
    preview = await take(boss, given.name, paris, dry=True)
    assert list(preview.effects[0].lost) == list(effect.gained)
    assert await holds(hand, paris) == ({"OrderOps"}, 1)
    assert (await holds(hand, lyon))[0] == set()


async def test_a_role_given_everywhere_counts_at_the_platform_too(employ, new_admin, give, holds):
    above, (hand, _) = await employ("GlobalAdmin", None), await new_admin()

    created = await give(above, hand, "GlobalAdmin", None)

    assert set(created.effects[0].gained) == PERMISSIONS["PLATFORM"]
    for place in (None, "paris", "lyon"):
        assert (await holds(hand, place))[0] == {"GlobalAdmin"}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"reason": ""}, "reason"),
        ({"from_time": -2 * HOUR}, "from_time"),
        ({"until_time": -HOUR}, "until_time"),
        ({"from_time": 2 * HOUR, "until_time": HOUR}, "until_time"),
    ],
    ids=str,
)
async def test_a_role_is_given_for_a_reason_and_for_a_sound_time(
    employ, new_member, new_tenant, give, fields, wrong
):
    paris = await new_tenant("paris")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    times = {k: datetime.now(UTC) + v for k, v in fields.items() if isinstance(v, timedelta)}

    with pytest.raises(InvalidArgument) as refused:
        await give(boss, hand, "OrderOps", paris, **fields | times)

    assert (refused.value.reason, list(refused.value.violations)) == ("GRANT_INVALID", [wrong])


async def test_a_role_or_admin_that_does_not_exist_is_not_assigned(
    employ, new_tenant, new_admin, new_member, give
):
    paris, (gone, _) = await new_tenant("paris"), await new_admin(deactivated=True)
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)

    for admin in ("user_nobody", gone):
        with pytest.raises(NotFound) as refused:
            await give(boss, admin, "OrderOps", paris)
        assert refused.value.reason == "ADMIN_NOT_FOUND"
    with pytest.raises(NotFound) as refused:
        await give(boss, hand, "Emperor", paris)
    assert refused.value.reason == "ROLE_NOT_FOUND"


async def test_an_id_of_a_stranger_gets_the_same_answer_as_an_unknown_one(
    new_tenant, employ, new_admin, give, scoped_stub, rows
):
    """With a role here, the stranger's name and address would be read by whoever saw the id."""
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, (stranger, email) = await employ("TenantAdmin", paris), await new_admin()
    former = await employ("OrderOps", paris, begins=-2 * HOUR, ends=-HOUR)
    others = await employ("TenantAdmin", lyon), await employ("CatalogMgr", None), former

    for admin in ("user_nobody", stranger, *others):
        for dry in (False, True):
            with pytest.raises(NotFound) as refused:
                await give(boss, admin, "OrderOps", paris, dry=dry)
            name = f"admins/{admin}"
            assert (refused.value.reason, refused.value.message, refused.value.metadata) == (
                "ADMIN_NOT_FOUND", f"No such admin: {name}.", {"admin": name},
            )  # fmt: skip

    stub = stub_of(scoped_stub, "admins", boss, paris)
    listing = await stub.ListTenantAdmins(admins.ListTenantAdminsRequest(parent=f"tenants/{paris}"))
    assert [one.admin.name for one in listing.admins] == [f"admins/{boss}"]
    assert email not in str(listing)


async def test_an_admin_who_may_read_all_admins_gives_a_role_to_a_stranger(
    new_tenant, employ, new_admin, give
):
    above = await employ("GlobalAdmin", None)

    for name in ("paris", "lyon"):
        tenant, (stranger, _) = await new_tenant(name), await new_admin()
        given = await give(above, stranger, "TenantAdmin", tenant)
        assert given.admin == f"admins/{stranger}"


async def test_a_list_shows_one_places_assignments_alone(
    new_tenant, employ, new_member, give, take, acting
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    other = await employ("TenantAdmin", lyon)
    given = await give(boss, hand, "OrderOps", paris)
    await take(boss, given.name, paris)

    async def listed(by, tenant, **options):
        request = pb.ListAssignmentsRequest(parent=f"tenants/{tenant}", **options)
        answer = await acting(by, tenant).ListAssignments(request)
        return [one.admin for one in answer.assignments], answer.total_size

    both = [f"admins/{hand}", f"admins/{boss}"]
    assert await listed(boss, paris) == (both, 2)
    assert await listed(boss, paris, show_ended=True) == ([f"admins/{hand}", *both], 3)
    assert await listed(boss, paris, admin=f"admins/{boss}") == ([f"admins/{boss}"], 1)
    assert await listed(other, lyon) == ([f"admins/{other}"], 1)
    with pytest.raises(PermissionDenied):
        await acting(boss, paris).ListAssignments(
            pb.ListAssignmentsRequest(parent=f"tenants/{lyon}")
        )
