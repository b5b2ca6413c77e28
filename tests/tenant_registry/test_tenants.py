import asyncio
import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ServiceError,
)

PROVISIONING, ACTIVE, SUSPENDED, ARCHIVED = range(1, 5)


def named(tenant, **options):
    return {"name": f"tenants/{tenant}"} | options


async def read(registry, tenant):
    return await registry(tenant).GetTenant(pb.GetTenantRequest(name=f"tenants/{tenant}"))


async def version_of(registry, tenant):
    request = pb.ResolveTenantRequest(name=f"tenants/{tenant}")
    return (await registry(None).ResolveTenant(request)).version


async def test_a_new_tenant_is_read_as_it_was_created(registry, new_tenant):
    settings = {"theme": {"dark": True, "columns": [1, 2.5, None, "é"]}}
    tenant = await new_tenant(
        display_name="Lyon",
        supported_locales=["en", "fr"],
        time_zone="Europe/Paris",
        capabilities=["reviews"],
        settings=settings,
    )

    found = await read(registry, tenant)

    assert found.name == f"tenants/{tenant}"
    assert (found.state, found.etag) == (PROVISIONING, '"1"')
    assert (list(found.supported_locales), list(found.capabilities)) == (["en", "fr"], ["reviews"])
    assert found.settings == tenants.Tenant(settings=settings).settings
    assert found.create_time == found.update_time
    assert not found.HasField("delete_time")


