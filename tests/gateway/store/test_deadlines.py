"""How long a shopper's question may take."""

import grpc
import httpx
import pytest_asyncio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1 import storefront_service_pb2_grpc as pb_grpc

from services.kernel.call.client import TAKES_CALLS
from tests.platform import another_gateway


class Catalogue(pb_grpc.StorefrontServiceServicer):
    """Has no products, and notes how much time each question leaves it."""

    def __init__(self):
        self.seconds_left = []

    async def ListStoreProducts(self, request, context):  # noqa: N802 - the contract's name
        self.seconds_left.append(context.time_remaining())
        return pb.ListStoreProductsResponse()


@pytest_asyncio.fixture
async def catalogue_at():
    """A catalogue that runs, and its address."""
    server, status = grpc.aio.server(), health.aio.HealthServicer()
    catalogue = Catalogue()  # type: ignore[abstract]  # nothing else is asked of it
    pb_grpc.add_StorefrontServiceServicer_to_server(catalogue, server)
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    for name in ("", TAKES_CALLS):
        await status.set(name, health_pb2.HealthCheckResponse.SERVING)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield catalogue, f"127.0.0.1:{port}"
    await server.stop(grace=None)


async def test_a_shopper_waits_for_the_catalogue_for_two_seconds_at_most(
    platform, host, catalogue_at
):
    catalogue, address = catalogue_at
    async with (
        another_gateway(platform, SOUK_CATALOG_OPT_IN=address) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        for tenant in ("hq", "paris"):
            answer = await client.get("/store/products", headers=host(tenant))
            assert answer.status_code == 200, answer.text

    assert len(catalogue.seconds_left) >= 2
    # gRPC rounds what is left up, to whole milliseconds.
    assert all(0 < seconds < 2.1 for seconds in catalogue.seconds_left)
