"""The rendered pods of the overlay `local`, started as local processes until shops are served."""

import asyncio
import base64
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local import health, ports
from deploy.local.postgres import Postgres
from deploy.local.processes import start
from deploy.manifest import BY_NAME
from tests import snapshots
from tests.deploy.kubernetes import api_server
from tests.deploy.kubernetes.api_server import ApiServer
from tests.deploy.kubernetes.node import Node

FROM_NOTHING = bool(os.environ.get("SOUK_CHECK_DEPLOY"))
"""Whether `make check-deploy` runs: on an empty server. `make test` takes one with demo data."""


@asynccontextmanager
async def postgres(folder: Path) -> AsyncIterator[Postgres]:
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    [port] = ports.free(1)
    server = Postgres(folder, secrets, port)
    child = await start(await asyncio.to_thread(server.prepare), folder / "postgres.log")
    try:
        await health.wait(child, server.is_ready)
        yield server
    finally:
        await child.stop()


def put_secrets(api: ApiServer, folder: Path) -> None:
    """Lets the namespace have the secrets of an earlier installation."""
    data = {one.name: base64.b64encode(one.read_bytes()).decode() for one in folder.iterdir()}
    api.secrets["secrets"] = {"metadata": {"name": "secrets"}, "data": data}


async def titles(gateway: str, host: str) -> list[str]:
    async with httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=10) as client:
        answer = await client.get("/store/products?fields=title", headers={"Host": host})
    return [product["title"] for product in answer.raise_for_status().json()["products"]]


@pytest.mark.usefixtures("platform")  # so that there is a snapshot with demo data
@pytest.mark.timeout(600)
async def test_every_rendered_pod_starts_and_two_shops_are_served_through_the_gateway():
    folder = Path(tempfile.mkdtemp(prefix="souk-test-"))
    folder.chmod(0o711)  # PostgreSQL runs as nobody when we are root
    has_data = not FROM_NOTHING and snapshots.restore("seeded", folder)
    try:
        with api_server.running(folder) as api:
            async with postgres(folder) as server:
                put_secrets(api, folder / "secrets")
                node = Node("local", folder, api, restarts=not has_data)
                node.use_postgres(server)
                await _start(node, has_data=has_data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _start(node: Node, *, has_data: bool) -> None:
    gateway = f"http://{node.addresses['gateway']}:8000"
    async with node.pods():
        await node.finish("keys")
        await node.begin_valkey()
        # All at once, as a cluster does: services wait until `databases` has migrated.
        for name in BY_NAME:
            await node.begin(name)
        await node.finish("databases")
        await asyncio.gather(*(node.until_green(name) for name in BY_NAME))
        if not has_data:
            await node.finish("seed")

        paris = await titles(gateway, "paris.impactnutrition.com")
        hq = await titles(gateway, "impactnutrition.com.tn")
        assert "Créatine Gummies" in paris
        assert "Créatine Gummies" in hq
        assert paris != hq

        if not has_data:  # else all of this was the second time already
            await node.finish("keys")
            await node.finish("databases")
            await node.finish("seed")
            assert await titles(gateway, "paris.impactnutrition.com") == paris
