"""Shops behind a hot layer of each test's own, and two shops of a real platform."""

import uuid

import httpx
import pytest_asyncio

from deploy.local import ports
from tests.faults.proxy import Proxy
from tests.gateway.hot.selling import opt_in
from tests.gateway.hot.shops import Shops
from tests.platform import another_gateway


@pytest_asyncio.fixture
async def shops():
    made = Shops()
    yield made
    await made.hot.close()


@pytest_asyncio.fixture(scope="module")
async def second(platform):
    """A client of another gateway of the same platform."""
    async with (
        another_gateway(platform) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        yield client


@pytest_asyncio.fixture(scope="module")
async def proxy(platform):
    """What stands between the gateway `behind` and the catalogue."""
    [port] = ports.free(1)
    made = Proxy(port, platform.topology.addresses["catalog-opt-in"])
    await made.listen()
    yield made
    await made.refuse()


@pytest_asyncio.fixture(scope="module")
async def behind(platform, proxy):
    """A client of another gateway of the same platform, which reaches the catalogue by a proxy."""
    async with (
        another_gateway(platform, SOUK_CATALOG_OPT_IN=proxy.address) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        yield client


@pytest_asyncio.fixture(scope="module")
async def two_shops(admin):
    """Two two_shops of this module's own."""
    made = []
    for _ in range(2):
        body = {
            "id": f"t{uuid.uuid4().hex[:12]}",
            "display_name": "Hot",
            "country_code": "fr",
            "currency_code": "eur",
            "default_locale": "fr",
        }
        (await admin.post("/admin/tenants", json=body)).raise_for_status()
        (await admin.post(f"/admin/tenants/{body['id']}/activate")).raise_for_status()
        made.append(body["id"])
    return made


@pytest_asyncio.fixture
async def product(admin, two_shops):
    """A product that both two_shops list; it goes with the test."""
    word = uuid.uuid4().hex[:12]
    body = {
        "title": f"Whey {word}",
        "status": "published",
        "options": [{"title": "Size", "values": ["1 kg"]}],
        "variants": [
            {
                "sku": f"SKU-{word}",
                "options": {"Size": "1 kg"},
                "prices": [{"amount": 20, "currency_code": "eur"}],
            }
        ],
    }
    made = (await admin.post("/admin/products", json=body)).json()["product"]["id"]
    for shop in two_shops:
        await opt_in(admin, shop, made)
    yield made
    for shop in two_shops:
        await admin.delete(f"/admin/tenants/{shop}/products/{made}")
    (await admin.delete(f"/admin/products/{made}")).raise_for_status()
