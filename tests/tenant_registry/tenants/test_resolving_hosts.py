"""A host resolves to the tenant that owns it."""

import pytest
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.call.errors import InvalidArgument, NotFound
from tests.tenant_registry.calls import remove, version_of


async def test_a_host_leads_to_its_tenant_in_every_spelling_and_state(
    registry, new_tenant, add_domain, resolve, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    secondary, primary = new_host(), new_host()
    await add_domain(paris, secondary)
    await add_domain(paris, primary, primary=True)
    await add_domain(lyon, new_host())
    await registry(paris).DeleteTenant(pb.DeleteTenantRequest(name=f"tenants/{paris}"))

    for spelling in (secondary, f"{secondary.upper()}.:8000"):
        found = await resolve(spelling)
        assert found.tenant.name == f"tenants/{paris}"
        assert found.tenant.state == found.tenant.STATE_ARCHIVED
        assert list(found.hosts) == [primary, secondary]


async def test_a_subdomain_of_the_base_domain_leads_to_the_tenant_of_that_id(new_tenant, resolve):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")

    for tenant in (paris, lyon):
        found = await resolve(f"{tenant}.impactnutrition.com")
        assert (found.tenant.name, list(found.hosts)) == (f"tenants/{tenant}", [])


async def test_with_active_only_a_tenant_that_is_not_active_is_not_found(
    registry, new_tenant, add_domain, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    hosts = {paris: new_host(), lyon: new_host()}
    for tenant, host in hosts.items():
        await add_domain(tenant, host)
    await registry(paris).ActivateTenant(pb.ActivateTenantRequest(name=f"tenants/{paris}"))

    def questions(tenant):
        hosts_of = (hosts[tenant], f"{tenant}.impactnutrition.com")
        return [
            *(pb.ResolveHostRequest(host=host, active_only=True) for host in hosts_of),
            pb.ResolveTenantRequest(name=f"tenants/{tenant}", active_only=True),
        ]

    async def resolve(request):
        method = type(request).__name__.removesuffix("Request")
        return await getattr(registry(None), method)(request)

    for request in questions(paris):
        assert (await resolve(request)).tenant.name == f"tenants/{paris}"
    for request in questions(lyon):
        with pytest.raises(NotFound) as refusal:
            await resolve(request)
        assert refusal.value.reason in ("HOST_UNKNOWN", "TENANT_NOT_FOUND")


@pytest.mark.parametrize(
    "host",
    [
        "impactnutrition.com",
        "nobody.impactnutrition.com",
        "x.hq.impactnutrition.com",
        "nobody.example",
    ],
)
async def test_a_host_that_nobody_owns_is_unknown(resolve, host):
    with pytest.raises(NotFound) as refusal:
        await resolve(host)

    assert refusal.value.reason == "HOST_UNKNOWN"


@pytest.mark.parametrize("host", ["", "127.0.0.1", "a..example", "x y.example", "shop.example:0"])
async def test_an_invalid_host_cannot_be_resolved(resolve, host):
    with pytest.raises(InvalidArgument) as refusal:
        await resolve(host)

    assert refusal.value.reason == "HOST_INVALID"


async def test_each_change_of_a_tenant_or_its_domains_raises_the_version_of_its_config(
    registry, new_tenant, add_domain, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    versions = []

    for act in (
        add_domain(paris, host := new_host()),
        registry(paris).ActivateTenant(pb.ActivateTenantRequest(name=f"tenants/{paris}")),
        remove(registry, paris, host),
    ):
        versions.append(await version_of(registry, paris))
        await act
    versions.append(await version_of(registry, paris))

    assert versions == [1, 2, 3, 4]
    assert await version_of(registry, lyon) == 1


async def test_a_tenant_that_does_not_exist_has_no_config_and_no_domains(registry, domains_of):
    with pytest.raises(NotFound) as refusal:
        await registry(None).ResolveTenant(pb.ResolveTenantRequest(name="tenants/nobody"))
    assert refusal.value.reason == "TENANT_NOT_FOUND"

    with pytest.raises(NotFound) as refusal:
        await domains_of("nobody")
    assert refusal.value.reason == "TENANT_NOT_FOUND"
