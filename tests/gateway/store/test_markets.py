"""Regions while commerce does not respond: a shop that was read goes on to be read."""

import signal

import httpx
import pytest

from tests.platform import another_gateway

SHOPS = ("hq", "paris")


def paths(shop):
    region = f"reg_{shop}"
    return (
        f"/store/products?region_id={region}&limit=3",
        f"/store/regions/{region}",
        "/store/regions",
        f"/store/payment-providers?region_id={region}",
    )


@pytest.fixture
async def new_gateway(platform):
    """A client of a gateway that has not asked anybody yet."""
    async with (
        another_gateway(platform) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        yield client


async def test_while_commerce_does_not_respond_each_shop_has_its_own_last_regions(
    platform, http, host, new_gateway
):
    async def read(client):
        return {
            path: await client.get(path, headers=host(shop))
            for shop in SHOPS
            for path in paths(shop)
        }

    before = await read(http)
    platform.signal("commerce", signal.SIGSTOP)
    try:
        during, of_new = await read(http), await read(new_gateway)
        catalogue = [await new_gateway.get("/store/products", headers=host(shop)) for shop in SHOPS]
    finally:
        platform.signal("commerce", signal.SIGCONT)

    for path, answer in before.items():
        assert (during[path].status_code, during[path].content) == (200, answer.content), path
        assert (of_new[path].status_code, of_new[path].json()["code"]) == (503, "UNAVAILABLE"), path
        assert "retry-after" in of_new[path].headers
    assert [answer.status_code for answer in catalogue] == [200, 200]
