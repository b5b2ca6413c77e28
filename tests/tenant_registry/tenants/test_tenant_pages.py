"""Lists of tenants, page by page."""

import pytest
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.call.errors import InvalidArgument
from tests.tenant_registry.calls import (
    named,
)


async def whole_list(registry, page_size=200, **arguments):
    """Reads all pages: the ids in their order, and the count that the last page told."""
    request, seen = pb.ListTenantsRequest(page_size=page_size, **arguments), []
    while True:
        page = await registry(None).ListTenants(request)
        assert len(page.tenants) <= page_size
        seen += [tenant.name.removeprefix("tenants/") for tenant in page.tenants]
        if not page.next_page_token:
            return seen, page.total_size
        request.page_token = page.next_page_token


async def test_pages_show_every_tenant_once_in_order_with_the_true_count(registry, new_tenant):
    made = {await new_tenant("paris"), await new_tenant("lyon"), await new_tenant("nice")}

    seen, total = await whole_list(registry, page_size=7)

    assert made <= set(seen)
    assert seen == sorted(set(seen))
    assert total == len(seen)


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
        return {paris, lyon} & set((await whole_list(registry, **arguments))[0])

    assert await listed() == {paris}
    assert await listed(show_deleted=True) == {paris, lyon}
