"""Updates of a tenant: masks, etags and events."""

import asyncio

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.call.errors import Aborted, InvalidArgument, ServiceError
from tests.tenant_registry.calls import (
    ACTIVE,
    named,
    read,
    version_of,
)


async def test_an_update_changes_what_the_mask_names_and_nothing_of_another_tenant(
    registry, new_tenant, tenant_of
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    bystander, config = await read(registry, lyon), await version_of(registry, paris)

    updated = await registry(paris).UpdateTenant(
        pb.UpdateTenantRequest(
            tenant=tenant_of(
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


async def test_a_tenant_sent_back_as_it_was_read_leaves_no_event(registry, new_tenant, events_of):
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
    [change] = updated.changes
    assert (change.field, change.before, change.after) == ("display_name", '"Paris"', '"Paris 2"')
    assert (updated.actor, updated.resource) == ("admins/user_test", f"tenants/{paris}")
    assert lyons.resource == f"tenants/{lyon}"
