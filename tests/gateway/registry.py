# ruff: noqa: N802 - RPC methods carry their proto names.
"""A registry that does what a test says, on a real gRPC server."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import grpc
from grpc_status import rpc_status
from souk.tenant_registry.v1 import tenant_registry_service_pb2_grpc as registry_grpc
from souk.tenant_registry.v1.tenant_pb2 import Tenant, TenantConfig

from gateway.tenancy import Tenancy
from gateway.tenancy.shared import SharedTenants
from services.kernel.errors import NotFound, ServiceError, Unavailable, to_status

BASE = "impactnutrition.com"


def config(tenant="paris", *, version=1, hosts=(), currency="EUR", state=Tenant.STATE_ACTIVE):
    return TenantConfig(
        tenant=Tenant(
            name=f"tenants/{tenant}",
            display_name=tenant.title(),
            country_code="FR",
            currency_code=currency,
            default_locale="fr",
            state=state,
        ),
        hosts=[*hosts],
        version=version,
    )


class Registry(registry_grpc.TenantRegistryServiceServicer):
    """Tenants by id; `asked` are the questions in order, `gate` holds them."""

    def __init__(self):
        self.tenants = {}
        self.asked = []
        self.is_down = False
        self.gate = asyncio.Event()
        self.gate.set()

    def put(self, *configs):
        for one in configs:
            self.tenants[one.tenant.name.removeprefix("tenants/")] = one

    async def ResolveTenant(self, request, context):
        self.asked.append(request.name)
        return await self._answer(self.tenants.get(request.name.removeprefix("tenants/")), context)

    async def ResolveHost(self, request, context):
        self.asked.append(request.host)
        found = [
            one
            for tenant, one in self.tenants.items()
            if request.host in one.hosts or request.host == f"{tenant}.{BASE}"
        ]
        return await self._answer(found[0] if found else None, context)

    async def _answer(self, found, context):
        await self.gate.wait()
        error: ServiceError | None = None
        if self.is_down:
            error = Unavailable("UNAVAILABLE", "down")
        elif found is None:
            error = NotFound("TENANT_NOT_FOUND", "nobody")
        if error is not None:
            await context.abort_with_status(rpc_status.to_status(to_status(error)))
        return found


@asynccontextmanager
async def serving():
    """Gives a registry and a function that makes gateways' tenancies in front of it."""
    registry, server = Registry(), grpc.aio.server()  # type: ignore[abstract]  # two methods do
    registry_grpc.add_TenantRegistryServiceServicer_to_server(registry, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    made = []

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        clients = SimpleNamespace(tenants=registry_grpc.TenantRegistryServiceStub(channel))

        def tenancy(redis_url, *, listening=False):
            shared = SharedTenants(redis_url, b"secret")
            one = Tenancy(
                clients,  # type: ignore[arg-type]  # the one stub of them that it asks
                shared,
                base_domain=BASE,
                fallback="hq",
            )
            made.append(one)
            if listening:
                one.start()
            return one

        yield registry, tenancy
        for one in made:
            await one.close()
    await server.stop(None)
