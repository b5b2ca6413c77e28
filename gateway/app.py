"""Builds the gateway's application: routes, hot layer and guard; nothing runs on import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

from fastapi import FastAPI

from gateway import accounts, admin, store
from gateway.edge import docs_page
from gateway.edge.body_budget import BodyBudget
from gateway.edge.bounded import Bounded
from gateway.edge.draining import Draining
from gateway.edge.guard import Guard
from gateway.hot import HotLayer
from gateway.hot.reads import HotReads
from gateway.identity.body_routes import BodyRoutes
from gateway.medusa import errors, openapi
from gateway.runtime import Runtime
from gateway.settings import GatewaySettings


def create_app(settings: GatewaySettings) -> Guard:
    """Builds the application; it opens its channels and Redis at startup."""
    api, started = create_api(), SimpleNamespace()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
        # Twice, since every request would wait for Starlette's state to find its attribute.
        started.runtime = api.state.runtime = runtime = Runtime.build(settings)
        runtime.start()
        try:
            # For the HTTP protocol, the server and the guard: each request's scope has them.
            yield {
                "body_budget": BodyBudget(runtime.edge.addresses),
                "draining": Draining(),
                "runtime": runtime,
            }
        finally:
            await runtime.close()

    api.router.lifespan_context = lifespan
    routes = Bounded(api, lambda kind: started.runtime.queue_of(kind))
    hot_reads = HotReads(store.HOT_READS, of_setup=store.SETUP_READS)
    hot = HotLayer(routes, lambda: started.runtime.hot, hot_reads)
    return Guard(hot, lambda: started.runtime.edge, BodyRoutes(api).reads_body)


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
    for router in (*accounts.routers, *store.routers, *admin.routers):
        api.include_router(router)
    errors.install(api)
    openapi.install(api)
    docs_page.install(api)
    return api
