"""Catalogue versions: what caches ask for, again and again."""

import time

import pytest
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from services.kernel.call.errors import InvalidArgument, PermissionDenied
from tests.catalog_opt_in.conftest import SERVICE


@pytest.fixture
def versions(scoped_stub):
    """Asks for versions as a gateway does."""

    async def read(*tenants, tenant=None, permissions=frozenset({"storefront:watch"})):
        stub = scoped_stub(StorefrontServiceStub, SERVICE, tenant=tenant, permissions=permissions)
        request = pb.ListCatalogueVersionsRequest(tenants=tenants)
        return dict((await stub.ListCatalogueVersions(request)).versions)

    return read


async def test_versions_are_those_that_storefronts_tell(
    create, opt_in, storefront_page, versions, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    found = await versions(*tenants, "nobody")

    assert found == {
        tenant: (await storefront_page(tenant))[1].catalogue_version for tenant in tenants
    }


async def test_only_the_version_of_the_tenant_that_changed_rises(create, opt_in, versions, tenants):
    product, (paris, lyon) = await create(), tenants
    for tenant in tenants:
        await opt_in(tenant, product)
    before = await versions(*tenants)

    await opt_in(paris, await create())

    after = await versions(*tenants)
    assert after[paris] > before[paris]
    assert after[lyon] == before[lyon]


async def test_no_version_recurs_after_a_restore_from_a_backup(
    create, opt_in, selling, versions, tenants, database
):
    paris, lyon = tenants
    listing = await opt_in(paris, await create())
    await opt_in(lyon, await create())
    backup = await versions(*tenants)
    await selling(paris).DeleteListing(listings.DeleteListingRequest(name=listing.name))
    lost = await versions(*tenants)

    superuser = await database(SERVICE, "superuser")
    await superuser.execute(
        "UPDATE tenant_catalogue SET version = $2 WHERE tenant_id = $1", paris, backup[paris]
    )
    await opt_in(paris, await create())

    after = await versions(*tenants)
    assert after[paris] > lost[paris] > backup[paris]
    assert after[lyon] == backup[lyon]


async def test_versions_follow_the_clock_in_microseconds(create, opt_in, versions, tenants):
    for tenant in tenants:
        await opt_in(tenant, await create())

    for version in (await versions(*tenants)).values():
        assert abs(version / 1e6 - time.time()) < 60


async def test_versions_are_the_platforms_own_business(versions, tenants):
    for tenant in tenants:
        with pytest.raises(PermissionDenied) as refusal:
            await versions(*tenants, tenant=tenant)
        assert refusal.value.reason == "SCOPE_MISSING"
    with pytest.raises(PermissionDenied) as refusal:
        await versions(*tenants, permissions={"storefront:read"})
    assert refusal.value.reason == "PERMISSION_MISSING"


async def test_a_question_is_about_at_most_500_tenants(versions):
    assert await versions(*(f"nobody-{n}" for n in range(500))) == {}
    with pytest.raises(InvalidArgument):
        await versions(*(f"nobody-{n}" for n in range(501)))
