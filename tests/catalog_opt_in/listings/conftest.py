"""Fixtures of the tests of listings: the events that acts on them leave."""

import asyncio

import pytest
from souk.audit.v1 import audit_service_pb2 as audit
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub


@pytest.fixture
def events(scoped_stub):
    """Reads a tenant's events, once there are as many as the test waits for; oldest first."""

    async def read(tenant, *, at_least):
        stub = scoped_stub(AuditServiceStub, "audit", tenant=tenant, permissions={"event:read"})
        async with asyncio.timeout(20):
            while True:
                answer = await stub.ListEvents(audit.ListEventsRequest(parent=f"tenants/{tenant}"))
                if len(answer.events) >= at_least:
                    return list(answer.events)[::-1]
                await asyncio.sleep(0.1)

    return read
