"""Checks whether a process is ready to serve."""

import asyncio
import functools
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.processes import Child
from deploy.local.state import CannotStart

READY_SECONDS = 120.0
_PAUSE_SECONDS = 0.05
_RECONNECT = (("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", 50))


async def wait(child: Child, is_ready: Callable[[], Awaitable[bool]]) -> None:
    """Waits until the process is ready.

    Raises:
        CannotStart: it ended, or was not ready within READY_SECONDS; with the end of its log.
    """
    end = time.monotonic() + READY_SECONDS
    while not await is_ready():
        if not child.running:
            raise CannotStart(f"{child.describe_exit()}")
        if time.monotonic() > end:
            raise CannotStart(
                f"{child.program.name} was not ready within {READY_SECONDS:.0f} s."
                f" Last lines of {child.log}:\n{child.log_tail()}"
            )
        await asyncio.sleep(_PAUSE_SECONDS)


async def grpc_is_ready(address: str) -> bool:
    """Returns whether a gRPC service is serving, by the standard health protocol."""
    async with grpc.aio.insecure_channel(address, options=_RECONNECT) as channel:
        try:
            stub: Any = health_pb2_grpc.HealthStub(channel)  # its type stubs lack the methods
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


# Loading the trust store takes longer than a response, and this is called repeatedly.
_tls = functools.cache(ssl.create_default_context)


async def http_is_ready(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=2, verify=_tls()) as client:
        try:
            return (await client.get(f"{url}/readyz")).is_success
        except httpx.HTTPError:
            return False
