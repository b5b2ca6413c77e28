"""What a channel does when the other end does not answer: few repeats, and no work left behind."""

import asyncio
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from souk.tenant_registry.v1 import tenant_registry_service_pb2_grpc as pb_grpc

from deploy.secrets.creation import make_secrets
from services.kernel.call import recorded_events
from services.kernel.call.client import CALL_SECONDS, TAKES_CALLS, channel, deadline
from services.kernel.call.credentials import Signer
from services.kernel.call.scope import Scope, bound

SCOPE = Scope("paris", "admins/user_1", frozenset({"tenant:read"}))
SERVING = HealthCheckResponse.SERVING
CALLS = 400
AT_ONCE = 20


class Registry:
    """Answers every method alike, and counts what reaches it."""

    def __init__(self, behave):
        self.attempts = 0
        self.health = health.aio.HealthServicer()
        self._behave = behave

    def __getattr__(self, method):
        return self._serve

    async def _serve(self, request, context):
        self.attempts += 1
        return await self._behave(context)


@asynccontextmanager
async def serving(*instances, secrets):
    """Starts a server for each, whose health is the instance's; gives a stub for all of them."""
    servers, ports = [], []
    for registry in instances:
        server = grpc.aio.server()
        pb_grpc.add_TenantRegistryServiceServicer_to_server(registry, server)
        health_pb2_grpc.add_HealthServicer_to_server(registry.health, server)
        await registry.health.set(TAKES_CALLS, SERVING)
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        servers.append(server)
    opened = channel(
        "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports),
        signer=Signer("gateway", (secrets / "gateway.key").read_text()),
        audience="tenant-registry",
        contract=(pb.DESCRIPTOR,),
    )
    try:
        yield pb_grpc.TenantRegistryServiceStub(opened)
    finally:
        await opened.close()
        for server in servers:
            await server.stop(0)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    make_secrets(folder)
    return folder


async def unavailable(context):
    await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")


async def test_an_outage_is_not_made_worse_by_repeats(secrets):
    registry = Registry(unavailable)
    async with serving(registry, secrets=secrets) as stub:
        for _ in range(CALLS // AT_ONCE):
            with bound(SCOPE):
                request = pb.GetTenantRequest(name="tenants/paris")
                calls = [stub.GetTenant(request) for _ in range(AT_ONCE)]
                ends: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
            assert {end.code() for end in ends} == {grpc.StatusCode.UNAVAILABLE}

    assert CALLS <= registry.attempts <= 1.1 * CALLS


async def test_one_failure_alone_is_repeated_and_not_noticed(secrets):
    async def once(context):
        if registry.attempts == 1:
            await unavailable(context)
        return tenants.Tenant(name="tenants/paris")

    registry = Registry(once)
    async with serving(registry, secrets=secrets) as stub:
        found = await _get(stub)

    assert (found.name, registry.attempts) == ("tenants/paris", 2)


async def test_a_write_is_never_repeated(secrets):
    registry = Registry(unavailable)
    async with serving(registry, secrets=secrets) as stub:
        for _ in range(5):
            with bound(SCOPE), pytest.raises(grpc.aio.AioRpcError):
                await stub.ActivateTenant(pb.ActivateTenantRequest(name="tenants/paris"))

    assert registry.attempts == 5


async def test_an_instance_that_is_about_to_stop_gets_no_more_calls(secrets):
    async def answer(context):
        return tenants.Tenant(name="tenants/paris")

    stays, leaves = Registry(answer), Registry(answer)
    async with serving(stays, leaves, secrets=secrets) as stub, asyncio.timeout(10):
        while not (stays.attempts and leaves.attempts):
            await _get(stub)
        await leaves.health.enter_graceful_shutdown()
        reached = -1
        while reached != leaves.attempts:  # until ten in a row went to the other
            reached = leaves.attempts
            for _ in range(10):
                await _get(stub)


async def test_a_call_that_was_given_no_deadline_has_one(secrets):
    left = []

    async def answer(context):
        left.append(context.time_remaining())
        return tenants.Tenant(name="tenants/paris")

    async with serving(Registry(answer), secrets=secrets) as stub:
        await _get(stub)

    assert 0 < left[0] <= CALL_SECONDS <= 5


async def test_the_callers_deadline_travels_and_cancels_the_work(secrets):
    ended = asyncio.Event()
    left = []

    async def forever(context):
        left.append(context.time_remaining())
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with serving(Registry(forever), secrets=secrets) as stub:
        with bound(SCOPE), deadline(0.3), pytest.raises(grpc.aio.AioRpcError) as refusal:
            await stub.ActivateTenant(pb.ActivateTenantRequest(name="tenants/paris"))
        async with asyncio.timeout(2):
            await ended.wait()

    assert refusal.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 0 < left[0] <= 0.3


@pytest.mark.parametrize("collecting", [nullcontext, recorded_events.collecting])
async def test_a_caller_that_goes_away_takes_the_work_with_it(secrets, collecting):
    began, ended = asyncio.Event(), asyncio.Event()

    async def forever(context):
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with serving(Registry(forever), secrets=secrets) as stub:
        with bound(SCOPE), collecting():
            request = pb.ActivateTenantRequest(name="tenants/paris")
            call = asyncio.create_task(stub.ActivateTenant(request))
            await began.wait()
            call.cancel()
            async with asyncio.timeout(2):
                await ended.wait()


async def _get(stub):
    with bound(SCOPE):
        return await stub.GetTenant(pb.GetTenantRequest(name="tenants/paris"))
