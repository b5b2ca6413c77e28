"""Suspending, activating, deleting and undeleting a tenant."""

import pytest
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.call.errors import Aborted, FailedPrecondition
from tests.tenant_registry.calls import (
    ACTIVE,
    ARCHIVED,
    SUSPENDED,
    named,
    read,
)


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
