"""A Redis of these tests' own, to be paused and filled with rubbish."""

import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from deploy.local import health, ports
from deploy.local.processes import start
from deploy.local.valkey import Valkey
from tests.cluster import cluster  # noqa: F401 - a fixture
from tests.gateway.two_tenants import registry_process, tenants  # noqa: F401 - fixtures


@asynccontextmanager
async def running_valkey():
    """Runs a Valkey: its URL, and its process."""
    folder = Path(tempfile.mkdtemp(prefix="souk-test-"))
    folder.chmod(0o711)
    server = Valkey(folder, folder, ports.free(1)[0])
    child = await start(server.prepare(), folder / "valkey.log")
    await health.wait(child, server.is_ready)
    try:
        yield server.url, child
    finally:
        await child.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session")
async def valkey():
    async with running_valkey() as running:
        yield running


@pytest_asyncio.fixture
async def redis(valkey):
    """A client of it; empty before each test."""
    async with Redis.from_url(valkey[0]) as client:
        await client.flushall()
        yield client


@pytest.fixture
def redis_url(valkey, redis):
    return valkey[0]


@pytest_asyncio.fixture
async def operator(platform):
    """A client of what the gateway tells operators."""
    url = platform.internal_urls["gateway"]
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client
