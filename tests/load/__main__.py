"""Measures the platform: `make bench`, or `python -m tests.load [SECONDS]` for longer runs.

Prints, for 1, 16 and 64 connections: requests a second, the median and the 99th percentile in
milliseconds, and the ratio to the floor, which is raw uvicorn sending the bytes of the product
list. Everything runs on this machine, the load generator too.
"""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvloop

from gateway.cli.local import LocalPlatform
from tests.load.generator import NextRequest, Result, load
from tests.load.inside import each_decision, each_write
from tests.platform import running

CONNECTIONS = (1, 16, 64)
PARIS = "paris.impactnutrition.com"
TENANTS = 8


def request(method: str, path: str, headers: dict[str, str], body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"content-length: {len(content)}", "content-type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def same(one: bytes) -> NextRequest:
    return lambda connection, n: one


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
            await _listening(port)
            yield port
        finally:
            process.terminate()
            await process.wait()


async def _listening(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise SystemExit("the floor did not start")


async def opt_ins(client: httpx.AsyncClient, headers: dict[str, str]) -> NextRequest:
    """Makes tenants; each connection then opts one of them in to a product of its own, and out."""
    found = await client.get(
        "/admin/products", params={"status": "published", "limit": 100}, headers=headers
    )
    products = [product["id"] for product in found.json()["products"]]
    for number in range(TENANTS):
        tenant = {
            "id": f"bench-{number}",
            "display_name": f"Bench {number}",
            "country_code": "fr",
            "currency_code": "eur",
            "default_locale": "fr",
        }
        made = await client.post("/admin/tenants", json=tenant, headers=headers)
        assert made.status_code in (200, 201), made.text
        await client.post(f"/admin/tenants/bench-{number}/activate", headers=headers)
    send = {**headers, "host": "localhost"}

    def next_request(connection: int, n: int) -> bytes:
        path = f"/admin/tenants/bench-{connection % TENANTS}/products"
        product = products[connection // TENANTS]
        if n % 2:
            return request("DELETE", f"{path}/{product}", send)
        return request("POST", path, send, {"product_id": product})

    return next_request


async def measure(name: str, port: int, seconds: float, next_request: NextRequest) -> None:
    for connections in CONNECTIONS:
        result = await load(port, connections, seconds, next_request)
        print(line(name, connections, result), flush=True)


_floors: dict[int, float] = {}


def line(name: str, connections: int, result: Result) -> str:
    _floors.setdefault(connections, result.per_second)
    ratio = result.per_second / _floors[connections]
    failed = {code: n for code, n in result.statuses.items() if code >= 400}
    return (
        f"{name:<32}{connections:>5}{result.per_second:>10.0f}{result.percentile(50):>9.2f}"
        f"{result.percentile(99):>9.2f}{ratio:>9.3f}{f'  failed: {failed}' if failed else ''}"
    )


async def main(seconds: float) -> None:
    async with running() as platform, httpx.AsyncClient(base_url=platform.url) as client:
        await bench(platform, client, seconds)


async def bench(platform: LocalPlatform, client: httpx.AsyncClient, seconds: float) -> None:
    page = await client.get("/store/products", params={"limit": 20}, headers={"host": PARIS})
    handle = page.json()["products"][0]["handle"]
    login = await client.post(
        "/auth/user/emailpass",
        json={
            "email": platform.settings.admin,
            "password": (platform.secrets / "admin.password").read_text(),
        },
    )
    headers = {"authorization": f"Bearer {login.json()['token']}"}
    shopper, admin = {"host": PARIS}, {**headers, "host": PARIS}
    port = int(platform.url.rpartition(":")[2])
    writes = await opt_ins(client, headers)

    print(f"\nbody {len(page.content)} bytes, {seconds:g} s each; ms; ratio to the floor")
    print(f"{'':<32}{'conn':>5}{'req/s':>10}{'p50':>9}{'p99':>9}{'ratio':>9}")
    async with floor(page.content) as floor_port:
        await measure(
            "raw uvicorn (the floor)", floor_port, seconds, same(request("GET", "/", shopper))
        )
    for name, path, sender in (
        ("product list, 20 a page", "/store/products?limit=20", shopper),
        ("product by handle", f"/store/products?handle={handle}", shopper),
        ("tenant context", "/admin/tenant-context", admin),
    ):
        await measure(name, port, seconds, same(request("GET", path, sender)))
    await measure("opt-in write, and out again", port, seconds, writes)
    await each_write()
    each_decision()


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0))
