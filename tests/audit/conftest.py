"""The audit service as a process, and events that a service has sealed and signed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import pytest_asyncio
from souk.audit.v1 import audit_service_pb2 as pb
from souk.audit.v1.audit_service_pb2_grpc import AuditServiceStub

from deploy.local import ports
from deploy.local.processes import Child
from services.kernel.call.client import channel
from services.kernel.call.credentials import Signer
from services.kernel.call.errors import from_rpc
from services.kernel.call.names import new_id
from services.kernel.call.scope import Scope, bound
from services.kernel.evidence.audit import seal
from services.kernel.evidence.event_signatures import EventKey
from tests.cluster import Cluster, cluster  # noqa: F401 - a fixture


@dataclass
class Audit:
    """The audit service: a process, and calls to it in the gateway's name."""

    cluster: Cluster
    port: int
    child: Child
    stub: AuditServiceStub

    async def start(self) -> None:
        self.child = await self.cluster.serve("audit", self.port)

    async def record(self, *events):
        scope = Scope(None, "services/catalog-opt-in", frozenset({"event:record"}))
        request = pb.RecordEventsRequest(events=events)
        return (await self._call(self.stub.RecordEvents, request, scope)).recorded_count

    async def page(self, tenant: str, **arguments):
        request = pb.ListEventsRequest(parent=f"tenants/{tenant}", **arguments)
        return await self._call(self.stub.ListEvents, request, _reader(tenant))

    async def events(self, tenant: str, **arguments) -> list[pb.Event]:
        """Reads all pages."""
        page = await self.page(tenant, page_size=200, **arguments)
        found = list(page.events)
        while page.next_page_token:
            page = await self.page(
                tenant, page_size=200, page_token=page.next_page_token, **arguments
            )
            found += page.events
        return found

    async def get(self, tenant: str, name: str):
        return await self._call(self.stub.GetEvent, pb.GetEventRequest(name=name), _reader(tenant))

    async def erase(self, tenant: str, name: str):
        scope = Scope(tenant, "admins/user_1", frozenset({"event:erase"}))
        request = pb.EraseEventPayloadRequest(name=name)
        return await self._call(self.stub.EraseEventPayload, request, scope)

    async def _call(self, method, request, scope):
        with bound(scope):
            try:
                return await method(request, timeout=5, wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                raise from_rpc(error) from None


def _reader(tenant: str) -> Scope:
    return Scope(tenant, "admins/user_1", frozenset({"event:read"}))


RUNNING: list[Audit] = []


@pytest_asyncio.fixture(scope="module")
async def forgetting() -> AsyncIterator[None]:
    """Starts a service anew that remembers trees which the tests of a module have taken away."""
    yield
    for service in RUNNING:
        await service.child.stop()
        await service.start()


@pytest_asyncio.fixture(scope="session")
async def audit(cluster: Cluster) -> AsyncIterator[Audit]:  # noqa: F811
    [port] = ports.free(1)
    signer = Signer("gateway", (cluster.secrets / "gateway.key").read_text())
    async with channel(
        f"127.0.0.1:{port}", signer=signer, audience="audit", contract=[pb.DESCRIPTOR]
    ) as wire:
        child = await cluster.serve("audit", port)
        made = Audit(cluster, port, child, AuditServiceStub(wire))
        RUNNING.append(made)
        yield made
        RUNNING.remove(made)
        await made.child.stop()


FACTS: dict[str, Any] = {
    "service": "catalog-opt-in",
    "method": "souk.catalog_opt_in.v1.ListingService/CreateListing",
    "permission": "listing:write",
    "actor": "admins/user_1",
    "session": "ses_1",
    "request_id": "req-1",
    "occur_time": "2026-09-21T14:13:20.123456Z",
    "outcome": "DONE",
    "reason": "",
    "times": 1,
}
CHANGE = {"field": "state", "before": '"LIVE"', "after": '"HIDDEN"', "personal": False}


MakesEvents = Callable[..., pb.Event]


@pytest.fixture
def event(cluster: Cluster) -> MakesEvents:  # noqa: F811
    """Makes sealed events of a tenant, signed by the service that they name."""
    return signed_events(cluster.event_key)


def signed_events(key_of: Callable[[str], EventKey]) -> MakesEvents:
    def make(tenant: str, *, changes=(CHANGE,), address="192.0.2.7", **facts: Any) -> pb.Event:
        name = f"tenants/{tenant}/events/{new_id('evt')}"
        known = FACTS | {"event": name, "resource": f"tenants/{tenant}/listings/prod_1"} | facts
        sealed = seal(known, {"address": address, "changes": list(changes)})
        return pb.Event(
            name=known["event"],
            envelope=sealed.envelope,
            payload=sealed.payload,
            salt=sealed.salt,
            signature=key_of(known["service"] or FACTS["service"]).sign(sealed.envelope),
        )

    return make


def sealed_parts(event: pb.Event) -> tuple[bytes, ...]:
    """What a service sends of an event, and what comes back of it for good."""
    return event.envelope, event.payload, event.salt, event.signature
