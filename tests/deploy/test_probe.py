"""The probe of a container: it names what does not serve, of a gRPC service or of the gateway."""

import asyncio
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from deploy.probe import problem_of

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
async def served() -> AsyncIterator[tuple[str, health.aio.HealthServicer]]:
    server, status = grpc.aio.server(), health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}", status
    await server.stop(None)


async def test_a_service_that_serves_is_ready(served):
    address, status = served
    await status.set("", SERVING)

    assert await asyncio.to_thread(problem_of, address) == ""


async def test_a_service_that_says_it_does_not_serve_is_not_ready(served):
    address, status = served
    await status.set("", NOT_SERVING)

    assert await asyncio.to_thread(problem_of, address) == f"{address} reports NOT_SERVING"


@pytest.mark.parametrize("target", ["127.0.0.1:1", "http://127.0.0.1:1/readyz"])
def test_where_nobody_listens_nothing_is_ready(target):
    assert "does not respond" in problem_of(target)


@pytest.mark.parametrize(("status", "problem"), [(200, ""), (503, "returned 503")])
def test_a_gateway_is_ready_when_its_page_says_so(status, problem):
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.handle_request, daemon=True).start()

    reported = problem_of(f"http://127.0.0.1:{server.server_port}/readyz")

    server.server_close()
    assert reported.endswith(problem)
    assert bool(reported) == bool(problem)
