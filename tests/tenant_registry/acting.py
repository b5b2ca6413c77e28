"""Admins who really hold something, and the stubs with which they act."""

import pytest
from souk.tenant_registry.v1 import access_grant_service_pb2_grpc as access_grants
from souk.tenant_registry.v1 import access_service_pb2_grpc as access
from souk.tenant_registry.v1 import admin_service_pb2_grpc as admins
from souk.tenant_registry.v1 import assignment_service_pb2_grpc as assignments
from souk.tenant_registry.v1 import role_service_pb2_grpc as roles

from services.kernel.call.errors import ServiceError
from services.tenant_registry.roles.permissions import PERMISSIONS

STUBS = {
    "access": access.AccessServiceStub,
    "access_grants": access_grants.AccessGrantServiceStub,
    "admins": admins.AdminServiceStub,
    "assignments": assignments.AssignmentServiceStub,
    "roles": roles.RoleServiceStub,
}


def stub_of(scoped_stub, kind, admin, tenant):
    """A stub of an admin who stands at a tenant or, with None, at the platform.

    The scope holds every permission: what is refused is refused by what the admin really holds.
    """
    held = PERMISSIONS["TENANT" if tenant else "PLATFORM"]
    return scoped_stub(
        STUBS[kind], "tenant-registry", tenant=tenant, actor=f"admins/{admin}", permissions=held
    )


async def refusal(act):
    """Gives the reason for which an act is refused."""
    with pytest.raises(ServiceError) as refused:
        await act
    return refused.value.reason
