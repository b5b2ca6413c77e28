"""Roles given and taken through the service, by admins who really hold something."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import admin_service_pb2 as admins
from souk.tenant_registry.v1 import assignment_service_pb2 as pb
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as registry_pb
from souk.tenant_registry.v1.assignment_service_pb2_grpc import AssignmentServiceStub
from souk.tenant_registry.v1.tenant_registry_service_pb2_grpc import TenantRegistryServiceStub

from services.kernel.call.errors import InvalidArgument, NotFound, PermissionDenied, ServiceError
from services.tenant_registry.roles.permissions import PERMISSIONS
from tests.tenant_registry.acting import stub_of
from tests.tenant_registry.test_granting import ROLES

HOUR = timedelta(hours=1)
CAMPAIGN = os.environ.get("SOUK_CAMPAIGN") == "access"


@pytest.fixture
def acting(scoped_stub):
    """Makes stubs of an admin who stands somewhere: acting("user_1", "paris")."""

    def make(admin, tenant):
        return scoped_stub(
            AssignmentServiceStub,
            "tenant-registry",
            tenant=tenant,
            actor=f"admins/{admin}",
            permissions={"assignment:read", "assignment:write"},
        )

    return make


@pytest.fixture
def give(acting):
    """Gives a role as an admin; keywords are more of the assignment."""

    async def act(by, admin, role, tenant, *, dry=False, **fields):
        wanted = pb.Assignment(
            admin=f"admins/{admin}", role=f"roles/{role}", **{"reason": "a test"} | fields
        )
        parent = f"tenants/{tenant}" if tenant else ""
        return await acting(by, tenant).CreateAssignment(
            pb.CreateAssignmentRequest(parent=parent, assignment=wanted, validate_only=dry)
        )

    return act


@pytest.fixture
def take(acting):
    async def act(by, assignment, tenant, *, dry=False, reason=""):
        place = f"tenants/{tenant}/" if tenant else ""
        name = f"{place}assignments/{assignment.rpartition('/')[2]}"
        request = pb.DeleteAssignmentRequest(name=name, validate_only=dry, reason=reason)
        return await acting(by, tenant).DeleteAssignment(request)

    return act


@pytest.fixture
def holds(access):
    async def ask(admin, tenant):
        place = f"tenants/{tenant}" if tenant else ""
        request = access_pb.ResolveAccessRequest(admin=f"admins/{admin}", tenant=place)
        answer = await access.ResolveAccess(request)
        return set(answer.roles), answer.version

    return ask


@pytest.fixture
def employ(new_admin, assign):
    """Makes an admin with one role at one tenant or everywhere; tells their id."""

    async def make(role, tenant, **times):
        admin, _ = await new_admin()
        await assign(admin, role, tenant, **times)
        return admin

    return make


async def refusal(act):
    with pytest.raises(ServiceError) as refused:
        await act
    return refused.value.reason


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
        kept = await stub.GetAssignment(pb.GetAssignmentRequest(name=given.name))
        assert (kept.revoke_reason, kept.reason) == (f"they left {name}", "a test")
        events = await events_of(tenant, number=2, resource=given.name)
        assert f"they left {name}" in str(events)


async def test_what_somebody_holds_already_is_not_given_again(
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


async def test_of_two_who_give_the_same_role_at_once_one_does(
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


async def test_the_last_admin_of_a_tenant_stays(new_tenant, employ, new_admin, assign, give, take):
    paris, (first, _) = await new_tenant("paris"), await new_admin()
    only = await assign(first, "TenantAdmin", paris)
    above = await employ("GlobalAdmin", None)
    assert await refusal(take(above, only, paris)) == "LAST_TENANT_ADMIN"
    assert await refusal(take(first, only, paris)) == "LAST_TENANT_ADMIN"

    until = datetime.now(UTC) + HOUR
    second = await employ("OrderOps", paris)
    for_an_hour = await give(above, second, "TenantAdmin", paris, until_time=until)
    assert await refusal(take(above, only, paris)) == "LAST_TENANT_ADMIN"
    await take(above, for_an_hour.name, paris)
    await give(above, second, "TenantAdmin", paris)
    assert (await take(above, only, paris)).revoked_by


@pytest.mark.parametrize("number", range(1000 if CAMPAIGN else 3))
async def test_of_two_who_take_each_others_role_one_remains(
    new_tenant, new_admin, assign, take, rows, number
):
    paris = await new_tenant("paris")
    (one, _), (two, _) = await new_admin(), await new_admin()
    ones, twos = await assign(one, "TenantAdmin", paris), await assign(two, "TenantAdmin", paris)

    outcomes = await asyncio.gather(
        take(one, twos, paris), take(two, ones, paris), return_exceptions=True
    )

    refused = [one.reason for one in outcomes if isinstance(one, ServiceError)]
    assert refused == ["GRANT_OVER_MORE"]
    left = await rows.fetchval(
        "SELECT count(*) FROM assignment WHERE tenant_id = $1 AND revoke_time IS NULL", paris
    )
    assert left == 1


async def test_of_many_who_lose_their_role_to_others_at_once_one_remains(
    new_tenant, new_admin, assign, employ, take, rows
):
    """Each loses it to another: no two acts have an admin in common, only the place."""
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    above = [await employ("GlobalAdmin", None) for _ in range(4)]
    keepers = [await assign((await new_admin())[0], "TenantAdmin", paris) for _ in above]

    outcomes = await asyncio.gather(
        *(take(by, role, paris) for by, role in zip(above, keepers, strict=True)),
        return_exceptions=True,
    )

    refused = [one.reason for one in outcomes if isinstance(one, ServiceError)]
    assert refused == ["LAST_TENANT_ADMIN"]
    assert lyon


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    new_tenant, employ, new_member, give, take, holds, rows
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)
    counted = "SELECT (SELECT count(*) FROM assignment), (SELECT count(*) FROM audit_leaf)"
    before = await rows.fetchrow(counted)

    told = await give(boss, hand, "OrderOps", paris, dry=True)

    assert await holds(hand, paris) == (set(), 0)
    assert (await rows.fetchrow(counted))[0] == before[0]
    (effect,) = told.effects
    assert (effect.admin, effect.place) == (f"admins/{hand}", f"tenants/{paris}")
    assert set(effect.gained) == {"listing:read", "product:read", "tenant:read"}
    given = await give(boss, hand, "OrderOps", paris)
    told = await take(boss, given.name, paris, dry=True)
    assert list(told.effects[0].lost) == list(effect.gained)
    assert await holds(hand, paris) == ({"OrderOps"}, 1)
    assert (await holds(hand, lyon))[0] == set()


async def test_a_role_given_everywhere_counts_at_the_platform_too(employ, new_admin, give, holds):
    above, (hand, _) = await employ("GlobalAdmin", None), await new_admin()

    told = await give(above, hand, "GlobalAdmin", None)

    assert set(told.effects[0].gained) == PERMISSIONS["PLATFORM"]
    for place in (None, "paris", "lyon"):
        assert (await holds(hand, place))[0] == {"GlobalAdmin"}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
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


async def test_what_is_not_there_is_not_given(employ, new_tenant, new_admin, new_member, give):
    paris, (gone, _) = await new_tenant("paris"), await new_admin(deactivated=True)
    boss, hand = await employ("TenantAdmin", paris), await new_member(paris)

    for admin in ("user_nobody", gone):
        with pytest.raises(NotFound) as refused:
            await give(boss, admin, "OrderOps", paris)
        assert refused.value.reason == "ADMIN_NOT_FOUND"
    with pytest.raises(NotFound) as refused:
        await give(boss, hand, "Emperor", paris)
    assert refused.value.reason == "ROLE_NOT_FOUND"


async def test_an_id_of_a_stranger_is_an_id_of_nobody(
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
            asked = f"admins/{admin}"
            assert (refused.value.reason, refused.value.message, refused.value.metadata) == (
                "ADMIN_NOT_FOUND", f"No such admin: {asked}.", {"admin": asked},
            )  # fmt: skip

    stub = stub_of(scoped_stub, "admins", boss, paris)
    shown = await stub.ListTenantAdmins(admins.ListTenantAdminsRequest(parent=f"tenants/{paris}"))
    assert [one.admin.name for one in shown.admins] == [f"admins/{boss}"]
    assert email not in str(shown)


async def test_who_sees_all_admins_gives_a_role_to_a_stranger(new_tenant, employ, new_admin, give):
    above = await employ("GlobalAdmin", None)

    for name in ("paris", "lyon"):
        tenant, (stranger, _) = await new_tenant(name), await new_admin()
        given = await give(above, stranger, "TenantAdmin", tenant)
        assert given.admin == f"admins/{stranger}"


async def test_who_creates_a_tenant_is_its_first_admin(scoped_stub, employ, holds, tenant_of):
    maker = await employ("GlobalAdmin", None)
    stub = scoped_stub(
        TenantRegistryServiceStub,
        "tenant-registry",
        tenant=None,
        actor=f"admins/{maker}",
        permissions={"tenant:create"},
    )
    tenant = f"paris-{maker[-12:].lower()}"
    await stub.CreateTenant(registry_pb.CreateTenantRequest(tenant_id=tenant, tenant=tenant_of()))

    assert (await holds(maker, tenant))[0] == {"GlobalAdmin", "TenantAdmin"}
    assert (await holds(maker, "lyon"))[0] == {"GlobalAdmin"}


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
