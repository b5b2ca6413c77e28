"""Tenants: created and read."""

import asyncio
import uuid

import pytest
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.call.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied
from tests.tenant_registry.calls import (
    PROVISIONING,
    named,
    read,
)


async def test_a_new_tenant_is_read_as_it_was_created(registry, new_tenant, tenant_of):
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
    assert found.settings == tenant_of(settings=settings).settings
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

    assert list(refusal.value.violations) == ["country_code"]
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


async def test_without_the_permission_nothing_is_done(registry, new_tenant):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")

    for tenant in (paris, lyon):
        with pytest.raises(PermissionDenied) as refusal:
            await registry(tenant, permissions={"tenant:write"}).SuspendTenant(
                pb.SuspendTenantRequest(**named(tenant))
            )
        assert refusal.value.reason == "PERMISSION_MISSING"
        assert (await read(registry, tenant)).state == PROVISIONING
