"""A crowd after a change, at a real gateway: one of them asks the routes, and all are answered."""

import asyncio
import json
import uuid
from collections import Counter
from itertools import chain

from gateway.edge.fair_queue import SHARES, WAITING
from gateway.limits import Kind
from tests.faults.proxy import Fault
from tests.gateway.hot.selling import counted, listed, retitle
from tests.platform import metrics_of

# More than the fair queue lets in and lets wait of one shop.
CONNECTIONS = SHARES[Kind.STORE_READ] + WAITING // 2 + 118
EACH = 4


async def crowd(url, shop):
    """Sends four requests on each of 250 connections at once.

    Gives the status, the titles and what remains of the limit, of each answer.
    """
    head = f"GET /store/products HTTP/1.1\r\nhost: localhost\r\nx-tenant-id: {shop}\r\n\r\n"
    opening = (asyncio.open_connection(url.host, url.port) for _ in range(CONNECTIONS))
    connections = await asyncio.gather(*opening)
    for _, writer in connections:
        writer.write(head.encode() * EACH)
    answers = await asyncio.gather(*(_answers(reader) for reader, _ in connections))
    for _, writer in connections:
        writer.close()
    return list(chain.from_iterable(answers))


async def _answers(reader):
    answers = []
    for _ in range(EACH):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if line)
        remaining = int(headers["ratelimit"].partition("r=")[2].partition(";")[0])
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        titles = tuple(one["title"] for one in body.get("products", ()))
        answers.append((int(first.split()[1]), titles, remaining))
    return answers


async def test_a_thousand_after_a_change_are_all_answered_by_one_call(
    behind, proxy, admin_token, two_shops, product
):
    paris, lyon = two_shops
    for shop in two_shops:
        await listed(behind, shop)
    title = f"New {uuid.uuid4().hex}"
    await retitle(behind, product, title, headers={"Authorization": f"Bearer {admin_token}"})
    before = {one: await counted(behind, one) for one in ("miss", "shared", "hit", "uncached")}

    with proxy.degraded(Fault(latency=0.05)):  # so that all come while one asks
        answers = await crowd(behind.base_url, paris)

    after = {one: await counted(behind, one) - number for one, number in before.items()}
    assert Counter((status, titles) for status, titles, _ in answers) == {
        (200, (title,)): CONNECTIONS * EACH
    }
    assert (after["miss"], after["uncached"]) == (1, 0)
    assert after["shared"] + after["hit"] == CONNECTIONS * EACH - 1
    assert await listed(behind, lyon) == [title]


async def test_each_of_a_crowd_is_in_metrics_and_counts_for_the_limits(behind, two_shops, product):
    for shop in two_shops:
        await listed(behind, shop)
        before = await _in_metrics(behind, shop)

        answers = await crowd(behind.base_url, shop)

        assert await _in_metrics(behind, shop) - before == CONNECTIONS * EACH
        # What they took comes back with time, so that it is not looked for afterwards.
        assert min(remaining for *_, remaining in answers) < 5_000 - CONNECTIONS


async def _in_metrics(client, shop):
    """How many answers metrics tell of a shop, of any status: a crowd may be refused for now."""
    lines = (await metrics_of(client)).splitlines()
    counted = [one for one in lines if one.startswith("souk_answers_total{")]
    return sum(float(one.rpartition(" ")[2]) for one in counted if f'tenant="{shop}"' in one)
