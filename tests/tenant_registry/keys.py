"""Keys as tests make and use them, in the name of an admin who may."""

from datetime import datetime, timedelta

import pytest
from souk.tenant_registry.v1 import api_key_service_pb2 as pb
from souk.tenant_registry.v1.api_key_service_pb2_grpc import ApiKeyServiceStub

from services.tenant_registry.roles.permissions import OF_SERVICES, PERMISSIONS
from services.values.api_keys import digest

SECRET, PUBLISHABLE = pb.ApiKey.KIND_SECRET, pb.ApiKey.KIND_PUBLISHABLE
HOUR = timedelta(hours=1)


@pytest.fixture
def keys(scoped_stub):
    """Makes stubs that may do everything at one place, in an admin's name."""

    def make(tenant, admin="user_nobody", **options):
        held = PERMISSIONS["TENANT" if tenant else "PLATFORM"] | OF_SERVICES
        return scoped_stub(
            ApiKeyServiceStub,
            "tenant-registry",
            tenant=tenant,
            **{"permissions": held, "actor": f"admins/{admin}"} | options,
        )

    return make


@pytest.fixture
def maker(keys, new_admin, new_tenant, assign):
    """A tenant of the test's own, and the stub of an admin with some roles there."""

    async def make(*roles, prefix="paris"):
        tenant = await new_tenant(prefix)
        admin, _ = await new_admin()
        for role in roles or ("TenantAdmin", "CatalogMgr"):
            await assign(admin, role, tenant)
        return tenant, keys(tenant, admin)

    return make


async def create(stub, tenant, *permissions, kind=SECRET, has_all=False, request_id="", **fields):
    key = pb.ApiKey(title="ERP", kind=kind, permissions=permissions)
    for field, value in fields.items():
        if isinstance(value, datetime):
            getattr(key, field).FromDatetime(value)
        else:
            setattr(key, field, value)
    return await stub.CreateApiKey(
        pb.CreateApiKeyRequest(
            parent=f"tenants/{tenant}",
            api_key=key,
            request_id=request_id,
            all_permissions=has_all,
        )
    )


async def resolved(keys, secret):
    return await keys(None).ResolveApiKey(pb.ResolveApiKeyRequest(digest=digest(secret)))


async def revoke(stub, made):
    return await stub.RevokeApiKey(pb.RevokeApiKeyRequest(name=made.api_key.name))


async def all_of(stub, tenant):
    answer = await stub.ListApiKeys(pb.ListApiKeysRequest(parent=f"tenants/{tenant}"))
    return list(answer.api_keys)
