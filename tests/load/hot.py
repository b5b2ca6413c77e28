"""Hot reads: pages from the gateway's memory, beside raw uvicorn that sends the same bytes."""

import gzip
from statistics import median

from tests.load import table
from tests.load.bench import LIST, SHOPPER, Bench, request, same
from tests.load.generator import NextRequest, Result, crowd, load
from tests.load.in_process import each_in_process
from tests.load.pairs import core_seconds
from tests.load.requests import floor

CONNECTIONS = 16
CROWD = 64
ROUNDS = 5


async def each_hot_read(bench: Bench) -> None:
    """Prints a hot list, product and 304 in turns with floors of their own bytes."""
    await bench.post("/admin/tenants/paris/plan", {"plan": "large"})
    plain = {**SHOPPER, "accept-encoding": "identity"}
    page = await bench.client.get(LIST, headers=plain)
    one = f"/store/products/{page.json()['products'][0]['id']}"
    document = await bench.client.get(one, headers=plain)
    known = {**SHOPPER, "if-none-match": page.headers["etag"]}
    lines = (
        ("product list, 20 a page", page.content, request("GET", LIST, SHOPPER)),
        (
            "the same, compressed",
            gzip.compress(page.content, 6),
            request("GET", LIST, {**SHOPPER, "accept-encoding": "gzip"}),
        ),
        ("product by id", document.content, request("GET", one, SHOPPER)),
        ("If-None-Match, 304", b"", request("GET", LIST, known)),
    )
    table.head(f"Hot reads, counted; floors send the same bytes, a list {len(page.content)}")
    for name, body, sent in lines:
        await _in_turns(bench, name, body, same(sent))
    await _crowd(bench, same(request("GET", LIST, SHOPPER)))
    await each_in_process()


async def _in_turns(bench: Bench, name: str, body: bytes, hot: NextRequest) -> None:
    floors, results, busy = Result(), Result(), 0.0
    async with floor(body) as port:
        for _ in range(ROUNDS):
            seconds = bench.seconds / ROUNDS
            floors += await load(port, CONNECTIONS, seconds, same(request("GET", "/", {})))
            began = core_seconds(bench)
            results += await load(bench.port, CONNECTIONS, seconds, hot)
            busy += core_seconds(bench) - began
    table.line(f"{name}: the floor", CONNECTIONS, floors, floors.per_second)
    table.line(name, CONNECTIONS, results, floors.per_second)
    print(f"  {1e6 * busy / len(results.latencies):.0f} µs of the gateway's core each")


async def _crowd(bench: Bench, hot: NextRequest) -> None:
    """Prints how long those wait for a first answer who connect at once, and then go on asking."""
    rounds = [await crowd(bench.port, CROWD, bench.seconds / ROUNDS, hot) for _ in range(ROUNDS)]
    middle, last = median(map(median, rounds)), median(map(max, rounds))
    print(
        f"\n{CROWD} who connect at once: first answer after {1e3 * middle:.1f} ms in the middle,"
        f" {1e3 * last:.1f} ms at last, {last / middle:.1f} times as much"
    )
