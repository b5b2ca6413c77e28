"""Builds the gateway's application: the routes, wrapped in the guard; nothing runs on import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gateway import accounts, admin, health, store
from gateway.edge import docs_page
from gateway.edge.body_budget import BodyBudget
from gateway.edge.guard import Guard
from gateway.identity.body_routes import BodyRoutes
from gateway.medusa import errors, openapi
from gateway.runtime import Runtime
from gateway.settings import GatewaySettings


def create_app(settings: GatewaySettings) -> Guard:
    """Builds the application; it opens its channels and Redis at startup.

    A cache for hot reads would go between the guard and the routes: the guard has resolved the
    tenant by then, and the cache would save the cost of the routes.
    """
    api = create_api()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
        api.state.runtime = runtime = Runtime.build(settings)
        runtime.start()
        try:
            yield {"body_budget": BodyBudget(runtime.edge.addresses)}  # for the HTTP protocol
        finally:
            await runtime.close()

    api.router.lifespan_context = lifespan
    return Guard(api, lambda: api.state.runtime.edge, BodyRoutes(api).reads_body)


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
