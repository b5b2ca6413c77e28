"""Two tenants on the real tenant-registry, and what gateway processes know of them."""

import asyncio
import signal
import uuid
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import pytest_asyncio
from pydantic import RedisDsn
from souk.tenant_registry.v1 import api_key_service_pb2 as keys_pb
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from deploy.local import ports
from gateway.clients import Clients
from gateway.limits import Limiter, RedisCounts
from gateway.limits.admission import LookupLimit
from gateway.settings import GatewaySettings
from gateway.tenancy import Tenancy
from gateway.tenancy.redis_tenants import RedisTenants
from gateway.tenancy.registry_lookups import RegistryLookups
from services.kernel.call.scope import Scope, bound
from services.kernel.process.secret_files import Fixed

HERE = "203.0.113.5"
NOWHERE = "redis://127.0.0.1:1/0"
BASE = "impactnutrition.com"
PERMISSIONS = frozenset(
    {"tenant:create", "tenant:write", "tenant:manage", "domain:write", "host:resolve"}
)


class RegistryProcess:
    """The real tenant-registry, to be killed, started again, and paused."""

    def __init__(self, cluster):
        self.cluster = cluster
        [self.port] = ports.free(1)
        self.child: Any = None
        self.created: list[str] = []

    async def run(self):
        if self.child is None or not self.child.running:
            self.child = await self.cluster.serve("tenant-registry", self.port)

    async def execute(self, statement, *arguments):
        connection = await self.cluster.connect("tenant_registry")
        await connection.execute(statement, *arguments)
        await connection.close()

    @contextmanager
    def paused(self):
        self.child.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.child.signal(signal.SIGCONT)


@pytest_asyncio.fixture(scope="module")
async def registry_process(cluster):
    started = RegistryProcess(cluster)
    yield started
    for table in ("api_key", "domain", "audit_leaf", "request_record", "tenant"):
        await started.execute(f"DELETE FROM {table} WHERE tenant_id = ANY($1)", started.created)
    if started.child is not None:
        await started.child.stop()


class RecordingStub:
    """The real stub, and what was looked up through it."""

    def __init__(self, stub, lookups):
        self._stub = stub
        self._lookups = lookups

    def __getattr__(self, method):
        def call(request):
            self._lookups.append(getattr(request, "host", "") or request.name)
            return getattr(self._stub, method)(request)

        return call


class TwoTenants:
    """Two tenants of one test's own, and gateways that ask the registry for them."""

    def __init__(self, registry_process, closing):
        self.registry_process = registry_process
        self.lookups: list[str] = []
        self._closing = closing
        clients = self._clients(registry_process.port)
        self._stub, self.api_keys = clients.tenants, clients.api_keys
        mark = uuid.uuid4().hex[:12]
        self.paris, self.lyon = f"paris-{mark}", f"lyon-{mark}"
        self.host, self.new_host = f"{mark}.example", f"new-{mark}.example"

    async def create(self):
        for tenant, currency in ((self.paris, "EUR"), (self.lyon, "TND")):
            sound = Tenant(
                display_name="Souk", country_code="FR", currency_code=currency, default_locale="fr"
            )
            self.registry_process.created.append(tenant)
            await self._act(None, pb.CreateTenantRequest(tenant_id=tenant, tenant=sound))
            await self.activate(tenant)
        await self.add(self.paris, self.host)

    async def add(self, tenant, host):
        await self._act(tenant, pb.CreateDomainRequest(parent=f"tenants/{tenant}", host=host))

    async def remove(self, tenant, host):
        name = f"tenants/{tenant}/domains/{host}"
        await self._act(tenant, pb.DeleteDomainRequest(name=name))

    async def suspend(self, tenant):
        await self._act(tenant, pb.SuspendTenantRequest(name=f"tenants/{tenant}"))

    async def activate(self, tenant):
        await self._act(tenant, pb.ActivateTenantRequest(name=f"tenants/{tenant}"))

    async def rename(self, tenant, name):
        changed = Tenant(name=f"tenants/{tenant}", display_name=name)
        await self._act(tenant, pb.UpdateTenantRequest(tenant=changed))

    async def publishable_key(self, tenant):
        api_key = keys_pb.ApiKey(title="Shop", kind=keys_pb.ApiKey.KIND_PUBLISHABLE)
        request = keys_pb.CreateApiKeyRequest(parent=f"tenants/{tenant}", api_key=api_key)
        with bound(Scope(tenant, "admins/user_1", frozenset({"key:write"}))):
            return (await self.api_keys.CreateApiKey(request)).secret

    async def config(self, tenant):
        return await self._act(None, pb.ResolveTenantRequest(name=f"tenants/{tenant}"))

    async def has_lookups(self):
        return bool(self.lookups)

    def gateway(self, redis_url, *, listening=False, port=None) -> Tenancy:
        """Makes what a gateway process knows; `port` is where it looks for the registry."""
        clients = self._clients(port or self.registry_process.port)
        noted: Any = RecordingStub(clients.tenants, self.lookups)
        clients.tenants = noted
        redis = RedisTenants(redis_url, Fixed((b"secret",)))
        lookups = RegistryLookups(clients, LookupLimit(Limiter(RedisCounts(NOWHERE))).allows)
        created = Tenancy(lookups, redis, base_domain=BASE, fallback="hq")
        self._closing.push_async_callback(created.close)
        if listening:
            created.start()
        return created

    def _clients(self, port):
        settings = GatewaySettings(
            secrets=self.registry_process.cluster.secrets,
            redis=RedisDsn(NOWHERE),
            tenant_registry=f"127.0.0.1:{port}",
            catalog_opt_in="127.0.0.1:1",
            commerce="127.0.0.1:1",
            audit="127.0.0.1:1",
            uploads="file:///nowhere",
        )
        clients = Clients(settings)
        self._closing.push_async_callback(clients.close)
        return clients

    async def _act(self, tenant, request):
        method = getattr(self._stub, type(request).__name__.removesuffix("Request"))
        with bound(Scope(tenant, "admins/user_1", PERMISSIONS)):
            # After a restart the wire may still be waiting for its next attempt to connect.
            return await method(request, wait_for_ready=True)


@pytest_asyncio.fixture
async def tenants(registry_process):
    await registry_process.run()
    async with AsyncExitStack() as closing:
        created = TwoTenants(registry_process, closing)
        await created.create()
        yield created


async def wait_until(condition):
    async with asyncio.timeout(5):
        while not await condition():
            await asyncio.sleep(0.01)


def make_older(tenancy, seconds):
    """Makes all that a process knows this much older."""
    memory = tenancy._memory
    for tenant_id in list(memory._tenants):
        memory.confirm_at(tenant_id, memory.tenant(tenant_id).confirmed_at - seconds)
