"""Reads and writes over HTTP, against raw uvicorn that sends the bytes of the product list."""

import asyncio
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.load import table
from tests.load.bench import LIST, PARIS, SHOPPER, Bench, request, same
from tests.load.generator import NextRequest, load

CONNECTIONS = (1, 16, 64)
TENANTS = 8


async def each_request(bench: Bench) -> None:
    """Prints a line for 1, 16 and 64 connections of each kind of request."""
    await bench.post("/admin/tenants/paris/plan", {"plan": "large"})
    page = await bench.client.get(LIST, headers=SHOPPER)
    handle = page.json()["products"][0]["handle"]
    admin = {**bench.admin, "host": PARIS}
    writes = await opt_ins(bench)
    table.head(f"Requests; the floor sends a product list of {len(page.content)} bytes")
    floors: dict[int, float] = {}
    async with floor(page.content) as port:
        for connections in CONNECTIONS:
            result = await load(port, connections, bench.seconds, same(request("GET", "/", {})))
            floors[connections] = result.per_second
            table.line("raw uvicorn (the floor)", connections, result, result.per_second)
    for name, next_request in (
        ("product list, 20 a page", same(request("GET", LIST, SHOPPER))),
        ("product by handle", same(request("GET", f"/store/products?handle={handle}", SHOPPER))),
        ("tenant context", same(request("GET", "/admin/tenant-context", admin))),
        ("opt-in write, and out again", writes),
    ):
        for connections in CONNECTIONS:
            result = await load(bench.port, connections, bench.seconds, next_request)
            table.line(name, connections, result, floors[connections])


@asynccontextmanager
async def floor(body: bytes) -> AsyncIterator[int]:
    """Runs the floor in a process of its own, and gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.load.floor", file.name, str(port)
        )
        try:
            await listening(port)
            yield port
        finally:
            process.terminate()
            await process.wait()


async def listening(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise SystemExit("the floor did not start")


async def opt_ins(bench: Bench) -> NextRequest:
    """Makes tenants; each connection then opts one of them in to a product of its own, and out."""
    query: dict[str, str | int] = {"status": "published", "limit": 100}
    found = await bench.client.get("/admin/products", params=query, headers=bench.admin)
    products = [product["id"] for product in found.json()["products"]]
    for number in range(TENANTS):
        tenant = {
            "id": f"bench-{number}",
            "display_name": f"Bench {number}",
            "country_code": "fr",
            "currency_code": "eur",
            "default_locale": "fr",
        }
        await bench.post("/admin/tenants", tenant)
        await bench.post(f"/admin/tenants/bench-{number}/activate")
    send = {**bench.admin, "host": "localhost"}

    def next_request(connection: int, n: int) -> bytes:
        path = f"/admin/tenants/bench-{connection % TENANTS}/products"
        product = products[connection // TENANTS]
        if n % 2:
            return request("DELETE", f"{path}/{product}", send)
        return request("POST", path, send, {"product_id": product})

    return next_request
