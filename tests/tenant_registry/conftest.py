import asyncio
import uuid

import pytest
from souk.audit.v1 import audit_service_pb2 as audit_pb
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from souk.tenant_registry.v1.access_service_pb2_grpc import AccessServiceStub
from souk.tenant_registry.v1.tenant_registry_service_pb2_grpc import TenantRegistryServiceStub

from services.tenant_registry.access.rules import OF_SERVICES, PERMISSIONS


@pytest.fixture
def registry(scoped_stub):
    """Makes stubs that may do everything at one place: registry("paris"), or registry(None)."""

    def make(tenant, **options):
        held = PERMISSIONS["TENANT" if tenant else "PLATFORM"] | OF_SERVICES
        return scoped_stub(
            TenantRegistryServiceStub,
            "tenant-registry",
            tenant=tenant,
            **{"permissions": held} | options,
        )

    return make


@pytest.fixture
def access(scoped_stub):
    return scoped_stub(AccessServiceStub, "tenant-registry", tenant=None, permissions=OF_SERVICES)


@pytest.fixture
def tenant_of():
    """Makes a sound tenant, but for what the test changes."""

    def make(**fields):
        sound = {
            "display_name": "Paris",
            "country_code": "FR",
            "currency_code": "EUR",
            "default_locale": "fr",
        }
        return tenants.Tenant(**sound | fields)

    return make


@pytest.fixture
def new_tenant(registry, tenant_of):
    """Creates a tenant of the test's own, and tells its id."""

    async def create(prefix="paris", **fields):
        tenant_id = f"{prefix}-{uuid.uuid4().hex[:12]}"
        await registry(None).CreateTenant(
            pb.CreateTenantRequest(tenant_id=tenant_id, tenant=tenant_of(**fields))
        )
        return tenant_id

    return create


@pytest.fixture
def add_domain(registry):
    async def add(tenant, host, **options):
        request = pb.CreateDomainRequest(parent=f"tenants/{tenant}", host=host, **options)
        return await registry(tenant).CreateDomain(request)

    return add


@pytest.fixture
def events_of(scoped_stub):
    """Waits until a log has so many events that match, and tells them, oldest first."""

    async def read(tenant, *, number, resource=None):
        stub = scoped_stub(AuditServiceStub, "audit", tenant=tenant, permissions={"event:read"})
        request = audit_pb.ListEventsRequest(parent=f"tenants/{tenant}", page_size=200)
        async with asyncio.timeout(10):
            while True:
                events = [
                    event
                    for event in (await stub.ListEvents(request)).events
                    if resource in (None, event.resource)
                ]
                if len(events) >= number:
                    return events[::-1]
                await asyncio.sleep(0.05)

    return read
