"""Whether the gateway can serve shops, for operators."""

import asyncio
from collections.abc import Mapping
from typing import cast

import grpc
from grpc_health.v1 import health_pb2

from gateway import certificates
from gateway.edge.draining import Server
from gateway.identity.access_facts import gateway_scope
from gateway.runtime import Runtime
from services.kernel.call.scope import bound
from services.kernel.operation import endpoints, metrics
from services.kernel.operation.endpoints import Answer, App, Readiness

_CHECK_SECONDS = 0.5


def create_app(server: Server) -> App:
    """Builds what the gateway of a server tells operators."""

    async def readiness() -> Readiness:
        if not server.started:
            return Readiness(is_ready=False, parts={"gateway": "starting"})
        return await _readiness(_runtime(server), is_draining=server.draining.has_begun)

    async def page() -> Answer:
        own = [_runtime(server).metrics.registry] if server.started else []
        return await metrics.page(metrics.REGISTRY, *own)

    async def tls_ask(query: Mapping[str, str]) -> Answer:
        if not server.started:
            return endpoints.json_answer(503, {"message": "The gateway is starting."})
        return await certificates.answer(_runtime(server), query)

    return endpoints.create_app(
        readiness=readiness, metrics=page, more={certificates.PATH: tls_ask}
    )


def _runtime(server: Server) -> Runtime:
    """Returns the parts that a server that has started runs."""
    return cast(Runtime, server.lifespan.state["runtime"])


async def _readiness(runtime: Runtime, *, is_draining: bool) -> Readiness:
    """Checks every dependency; the gateway is ready while storefronts can be served.

    That takes catalog-opt-in, and tenant-registry or cached tenants. Without Redis or audit the
    gateway stays ready, with degraded service.
    """
    names = list(runtime.clients.channels)
    states = await asyncio.gather(*(_state(runtime.clients.channels[name]) for name in names))
    parts = dict(zip(names, states, strict=True))
    parts["redis"] = "serving" if await runtime.tenancy.redis_answers() else "unreachable"
    parts["gateway"] = "draining" if is_draining else "serving"
    knows_tenants = parts["tenant-registry"] == "serving" or runtime.tenancy.knows_fallback
    is_ready = parts["catalog-opt-in"] == parts["gateway"] == "serving" and knows_tenants
    return Readiness(is_ready, parts)


async def _state(channel: grpc.aio.Channel) -> str:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    try:
        with bound(gateway_scope("health:check", "")):
            answer = await check(health_pb2.HealthCheckRequest(), timeout=_CHECK_SECONDS)
    except grpc.aio.AioRpcError:
        return "unreachable"
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status).lower()
