"""Liveness, readiness and metrics, for operators only."""

import asyncio

import grpc
from fastapi import Depends, Request, Response
from grpc_health.v1 import health_pb2
from pydantic import BaseModel, Field

from gateway.identity.access_facts import gateway_scope
from gateway.medusa import responses
from gateway.medusa.errors import Problem, Refused, problem_of_status
from gateway.medusa.router import Router
from gateway.request_state import state_of
from gateway.runtime import RuntimeOf
from services.kernel.call.scope import bound

_CHECK_SECONDS = 0.5


async def _for_operators(request: Request) -> None:
    """Refuses tenants' own domains and clients behind the proxies, which have no such routes."""
    state = state_of(request)
    if not state.is_platform_host or state.client.is_forwarded:
        raise Refused(problem_of_status(404))


router = Router(
    tags=["Health"],
    dependencies=[Depends(_for_operators)],
    responses=responses.errors(404, 503),
)


class Alive(BaseModel):
    status: str = Field(examples=["alive"])


class Ready(BaseModel):
    status: str = Field(examples=["ready"])
    parts: dict[str, str] = Field(
        description="The state of each dependency: serving or unreachable."
    )


@router.get(
    "/healthz",
    summary="Check liveness",
    responses=responses.documented(Alive, "It is."),
)
async def healthz() -> Response:
    """Returns 200 as long as the process responds; checks no dependency."""
    return responses.answer({"status": "alive"})


@router.get(
    "/readyz",
    summary="Check readiness",
    responses=responses.documented(Ready, "The gateway is ready to serve requests."),
)
async def readyz(request: Request, runtime: RuntimeOf) -> Response:
    """Checks every dependency; returns 200 while storefronts can be served.

    That takes catalog-opt-in, and tenant-registry or cached tenants. Without Redis or audit the
    gateway stays ready, with degraded service. 503 NOT_READY lists the state of each dependency.
    """
    names = list(runtime.clients.channels)
    states = await asyncio.gather(*(_state(runtime.clients.channels[name]) for name in names))
    parts = dict(zip(names, states, strict=True))
    parts["redis"] = "serving" if await runtime.tenancy.redis_answers() else "unreachable"
    if state_of(request).is_draining:
        parts["gateway"] = "draining"
    knows_tenants = parts["tenant-registry"] == "serving" or runtime.tenancy.knows_fallback
    if parts["catalog-opt-in"] == "serving" and knows_tenants and "gateway" not in parts:
        return responses.answer({"status": "ready", "parts": parts})
    raise Refused(
        Problem(
            503,
            "unavailable",
            "NOT_READY",
            "The gateway is not ready to serve requests. See details.parts.",
            {"parts": parts},
            {"retry-after": "1"},
        )
    )


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


@router.get(
    "/metrics",
    summary="Get Prometheus metrics",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(runtime: RuntimeOf) -> Response:
    """Returns request times by route and responses by tenant, in Prometheus' text format."""
    text, media_type = runtime.metrics.text()
    return Response(text, media_type=media_type)
