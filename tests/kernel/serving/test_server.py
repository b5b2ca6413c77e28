"""A service as a process: its logs, its deadlines, and how it stops."""

import asyncio
import json
import signal
import time
from typing import Any, cast
from uuid import uuid4

import grpc
import httpx
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from souk.audit.v1 import audit_service_pb2 as pb
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub
from souk.catalog_opt_in.v1 import listing_service_pb2, storefront_service_pb2

from deploy.local import ports
from services.kernel.call import client
from services.kernel.call.credentials import Signer
from services.kernel.call.scope import Scope, bound


class Audit:
    """The audit service, alone, and calls to it for two tenants."""

    def __init__(self, cluster, port, child, stub):
        self.cluster, self.port, self.child, self.stub = cluster, port, child, stub

    async def page(self, tenant, *, request_id="", parent="", **options):
        permissions = frozenset({"event:read"})
        with bound(Scope(tenant, "admins/user_1", permissions, request_id=request_id)):
            request = pb.ListEventsRequest(parent=parent or f"tenants/{tenant}")
            return await self.stub.ListEvents(request, **options)

    async def ready(self):
        """What it tells operators of its readiness."""
        url = f"http://{self.child.program.environment['SOUK_INTERNAL_LISTEN']}/readyz"
        async with httpx.AsyncClient(trust_env=False) as operator:
            return await operator.get(url)

    def log(self, request_id):
        lines = (self.cluster.folder / "audit.log").read_text().splitlines()
        return [line for line in map(json.loads, lines) if line.get("request_id") == request_id]


@pytest_asyncio.fixture
async def audit(cluster):
    [port] = ports.free(1)
    signer = Signer("gateway", (cluster.secrets / "gateway.key").read_text())
    async with client.channel(
        f"127.0.0.1:{port}", signer=signer, audience="audit", contract=[pb.DESCRIPTOR]
    ) as wire:
        child = await cluster.serve("audit", port)
        yield Audit(cluster, port, child, AuditServiceStub(wire))
        if child.running:
            await child.stop()


async def test_every_line_of_a_failed_call_says_tenant_actor_and_request(audit):
    for tenant, other in (("paris", "lyon"), ("lyon", "paris")):
        request_id = uuid4().hex
        with pytest.raises(grpc.aio.AioRpcError):
            await audit.page(tenant, parent=f"tenants/{other}", request_id=request_id)

        lines = audit.log(request_id)
        assert lines
        assert {(line["tenant"], line["actor"]) for line in lines} == {(tenant, "admins/user_1")}
        assert {line["process"] for line in lines} == {"audit"}


async def test_a_service_that_hangs_is_waited_for_no_longer_than_the_deadline(audit):
    await audit.page("paris", wait_for_ready=True)
    audit.child.signal(signal.SIGSTOP)
    started = time.monotonic()

    for tenant in ("paris", "lyon"):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await audit.page(tenant, timeout=0.3)
        assert failed.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    audit.child.signal(signal.SIGCONT)
    assert time.monotonic() - started < client.CALL_SECONDS


async def test_a_request_that_has_no_time_left_gets_no_answer(audit):
    for tenant in ("paris", "lyon"):
        with client.deadline(0), pytest.raises(grpc.aio.AioRpcError) as failed:
            await audit.page(tenant)
        assert failed.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_only_reads_are_ever_tried_again():
    contract = [listing_service_pb2.DESCRIPTOR, storefront_service_pb2.DESCRIPTOR]

    retried = {entry["method"] for entry in client._reads(contract)}

    assert retried == {
        "GetListing",
        "ListListings",
        "GetStoreProduct",
        "ListStoreProducts",
        "ListStoreCollections",
        "ListStoreCategories",
        "ListStoreTags",
        "ListStoreTypes",
        "ListStoreVariants",
        "ListStoreOptions",
        "QuoteVariants",
        "ListCatalogueVersions",
    }


async def test_a_service_told_to_stop_answers_what_it_has_begun(audit, cluster):
    await audit.page("paris", wait_for_ready=True)
    superuser = await cluster.connect("audit")
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        begun = [asyncio.create_task(audit.page(tenant)) for tenant in ("paris", "lyon")]
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event'::regclass"
        while await superuser.fetchval(waiting) < len(begun):
            await asyncio.sleep(0.01)
        audit.child.signal(signal.SIGTERM)
    await superuser.close()

    answers = await asyncio.gather(*begun)

    assert [type(answer) for answer in answers] == [pb.ListEventsResponse] * 2
    assert await audit.child.process.wait() == 0


async def test_a_service_says_that_it_stops_while_it_still_takes_calls(audit):
    await audit.page("paris", wait_for_ready=True)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{audit.port}") as wire:
        health: Any = health_pb2_grpc.HealthStub(wire)
        request = health_pb2.HealthCheckRequest(service=client.TAKES_CALLS)
        watch = health.Watch(request)
        serving = await watch.read()
        audit.child.signal(signal.SIGTERM)
        leaving = await watch.read()
        answer = await health.Check(request)
        ready = await audit.ready()

    assert (ready.status_code, ready.json()["parts"]["calls"]) == (503, "draining")
    assert serving.status == health_pb2.HealthCheckResponse.SERVING
    assert leaving.status == answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_anybody_may_ask_for_its_health_and_what_it_offers(audit):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{audit.port}") as wire:
        # The stubs of these two packages know no asyncio.
        health: Any = health_pb2_grpc.HealthStub(wire)
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(cast(Any, wire))
        healthy = await health.Check(health_pb2.HealthCheckRequest())
        asking = reflection.ServerReflectionInfo()
        await asking.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        offered = await asking.read()

    assert healthy.status == health_pb2.HealthCheckResponse.SERVING
    names = {service.name for service in offered.list_services_response.service}
    assert "souk.audit.v1.AuditService" in names
