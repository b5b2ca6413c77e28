"""What a process tells operators: its life, its readiness, its counts, and no more."""

import tomllib
from pathlib import Path

import httpx
import pytest

from services.kernel.operation import endpoints, metrics
from services.kernel.operation.endpoints import Answer, Readiness
from services.kernel.operation.version import VERSION

ROOT = Path(__file__).resolve().parents[3]
READY = Readiness(is_ready=True, parts={"database": "serving"})
NOT_READY = Readiness(is_ready=False, parts={"database": "unreachable"})


def client(readiness=READY, more=None):
    async def found():
        return readiness

    app = endpoints.create_app(readiness=found, metrics=metrics.page, more=more)
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://any.example")


async def test_a_process_that_lives_says_its_version():
    async with client(NOT_READY) as operator:
        answer = await operator.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive", "version": VERSION})


@pytest.mark.parametrize(("readiness", "status"), [(READY, 200), (NOT_READY, 503)])
async def test_readiness_is_a_status_with_the_state_of_each_part(readiness, status):
    async with client(readiness) as operator:
        answer = await operator.get("/readyz")

    assert answer.status_code == status
    assert answer.json()["parts"] == readiness.parts


async def test_metrics_name_the_version():
    async with client() as operator:
        answer = await operator.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert f'souk_build_info{{version="{VERSION}"}} 1.0' in answer.text


def test_the_version_is_that_of_the_package():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


async def test_a_process_has_endpoints_of_its_own_which_read_the_query():
    async def ask(query):
        return Answer(200, query["domain"].encode())

    async with client(more={"/internal/ask": ask}) as operator:
        answer = await operator.get("/internal/ask", params={"domain": "paris.example"})

    assert answer.text == "paris.example"


async def test_there_is_nothing_else():
    async with client() as operator:
        unknown = await operator.get("/store/products")
        write = await operator.post("/readyz")

    assert (unknown.status_code, write.status_code) == (404, 405)


async def test_an_endpoint_that_breaks_is_a_500_that_says_nothing():
    async def broken(_):
        raise RuntimeError("secret")

    async with client(more={"/internal/broken": broken}) as operator:
        answer = await operator.get("/internal/broken")

    assert answer.status_code == 500
    assert "secret" not in answer.text
