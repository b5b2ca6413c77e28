"""Access grants: how who runs the platform looks into a tenant's shop, and what is seen of it."""

import asyncio

import asyncpg
import pytest
from google.protobuf.duration_pb2 import Duration
from souk.audit.v1.audit_service_pb2 import Event
from souk.tenant_registry.v1 import access_grant_service_pb2 as pb
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1.access_grant_service_pb2_grpc import AccessGrantServiceStub

from services.kernel.call.errors import InvalidArgument, NotFound, PermissionDenied
from services.tenant_registry.roles.permissions import OPERATING, PERMISSIONS
from tests.tenant_registry.acting import stub_of

WHOLE = PERMISSIONS["TENANT"]


@pytest.fixture
def boss(new_admin, assign):
    """A GlobalAdmin who has no role of any tenant's."""

    async def make(role="GlobalAdmin"):
        admin, _ = await new_admin()
        await assign(admin, role, None)
        return admin

    return make


@pytest.fixture
def open_tenant(scoped_stub):
    async def act(admin, tenant, *, minutes=15, reason="a complaint about an order"):
        request = pb.CreateAccessGrantRequest(
            parent=f"tenants/{tenant}",
            access_grant=pb.AccessGrant(reason=reason),
            ttl=Duration(seconds=60 * minutes),
        )
        stub = stub_of(scoped_stub, "access_grants", admin, tenant)
        return await stub.CreateAccessGrant(request)

    return act


@pytest.fixture
def close_tenant(scoped_stub):
    async def act(by, name, tenant):
        stub = stub_of(scoped_stub, "access_grants", by, tenant)
        return await stub.DeleteAccessGrant(pb.DeleteAccessGrantRequest(name=name))

    return act


@pytest.fixture
def held_by(resolved):
    async def ask(admin, tenant):
        answer = await resolved(admin, tenant)
        return set(answer.permissions), set(answer.withheld)

    return ask


