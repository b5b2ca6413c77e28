"""Admins with roles, and calls of AssignmentService in their names."""

import pytest
from souk.tenant_registry.v1 import access_service_pb2 as access_pb
from souk.tenant_registry.v1 import assignment_service_pb2 as pb
from souk.tenant_registry.v1.assignment_service_pb2_grpc import AssignmentServiceStub


@pytest.fixture
def acting(scoped_stub):
    """Makes stubs of an admin who stands somewhere: acting("user_1", "paris")."""

    def make(admin, tenant):
        return scoped_stub(
            AssignmentServiceStub,
            "tenant-registry",
            tenant=tenant,
            actor=f"admins/{admin}",
            permissions={"assignment:read", "assignment:write"},
        )

    return make


@pytest.fixture
def give(acting):
    """Gives a role as an admin; keywords are more of the assignment."""

    async def act(by, admin, role, tenant, *, dry=False, **fields):
        assignment = pb.Assignment(
            admin=f"admins/{admin}", role=f"roles/{role}", **{"reason": "a test"} | fields
        )
        parent = f"tenants/{tenant}" if tenant else ""
        return await acting(by, tenant).CreateAssignment(
            pb.CreateAssignmentRequest(parent=parent, assignment=assignment, validate_only=dry)
        )

    return act


@pytest.fixture
def take(acting):
    async def act(by, assignment, tenant, *, dry=False, reason=""):
        place = f"tenants/{tenant}/" if tenant else ""
        name = f"{place}assignments/{assignment.rpartition('/')[2]}"
        request = pb.DeleteAssignmentRequest(name=name, validate_only=dry, reason=reason)
        return await acting(by, tenant).DeleteAssignment(request)

    return act


@pytest.fixture
def holds(access):
    async def ask(admin, tenant):
        place = f"tenants/{tenant}" if tenant else ""
        request = access_pb.ResolveAccessRequest(admin=f"admins/{admin}", tenant=place)
        answer = await access.ResolveAccess(request)
        return set(answer.roles), answer.version

    return ask
