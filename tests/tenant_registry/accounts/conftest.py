"""Inviters, and calls of InviteService in their names."""

import pytest
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import invite_service_pb2 as pb
from souk.tenant_registry.v1.invite_service_pb2_grpc import InviteServiceStub

PASSWORD = "a long password of one's own"


@pytest.fixture
def invites(scoped_stub):
    def make(tenant=None, actor="services/gateway"):
        permissions = {"assignment:read", "assignment:write", "session:create"}
        return scoped_stub(
            InviteServiceStub,
            "tenant-registry",
            tenant=tenant,
            actor=actor,
            permissions=permissions,
        )

    return make


@pytest.fixture
def boss_of(new_admin, assign):
    """Makes a TenantAdmin of a tenant or, with None, a GlobalAdmin; tells their name."""

    async def make(tenant):
        admin, _ = await new_admin()
        given = await assign(admin, "TenantAdmin" if tenant else "GlobalAdmin", tenant)
        return f"admins/{admin}", given

    return make


@pytest.fixture
def invite(invites, boss_of):
    """Invites an address to a role at a tenant; tells the invite and its maker's assignment."""

    async def send(tenant, email, role="TenantAdmin"):
        boss, given = await boss_of(tenant)
        request = pb.CreateInviteRequest(
            parent=f"tenants/{tenant}" if tenant else "",
            invite=pb.Invite(email=email, role=f"roles/{role}", reason="a new colleague"),
        )
        return await invites(tenant, boss).CreateInvite(request), given

    return send


@pytest.fixture
def accept(invites):
    async def ask(token, password=PASSWORD, **more):
        request = pb.AcceptInviteRequest(token=token, password=password, **more)
        return await invites().AcceptInvite(request)

    return ask


@pytest.fixture
def roles_of(access):
    async def ask(admin, tenant):
        request = access_pb.ResolveAccessRequest(
            admin=admin, tenant=f"tenants/{tenant}" if tenant else ""
        )
        return list((await access.ResolveAccess(request)).roles)

    return ask
