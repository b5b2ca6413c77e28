"""Every tenant, and the platform, keeps an admin, whatever happens at once."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as registry_pb
from souk.tenant_registry.v1.tenant_registry_service_pb2_grpc import TenantRegistryServiceStub

from services.kernel.call.errors import ServiceError
from tests.tenant_registry.acting import refusal

HOUR = timedelta(hours=1)


CAMPAIGN = os.environ.get("SOUK_CAMPAIGN") == "access"


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
async def test_concurrent_revocations_of_each_other_leave_a_tenant_one_admin(
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
    remaining = await rows.fetchval(
        "SELECT count(*) FROM assignment WHERE tenant_id = $1 AND revoke_time IS NULL", paris
    )
    assert remaining == 1


async def test_concurrent_revocations_by_others_leave_a_tenant_one_admin(
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


async def test_the_creator_of_a_tenant_is_its_first_admin(scoped_stub, employ, holds, tenant_of):
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
