import pytest
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.errors import (
    InvalidArgument,
)
from tests.tenant_registry.calls import (
    named,
)


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