async def test_a_platform_admin_operates_a_tenant_only_with_an_access_grant_to_it(
    new_tenant, boss, open_tenant, held_by
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    other = await boss()
    closed = (WHOLE & OPERATING, WHOLE - OPERATING)
    assert await held_by(admin, paris) == closed

    await open_tenant(admin, paris)

    assert await held_by(admin, paris) == (WHOLE, set())
    assert await held_by(admin, lyon) == closed
    assert await held_by(other, paris) == closed
    assert await held_by(admin, "hq") == (WHOLE, set())


async def test_an_admin_with_any_role_everywhere_needs_an_access_grant(new_tenant, boss, held_by):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    catalogue = await boss("CatalogMgr")

    for tenant in (paris, lyon):
        permissions, withheld = await held_by(catalogue, tenant)
        assert permissions == {"tenant:read"}
        assert "listing:write" in withheld


@pytest.fixture
def used_by(access):
    """Tells by which access grant an admin holds part of what they may do at a tenant."""

    async def ask(admin, tenant):
        request = access_pb.ResolveAccessRequest(
            admin=f"admins/{admin}", tenant=f"tenants/{tenant}"
        )
        return (await access.ResolveAccess(request)).access_grant

    return ask


@pytest.fixture
def record_use(scoped_stub):
    """Tells of a use in the gateway's own name, as it does before it answers."""

    async def act(name, session, attempt="GET /admin/tenants/{tenant_id}/products"):
        stub = scoped_stub(
            AccessGrantServiceStub,
            "tenant-registry",
            tenant=None,
            actor="services/gateway",
            session=session,
            permissions={"accessgrant:record"},
        )
        return await stub.RecordUse(pb.RecordUseRequest(name=name, attempt=attempt))

    return act


async def test_the_access_grant_in_use_is_the_newest_open_one_that_adds_permissions(
    new_tenant, boss, assign, open_tenant, close_tenant, used_by
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    older, newer = await open_tenant(admin, paris), await open_tenant(admin, paris)

    assert await used_by(admin, paris) == newer.name
    assert await used_by(admin, lyon) == ""
    assert await used_by(admin, "hq") == ""
    assert await used_by(await boss(), paris) == ""
    await close_tenant(admin, newer.name, paris)
    assert await used_by(admin, paris) == older.name
    needless = await boss("TenantAdmin")
    for tenant in (paris, lyon):
        await assign(needless, "TenantAdmin", tenant)
        await open_tenant(needless, tenant)
        assert await used_by(needless, tenant) == ""


async def test_a_use_of_an_access_grant_is_an_event_of_that_tenants(
    new_tenant, boss, open_tenant, record_use, events_of
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    here, there = await open_tenant(admin, paris), await open_tenant(admin, lyon)

    await record_use(here.name, "ses_1")

    _, event = await events_of(paris, number=2, resource=here.name)
    assert (event.actor, event.session) == (f"admins/{admin}", "ses_1")
    assert event.method == "GET /admin/tenants/{tenant_id}/products"
    assert (event.outcome, event.times) == (Event.OUTCOME_DONE, 1)
    assert (event.permission, event.reason) == ("", "")
    assert len(await events_of(lyon, number=1, resource=there.name)) == 1
    assert await events_of(lyon, number=0, resource=here.name) == []


async def test_equal_uses_of_an_access_grant_within_a_second_are_counted_in_one_event(
    new_tenant, boss, open_tenant, record_use, events_of
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    here, there = await open_tenant(admin, paris), await open_tenant(admin, lyon)

    await asyncio.gather(*(record_use(here.name, "ses_1") for _ in range(20)))
    await record_use(here.name, "ses_2")
    await record_use(here.name, "ses_1", attempt="GET /admin/tenants/{tenant_id}/domains")
    await record_use(there.name, "ses_1")

    async with asyncio.timeout(10):
        while True:
            _, *uses = await events_of(paris, number=1, resource=here.name)
            if sum(event.times for event in uses) == 22:
                break
    assert len(uses) < 10
    assert {(event.session, event.method.rpartition("/")[2]) for event in uses} == {
        ("ses_1", "products"),
        ("ses_1", "domains"),
        ("ses_2", "products"),
    }
    _, event = await events_of(lyon, number=2, resource=there.name)
    assert (event.session, event.times) == ("ses_1", 1)


async def test_a_use_of_no_access_grant_or_of_another_tenants_is_not_recorded(
    new_tenant, boss, open_tenant, record_use, events_of
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    here = await open_tenant(admin, paris)

    for name in (here.name.replace(paris, lyon), f"tenants/{paris}/accessGrants/agr_none"):
        with pytest.raises(NotFound) as refused:
            await record_use(name, "ses_1")
        assert refused.value.reason == "ACCESS_GRANT_NOT_FOUND"
        for tenant in (paris, lyon):
            assert not [e for e in await events_of(tenant, number=0) if e.session == "ses_1"]


async def test_an_access_grant_ends_by_itself(new_tenant, boss, rows, held_by):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    for tenant, begins, ends in ((paris, 10, 1), (lyon, 10, -1)):
        await rows.execute(
            "INSERT INTO access_grant VALUES ($1, $2, $3, 'a test',"
            " now() - make_interval(mins => $4), now() - make_interval(mins => $5))",
            tenant,
            f"agr_{tenant}",
            admin,
            begins,
            ends,
        )

    assert (await held_by(admin, paris))[0] == WHOLE & OPERATING
    assert (await held_by(admin, lyon))[0] == WHOLE


async def test_an_access_grant_is_ended_before_its_time_and_the_tenant_sees_by_whom(
    new_tenant, boss, open_tenant, close_tenant, held_by, scoped_stub, events_of, access
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    other = await boss()
    here, there = await open_tenant(admin, paris), await open_tenant(admin, lyon)
    request = access_pb.ResolveAccessRequest(admin=f"admins/{admin}")
    version = (await access.ResolveAccess(request)).version

    ended = await close_tenant(other, here.name, paris)

    assert (ended.ended_by, ended.HasField("end_time")) == (f"admins/{other}", True)
    assert (await held_by(admin, paris))[0] == WHOLE & OPERATING
    assert (await held_by(admin, lyon))[0] == WHOLE
    assert (await access.ResolveAccess(request)).version == version + 1
    assert await close_tenant(admin, here.name, paris) == ended
    stub = stub_of(scoped_stub, "access_grants", "user_1", paris)
    answer = await stub.ListAccessGrants(pb.ListAccessGrantsRequest(parent=f"tenants/{paris}"))
    assert list(answer.access_grants) == [ended]
    events = await events_of(paris, number=2, resource=here.name)
    assert {event.actor for event in events} == {f"admins/{admin}", f"admins/{other}"}
    explaining = stub_of(scoped_stub, "access", "user_1", paris)
    question = access_pb.ExplainAccessRequest(
        parent=f"tenants/{paris}", admin=f"admins/{admin}", permission="listing:read"
    )
    (explanation,) = (await explaining.ExplainAccess(question)).explanations
    assert {one.source: one.verdict for one in explanation.reasons}[here.name] == "REVOKED"
    assert not explanation.allowed
    assert not there.HasField("end_time")


async def test_an_access_grant_of_another_tenant_or_one_that_is_over_is_not_ended(
    new_tenant, boss, open_tenant, close_tenant, rows
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    given = await open_tenant(admin, paris)
    elsewhere = given.name.replace(paris, lyon)
    await rows.execute(
        "INSERT INTO access_grant VALUES ($1, 'agr_over', $2, 'a test',"
        " now() - interval '10 minutes', now() - interval '1 minute')",
        lyon,
        admin,
    )

    with pytest.raises(PermissionDenied):
        await close_tenant(admin, given.name, lyon)
    with pytest.raises(NotFound) as refused:
        await close_tenant(admin, elsewhere, lyon)
    assert refused.value.reason == "ACCESS_GRANT_NOT_FOUND"
    over = await close_tenant(admin, f"tenants/{lyon}/accessGrants/agr_over", lyon)
    assert not over.HasField("end_time")


async def test_the_tenant_sees_who_opened_it_and_why(
    new_tenant, boss, open_tenant, scoped_stub, events_of
):
    paris, lyon, admin = await new_tenant("paris"), await new_tenant("lyon"), await boss()
    given = await open_tenant(admin, paris, minutes=5, reason="order 42 is stuck")

    for tenant, expected in ((paris, [given]), (lyon, [])):
        stub = stub_of(scoped_stub, "access_grants", "user_1", tenant)
        answer = await stub.ListAccessGrants(pb.ListAccessGrantsRequest(parent=f"tenants/{tenant}"))
        assert list(answer.access_grants) == expected
    (event,) = await events_of(paris, number=1, resource=given.name)
    assert event.actor == given.admin == f"admins/{admin}"
    assert "order 42 is stuck" in str(event)
    assert given.expire_time.seconds - given.create_time.seconds == 300
    assert await events_of(lyon, number=0, resource=given.name) == []


@pytest.mark.parametrize(
    ("options", "field"),
    [({"minutes": 16}, "ttl"), ({"minutes": 0}, "ttl"), ({"reason": " "}, "reason")],
    ids=str,
)
async def test_a_tenant_is_opened_for_a_reason_and_for_a_quarter_of_an_hour_at_most(
    new_tenant, boss, open_tenant, options, field
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    for tenant in (paris, lyon):
        with pytest.raises(InvalidArgument) as refused:
            await open_tenant(await boss(), tenant, **options)
        assert (refused.value.reason, list(refused.value.violations)) == (
            "ACCESS_GRANT_INVALID",
            [field],
        )


async def test_nobody_opens_another_tenant_than_their_scopes(new_tenant, boss, scoped_stub):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    stub = stub_of(scoped_stub, "access_grants", await boss(), paris)

    with pytest.raises(PermissionDenied) as refused:
        await stub.CreateAccessGrant(pb.CreateAccessGrantRequest(parent=f"tenants/{lyon}"))
    assert refused.value.reason == "SCOPE_MISMATCH"


@pytest.mark.parametrize("door", ["app", "platform"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_grant SET expire_time = now()",
        "DELETE FROM access_grant",
        "TRUNCATE access_grant, access_grant_end",
        "UPDATE access_grant_end SET end_time = now()",
        "DELETE FROM access_grant_end",
    ],
)
async def test_an_access_grant_is_never_changed_in_or_deleted_from_the_database(
    database, door, statement
):
    connection = await database("tenant-registry", door)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
