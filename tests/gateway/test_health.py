"""A gateway is not ready before it takes requests, nor from the signal to stop on."""

import asyncio
import os
import signal

import httpx

from gateway import health
from gateway.edge.draining import Server
from services.kernel.operation.version import VERSION
from tests.gateway.raw_http import ask
from tests.platform import gateway_process, internal_url


async def test_a_gateway_that_takes_no_requests_yet_is_not_ready():
    class Starting(Server):
        started = False

        def __init__(self):
            pass

    transport = httpx.ASGITransport(health.create_app(Starting()))
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as operator:
        ready = await operator.get("/readyz")
        alive = await operator.get("/healthz")
        counts = await operator.get("/metrics")

    assert (ready.status_code, ready.json()["parts"]) == (503, {"gateway": "starting"})
    assert (alive.status_code, counts.status_code) == (200, 200)


async def test_a_gateway_that_will_stop_is_not_ready_and_still_serves(platform, host):
    async with gateway_process(platform) as (url, pid):
        # Somebody is connected, so that it does not stop at once.
        _, stays = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(10):
            while (ready := await ask(internal_url(url), b"a", target=b"/readyz")).status == 200:
                pass
        shops = [await ask(url, host(shop)["Host"].encode()) for shop in ("paris", "hq")]
        stays.close()

    assert (ready.status, ready.json["parts"]["gateway"]) == (503, "draining")
    assert [shop.status for shop in shops] == [200, 200]


async def test_operators_see_the_version_and_the_state_of_each_part(platform, operator):
    alive = (await operator.get("/healthz")).json()
    ready = (await operator.get("/readyz")).json()

    assert alive == {"status": "alive", "version": VERSION}
    assert set(ready["parts"]) == {*platform.topology.addresses, "redis"} - {"witness"}
