"""Versions of set-ups: what gateways ask for, again and again."""

import pytest
from souk.commerce.v1 import store_market_service_pb2 as pb
from souk.commerce.v1.store_market_service_pb2_grpc import StoreMarketServiceStub

from services.kernel.call.errors import InvalidArgument, PermissionDenied
from tests.commerce.markets.conftest import both  # noqa: F401  # fixture
from tests.gateway.admin.conftest import engage, make_tenant, tenants  # noqa: F401  # fixtures


@pytest.fixture
def versions(scoped_stub):
    """Asks for versions as a gateway does."""

    async def read(*tenants, tenant=None, permissions=frozenset({"storefront:watch"})):  # noqa: F811
        stub = scoped_stub(
            StoreMarketServiceStub, "commerce", tenant=tenant, permissions=permissions
        )
        request = pb.ListSetupVersionsRequest(tenants=tenants)
        return dict((await stub.ListSetupVersions(request)).versions)

    return read


async def test_only_the_version_of_the_tenant_that_changed_rises(both, versions):  # noqa: F811
    ids = [staff.tenant for staff in both]
    assert await versions(*ids) == {}

    made = [await staff.create("fr") for staff in both]
    before = await versions(*ids, "nobody")
    await both[0].done("POST", f"/{made[0]['id']}", {"name": "Another"})
    after = await versions(*ids)

    assert sorted(before) == sorted(ids)
    assert after[ids[0]] > before[ids[0]]
    assert after[ids[1]] == before[ids[1]]


async def test_no_version_recurs_after_a_restore_from_a_backup(both, versions, database):  # noqa: F811
    ids = [staff.tenant for staff in both]
    for staff in both:
        await staff.create("fr")
    backup = await versions(*ids)
    region = await both[0].create("de")
    lost = await versions(*ids)
    rows = await database("commerce", "superuser")
    await rows.execute(
        "UPDATE setup_version SET version = $2 WHERE tenant_id = $1", ids[0], backup[ids[0]]
    )

    await both[0].done("POST", f"/{region['id']}", {"name": "After the restore"})

    after = await versions(*ids)
    assert after[ids[0]] > lost[ids[0]] > backup[ids[0]]
    assert after[ids[1]] == backup[ids[1]]


async def test_only_a_gateway_may_ask_and_for_a_bounded_number(versions):
    for tenant in ("paris", "hq", None):
        with pytest.raises(PermissionDenied):
            await versions("paris", "hq", tenant=tenant, permissions={"storefront:read"})
    with pytest.raises(InvalidArgument):
        await versions(*(f"shop-{number}" for number in range(501)))
