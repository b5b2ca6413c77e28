"""Callers in an outage: reads are retried, on a budget that keeps it from growing."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest
from joserfc.jwk import OKPKey
from souk.audit.v1 import audit_service_pb2 as pb
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub

from services.kernel.client import channel
from services.kernel.credentials import Signer
from services.kernel.scope import Scope, bound

CALLS = 200
MOST_ATTEMPTS = 1.1
SPENT = 20
"""Attempts that the budget grants before it is used up: ten tokens, two retries a call."""


@asynccontextmanager
async def down():
    """A server that refuses every call, and counts them."""
    attempts = []

    async def refuse(request, context):
        attempts.append(request)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "down")

    handler = grpc.unary_unary_rpc_method_handler(
        refuse,
        request_deserializer=pb.ListEventsRequest.FromString,
        response_serializer=pb.ListEventsResponse.SerializeToString,
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "souk.audit.v1.AuditService", {"ListEvents": handler}
            )
        ]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    signer = Signer("gateway", OKPKey.generate_key("Ed25519").as_pem(private=True).decode())
    wire = channel(f"127.0.0.1:{port}", signer=signer, audience="audit", contract=[pb.DESCRIPTOR])
    try:
        yield AuditServiceStub(wire), attempts
    finally:
        await wire.close()
        await server.stop(None)


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_retries_make_an_outage_hardly_any_greater(tenant):
    async def ask():
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.ListEvents(pb.ListEventsRequest(parent=f"tenants/{tenant}"))

    async with down() as (stub, attempts):
        with bound(Scope(tenant, "admins/user_test", frozenset({"event:read"}))):
            for _ in range(CALLS // 20):
                await asyncio.gather(*(ask() for _ in range(20)))

    assert CALLS < len(attempts) <= MOST_ATTEMPTS * CALLS + SPENT