async def test_a_tenant_of_another_scope_is_refused_whether_there_is_one_or_not(
    registry, new_tenant
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    refusals = []

    for other in (lyon, "nobody"):
        with pytest.raises(PermissionDenied) as refusal:
            await registry(paris).GetTenant(pb.GetTenantRequest(name=f"tenants/{other}"))
        refusals.append((refusal.value.reason, refusal.value.message.replace(other, "…")))

    assert refusals[0] == refusals[1]
    assert refusals[0][0] == "SCOPE_MISMATCH"


async def test_a_tenant_that_was_never_created_is_not_found(registry):
    with pytest.raises(NotFound) as refusal:
        await read(registry, "nobody")

    assert refusal.value.reason == "TENANT_NOT_FOUND"


@pytest.mark.parametrize("name", ["tenants/paris/", "tenants/paris/domains/x", "tenants/paris/x"])
async def test_a_name_below_a_tenant_is_no_tenants_name(registry, name):
    with pytest.raises(InvalidArgument) as refusal:
        await registry("paris").GetTenant(pb.GetTenantRequest(name=name))

    assert refusal.value.reason == "NAME_INVALID"


async def test_an_id_is_used_once_for_ever(registry, new_tenant, tenant_of):
    tenant = await new_tenant()
    await registry(tenant).DeleteTenant(pb.DeleteTenantRequest(**named(tenant)))

    with pytest.raises(AlreadyExists) as refusal:
        await registry(None).CreateTenant(
            pb.CreateTenantRequest(tenant_id=tenant, tenant=tenant_of())
        )

    assert refusal.value.reason == "TENANT_EXISTS"


@pytest.mark.parametrize(
    "tenant_id", ["", "Paris", "1paris", "paris-", "pa.ris", "p" * 64, "päris"]
)
async def test_an_id_that_cannot_be_a_label_is_refused(registry, tenant_of, tenant_id):
    with pytest.raises(InvalidArgument) as refusal:
        await registry(None).CreateTenant(
            pb.CreateTenantRequest(tenant_id=tenant_id, tenant=tenant_of())
        )

    assert refusal.value.reason == "TENANT_ID_INVALID"


async def test_a_wrong_tenant_is_not_created(registry, tenant_of):
    tenant = f"paris-{uuid.uuid4().hex}"

    with pytest.raises(InvalidArgument) as refusal:
        await registry(None).CreateTenant(
            pb.CreateTenantRequest(tenant_id=tenant, tenant=tenant_of(country_code="ZZ"))
        )

    assert list(refusal.value.violations) == ["tenant.country_code"]
    with pytest.raises(NotFound):
        await read(registry, tenant)


async def test_the_same_request_twice_creates_once_and_answers_alike(
    registry, tenant_of, events_of
):
    tenant = f"paris-{uuid.uuid4().hex[:12]}"
    request = pb.CreateTenantRequest(
        tenant_id=tenant, tenant=tenant_of(), request_id=str(uuid.uuid4())
    )

    answers = await asyncio.gather(*(registry(None).CreateTenant(request) for _ in range(5)))

    assert all(answer == answers[0] for answer in answers)
    assert len(await events_of(tenant, number=1)) == 1


async def test_a_request_id_that_comes_with_another_body_is_refused(registry, tenant_of):
    first, second = (
        pb.CreateTenantRequest(tenant_id=f"t-{uuid.uuid4().hex[:12]}", tenant=tenant_of())
        for _ in range(2)
    )
    first.request_id = second.request_id = str(uuid.uuid4())
    await registry(None).CreateTenant(first)

    with pytest.raises(InvalidArgument) as refusal:
        await registry(None).CreateTenant(second)

    assert refusal.value.reason == "REQUEST_ID_REUSED"


async def test_pages_show_every_tenant_once_in_order_with_the_true_count(registry, new_tenant):
    made = {await new_tenant("paris"), await new_tenant("lyon"), await new_tenant("nice")}
    stub, seen, request = registry(None), [], pb.ListTenantsRequest(page_size=2)

    while True:
        page = await stub.ListTenants(request)
        assert len(page.tenants) <= 2
        seen += [tenant.name.removeprefix("tenants/") for tenant in page.tenants]
        if not (token := page.next_page_token):
            break
        request.page_token = token

    assert made <= set(seen)
    assert seen == sorted(set(seen))
    assert page.total_size == len(seen)


async def test_a_page_may_begin_after_some(registry, new_tenant):
    await new_tenant("paris"), await new_tenant("lyon")
    stub = registry(None)

    whole = await stub.ListTenants(pb.ListTenantsRequest(page_size=3))
    rest = await stub.ListTenants(pb.ListTenantsRequest(page_size=2, skip=1))

    assert [t.name for t in rest.tenants] == [t.name for t in whole.tenants[1:]]
    assert rest.total_size == whole.total_size


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"page_size": -1}, "PAGE_SIZE_INVALID"),
        ({"skip": -1}, "SKIP_INVALID"),
        ({"page_token": "made-up-by-somebody"}, "PAGE_TOKEN_INVALID"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(registry, arguments, reason):
    with pytest.raises(InvalidArgument) as refusal:
        await registry(None).ListTenants(pb.ListTenantsRequest(**arguments))

    assert refusal.value.reason == reason


async def test_a_token_for_the_living_does_not_open_the_list_of_all(registry, new_tenant):
    await new_tenant("paris"), await new_tenant("lyon")
    stub = registry(None)
    page = await stub.ListTenants(pb.ListTenantsRequest(page_size=1))

    with pytest.raises(InvalidArgument) as refusal:
        await stub.ListTenants(
            pb.ListTenantsRequest(page_size=1, page_token=page.next_page_token, show_deleted=True)
        )

    assert refusal.value.reason == "PAGE_TOKEN_INVALID"


async def test_a_deleted_tenant_is_listed_only_when_asked_for(registry, new_tenant):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    await registry(lyon).DeleteTenant(pb.DeleteTenantRequest(**named(lyon)))

    async def listed(**arguments):
        page = await registry(None).ListTenants(pb.ListTenantsRequest(page_size=200, **arguments))
        return {tenant.name for tenant in page.tenants} & {f"tenants/{paris}", f"tenants/{lyon}"}

    assert await listed() == {f"tenants/{paris}"}
    assert await listed(show_deleted=True) == {f"tenants/{paris}", f"tenants/{lyon}"}


async def test_an_update_changes_what_the_mask_names_and_nothing_of_another_tenant(
    registry, new_tenant
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    bystander, config = await read(registry, lyon), await version_of(registry, paris)

    updated = await registry(paris).UpdateTenant(
        pb.UpdateTenantRequest(
            tenant=tenants.Tenant(
                **named(paris), display_name="Paris 2", settings={"a": 1}, time_zone="Asia/Tokyo"
            ),
            update_mask=FieldMask(paths=["display_name", "settings"]),
        )
    )

    assert (updated.display_name, updated.time_zone, updated.etag) == ("Paris 2", "UTC", '"2"')
    assert updated.settings["a"] == 1
    assert updated == await read(registry, paris)
    assert await version_of(registry, paris) == config + 1
    assert await read(registry, lyon) == bystander


async def test_a_mask_can_empty_a_field(registry, new_tenant):
    tenant = await new_tenant(capabilities=["reviews"], settings={"a": 1})

    updated = await registry(tenant).UpdateTenant(
        pb.UpdateTenantRequest(
            tenant=tenants.Tenant(**named(tenant)),
            update_mask=FieldMask(paths=["capabilities", "settings"]),
        )
    )

    assert (list(updated.capabilities), len(updated.settings)) == ([], 0)


@pytest.mark.parametrize(
    ("fields", "mask", "reason"),
    [
        ({"currency_code": "TND"}, ["currency_code"], "FIELD_IMMUTABLE"),
        ({"currency_code": "TND"}, [], "FIELD_IMMUTABLE"),
        ({"state": ACTIVE}, ["state"], "MASK_INVALID"),
        ({}, ["nonsense"], "MASK_INVALID"),
        ({}, ["name"], "MASK_INVALID"),
        ({}, ["display_name"], "TENANT_INVALID"),
        ({"supported_locales": ["ar"]}, ["supported_locales"], "TENANT_INVALID"),
        ({"default_locale": "ar"}, ["default_locale"], "TENANT_INVALID"),
    ],
)
async def test_an_update_that_cannot_be_is_refused_and_changes_nothing(
    registry, new_tenant, fields, mask, reason
):
    tenant = await new_tenant()
    before = await read(registry, tenant)

    with pytest.raises(InvalidArgument) as refusal:
        await registry(tenant).UpdateTenant(
            pb.UpdateTenantRequest(
                tenant=tenants.Tenant(**named(tenant), **fields), update_mask=FieldMask(paths=mask)
            )
        )

    assert refusal.value.reason == reason
    assert await read(registry, tenant) == before


async def test_what_was_read_can_be_sent_back_unchanged_and_leaves_no_event(
    registry, new_tenant, events_of
):
    tenant = await new_tenant()
    before = await read(registry, tenant)

    after = await registry(tenant).UpdateTenant(pb.UpdateTenantRequest(tenant=before))

    assert after == before
    assert len(await events_of(tenant, number=1)) == 1


async def test_of_two_updates_of_one_version_one_wins(registry, new_tenant):
    tenant = await new_tenant()
    version = (await read(registry, tenant)).etag

    outcomes = await asyncio.gather(
        *(
            registry(tenant).UpdateTenant(
                pb.UpdateTenantRequest(
                    tenant=tenants.Tenant(**named(tenant), etag=version, display_name=f"P{number}")
                )
            )
            for number in range(5)
        ),
        return_exceptions=True,
    )

    refused = [one for one in outcomes if isinstance(one, ServiceError)]
    assert {(type(one), one.reason) for one in refused} == {(Aborted, "ETAG_MISMATCH")}
    assert len(refused) == 4


async def test_a_tenant_lives_through_all_its_states(registry, new_tenant, events_of):
    tenant = await new_tenant()
    stub, states = registry(tenant), []

    for act, request in (
        (stub.ActivateTenant, pb.ActivateTenantRequest),
        (stub.ActivateTenant, pb.ActivateTenantRequest),
        (stub.SuspendTenant, pb.SuspendTenantRequest),
        (stub.DeleteTenant, pb.DeleteTenantRequest),
        (stub.UndeleteTenant, pb.UndeleteTenantRequest),
        (stub.ActivateTenant, pb.ActivateTenantRequest),
    ):
        answer = await act(request(**named(tenant)))
        assert answer == await read(registry, tenant)
        assert answer.HasField("delete_time") is (answer.state == ARCHIVED)
        states.append(answer.state)

    assert states == [ACTIVE, ACTIVE, SUSPENDED, ARCHIVED, SUSPENDED, ACTIVE]
    # The second activation changed nothing, so it is no event.
    methods = [event.method.rpartition("/")[2] for event in await events_of(tenant, number=6)]
    assert methods == [
        "CreateTenant",
        "ActivateTenant",
        "SuspendTenant",
        "DeleteTenant",
        "UndeleteTenant",
        "ActivateTenant",
    ]


async def test_a_deleted_tenant_is_read_but_not_changed(registry, new_tenant):
    tenant = await new_tenant()
    await registry(tenant).DeleteTenant(pb.DeleteTenantRequest(**named(tenant)))

    for act in (
        registry(tenant).UpdateTenant(
            pb.UpdateTenantRequest(tenant=tenants.Tenant(**named(tenant), display_name="New"))
        ),
        registry(tenant).ActivateTenant(pb.ActivateTenantRequest(**named(tenant))),
        registry(tenant).SuspendTenant(pb.SuspendTenantRequest(**named(tenant))),
        registry(tenant).DeleteTenant(pb.DeleteTenantRequest(**named(tenant))),
    ):
        with pytest.raises(FailedPrecondition) as refusal:
            await act
        assert refusal.value.reason == "TENANT_ARCHIVED"

    assert (await read(registry, tenant)).state == ARCHIVED


async def test_an_act_meant_for_another_version_is_refused(registry, new_tenant):
    tenant = await new_tenant()
    await registry(tenant).ActivateTenant(pb.ActivateTenantRequest(**named(tenant)))

    with pytest.raises(Aborted) as refusal:
        await registry(tenant).SuspendTenant(pb.SuspendTenantRequest(**named(tenant, etag='"1"')))

    assert refusal.value.reason == "ETAG_MISMATCH"


async def test_the_head_office_is_protected(registry):
    for act, request in (
        (registry("hq").DeleteTenant, pb.DeleteTenantRequest),
        (registry("hq").SuspendTenant, pb.SuspendTenantRequest),
    ):
        with pytest.raises(FailedPrecondition) as refusal:
            await act(request(name="tenants/hq"))
        assert refusal.value.reason == "HEAD_OFFICE_PROTECTED"

    assert (await read(registry, "hq")).state == ACTIVE


async def test_each_change_is_told_in_the_tenants_own_log_and_no_other(
    registry, new_tenant, events_of
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    await registry(paris).UpdateTenant(
        pb.UpdateTenantRequest(tenant=tenants.Tenant(**named(paris), display_name="Paris 2"))
    )

    created, updated = await events_of(paris, number=2)
    [lyons] = await events_of(lyon, number=1)

    assert created.method.endswith("/CreateTenant")
    assert {"field": "display_name", "before": '"Paris"', "after": '"Paris 2"'} == {
        name: getattr(updated.changes[0], name) for name in ("field", "before", "after")
    }
    assert len(updated.changes) == 1
    assert (updated.actor, updated.resource) == ("admins/user_test", f"tenants/{paris}")
    assert lyons.resource == f"tenants/{lyon}"


async def test_without_the_permission_nothing_is_done(registry, new_tenant):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")

    for tenant in (paris, lyon):
        with pytest.raises(PermissionDenied) as refusal:
            await registry(tenant, permissions={"tenant:write"}).SuspendTenant(
                pb.SuspendTenantRequest(**named(tenant))
            )
        assert refusal.value.reason == "PERMISSION_MISSING"
        assert (await read(registry, tenant)).state == PROVISIONING
