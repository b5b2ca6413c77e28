"""What the tests of the registry ask for again and again."""

from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

PROVISIONING = tenants.Tenant.STATE_PROVISIONING
ACTIVE = tenants.Tenant.STATE_ACTIVE
SUSPENDED = tenants.Tenant.STATE_SUSPENDED
ARCHIVED = tenants.Tenant.STATE_ARCHIVED


def named(tenant, **options):
    return {"name": f"tenants/{tenant}"} | options


async def read(registry, tenant):
    return await registry(tenant).GetTenant(pb.GetTenantRequest(name=f"tenants/{tenant}"))


async def version_of(registry, tenant):
    """Tells the version of a tenant's config."""
    request = pb.ResolveTenantRequest(name=f"tenants/{tenant}")
    return (await registry(None).ResolveTenant(request)).version


async def remove(registry, tenant, host):
    name = f"tenants/{tenant}/domains/{host}"
    await registry(tenant).DeleteDomain(pb.DeleteDomainRequest(name=name))
