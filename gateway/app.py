"""Builds the gateway's application: the routes, wrapped in the guard; nothing runs on import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gateway import accounts, admin, health, store
from gateway.clients import Clients
from gateway.edge import docs_page
from gateway.edge.client_address import Addresses
from gateway.edge.fair_queue import Pace, Slots
from gateway.edge.guard import Guard
from gateway.identity.access_facts import AccessFacts
from gateway.identity.api_keys import ApiKeys
from gateway.identity.session_tokens import Sessions
from gateway.limits import Limiter, SharedCounts
from gateway.medusa import errors, openapi
from gateway.metrics import Metrics
from gateway.runtime import Runtime
from gateway.settings import GatewaySettings
from gateway.tenancy import Tenancy
from gateway.tenancy.hosts import Hosts
from gateway.tenancy.redis_tenants import SharedTenants
from gateway.tenancy.registry_lookups import Questions
from services.kernel.process.secret_files import ring
from services.kernel.process.signing_keys import read_set


def create_app(settings: GatewaySettings) -> Guard:
    """Builds the application; it opens its channels and Redis at startup.

    A cache for hot reads would go between the guard and the routes: the guard has resolved the
    tenant by then, and the cache would save the cost of the routes.
    """
    api = create_api()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runtime = _runtime(settings)
        api.state.runtime = runtime
        runtime.tenancy.start()
        runtime.limiter.start()
        try:
            yield
        finally:
            await runtime.limiter.close()
            await runtime.tenancy.close()
            await runtime.clients.close()

    api.router.lifespan_context = lifespan
    return Guard(api, lambda: api.state.runtime)


def create_api() -> FastAPI:
    """Builds only the routes, as OpenAPI describes them; they need the guard to work."""
    # No redirect between /x and /x/, since it would be built from the Host header.
    api = FastAPI(
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
        **openapi.ABOUT,
    )
    for router in (health.router, *accounts.routers, *store.routers, *admin.routers):
        api.include_router(router)
    errors.install(api)
    openapi.install(api)
    docs_page.install(api)
    return api


def _runtime(settings: GatewaySettings) -> Runtime:
    clients = Clients(settings)
    shared = SharedTenants(str(settings.redis), settings.secret_file("redis.key", ring))
    limiter = Limiter(SharedCounts(str(settings.redis)))
    return Runtime(
        settings=settings,
        clients=clients,
        hosts=Hosts(settings.base_domain, settings.platform_hosts),
        addresses=Addresses([*settings.trusted_proxies]),
        tenancy=Tenancy(
            Questions(clients, limiter),
            shared,
            base_domain=settings.base_domain,
            fallback=settings.fallback,
        ),
        metrics=Metrics(),
        sessions=Sessions(settings.secret_file("session.jwks", read_set)),
        access=AccessFacts(clients),
        api_keys=ApiKeys(clients),
        limiter=limiter,
        slots=Slots(),
        pace=Pace(),
    )
