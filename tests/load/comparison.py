"""Souk beside its peers on the same page: raw uvicorn, nginx and Fastify, in turns, in one run.

nginx and Node are used if they are installed, and named if not. For Fastify:

    cd tests/load/peers && npm install --no-package-lock
"""

import asyncio
import gzip
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from deploy.local import ports
from tests.deploy.edge.proxy import NGINX, nginx
from tests.load.bench import LIST, SHOPPER, Bench, request, same
from tests.load.generator import NextRequest, Result, load
from tests.load.requests import floor, listening

FOLDER = Path(__file__).with_name("peers")
CONNECTIONS = (1, 16, 64)
ROUNDS = 5
_ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "handle")


@dataclass
class Peer:
    """One way to answer; its floor is the peer that sends as many bytes and does nothing else."""

    name: str
    port: int
    next_request: NextRequest
    floor: str = ""
    before: Callable[[], Awaitable[None]] | None = None
    results: dict[int, list[Result]] = field(default_factory=dict)

    def per_second(self, connections: int) -> float:
        return median(one.per_second for one in self.results[connections])


async def each_peer(bench: Bench) -> None:
    """Prints a table for each number of connections, and plots of both in Mermaid's words."""
    plain = (
        await bench.client.get(LIST, headers=SHOPPER | {"accept-encoding": "identity"})
    ).content
    etag = (await bench.client.get(LIST, headers=SHOPPER)).headers["etag"]
    async with AsyncExitStack() as stack:
        found, absent = [], []
        enter = stack.enter_async_context
        for name, body in (
            ("raw uvicorn, same bytes", plain),
            ("raw uvicorn, compressed bytes", gzip.compress(plain, 6)),
            ("raw uvicorn, nothing", b""),
        ):
            found.append(
                Peer(name, await enter(floor(body)), same(request("GET", "/", SHOPPER)), name)
            )
        same_bytes, compressed, nothing = (one.name for one in found)
        read = same(request("GET", LIST, SHOPPER))
        # Whom no policy binds: nobody who makes this by hand has row-level security.
        superuser = bench.platform.topology.postgres_admin.removesuffix("/postgres")
        superuser += "/catalog_opt_in"
        for name, start in (
            ("nginx, static", _nginx(plain)),
            ("Fastify, page in memory, stale", _fastify("memory", page=plain)),
            ("Fastify, query on prepared rows", _fastify("rows", database=superuser)),
        ):
            peer_port = await enter(start)
            if peer_port is None:
                absent.append(name)
            else:
                found.append(Peer(name, peer_port, read, same_bytes))
        zipped = same(request("GET", LIST, SHOPPER | {"accept-encoding": "gzip"}))
        known = same(request("GET", LIST, SHOPPER | {"if-none-match": etag}))
        found += [
            Peer("Souk, hot list", bench.port, read, same_bytes),
            Peer("Souk, hot list, gzip", bench.port, zipped, compressed),
            Peer("Souk, If-None-Match", bench.port, known, nothing),
            Peer("Souk, uncached list", bench.port, _uncached(), same_bytes, lambda: _touch(bench)),
        ]
        if NGINX is not None:
            url = await enter(nginx(bench.platform.addresses["gateway"]))
            port = int(url.rpartition(":")[2])
            found.append(Peer("Souk, through its nginx", port, read, "nginx, static"))
        for connections in CONNECTIONS:
            await _rounds(bench, found, connections)
    for connections in CONNECTIONS:
        _print(found, connections)
    _plot("requests a second by connections", found, lambda one, n: one.per_second(n))
    _plot("p99 in ms by connections", found, _p99)
    if absent:
        print(f"\nNot measured, as it is not installed here: {'; '.join(absent)}")


async def _rounds(bench: Bench, found: list[Peer], connections: int) -> None:
    for n in range(-1, ROUNDS):  # the first warms up
        for one in found if n % 2 else reversed(found):
            if one.before is not None:
                await one.before()
            result = await load(one.port, connections, bench.seconds / ROUNDS, one.next_request)
            if n >= 0:
                one.results.setdefault(connections, []).append(result)


async def _touch(bench: Bench) -> None:
    """Changes what the shop shows, so that nothing of it is in memory."""
    page = await bench.client.get("/admin/products?limit=1&status=published", headers=bench.admin)
    [product] = page.json()["products"]
    title = product["title"].removesuffix(".")
    changed = title if product["title"].endswith(".") else f"{title}."
    await bench.post(f"/admin/products/{product['id']}", {"title": changed})


def _uncached() -> NextRequest:
    """Asks for another page each time: as much work, and never asked for before."""
    numbers = itertools.count()

    def next_request(connection: int, n: int) -> bytes:
        number = next(numbers)
        order, rest = _ORDERS[number % len(_ORDERS)], number // len(_ORDERS)
        path = f"/store/products?limit={18 + rest % 5}&offset={rest // 5 % 80}&order={order}"
        return request("GET", path, SHOPPER)

    return next_request


@asynccontextmanager
async def _nginx(body: bytes) -> AsyncIterator[int | None]:
    if NGINX is None:
        yield None
        return
    [port] = ports.free(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "paris.json").write_bytes(body)
        config = (FOLDER / "nginx.conf").read_text()
        config = config.replace("$FOLDER", name).replace("$PORT", str(port))
        (folder / "nginx.conf").write_text(config)
        async with _process(port, NGINX, "-e", "stderr", "-c", f"{name}/nginx.conf"):
            yield port


@asynccontextmanager
async def _fastify(
    kind: str, *, page: bytes = b"", database: str = ""
) -> AsyncIterator[int | None]:
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules" / "fastify").exists():
        yield None
        return
    [port] = ports.free(1)
    with tempfile.NamedTemporaryFile() as file:
        file.write(page)
        file.flush()
        script = str(FOLDER / "fastify.js")
        # Not as an argument: a password among them could be read by every account.
        async with _process(port, node, script, str(port), kind, file.name, DATABASE=database):
            yield port


@asynccontextmanager
async def _process(port: int, *command: str, **environment: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | environment)
    try:
        await listening(port)
        yield
    finally:
        process.terminate()
        await process.wait()


def _print(found: list[Peer], connections: int) -> None:
    floors = {one.name: one.per_second(connections) for one in found}
    print(f"\n{connections} connections: median of {ROUNDS} rounds")
    print(f"{'':<34}{'per s':>8}{'lowest':>8}{'highest':>8}{'p50 ms':>8}{'p99 ms':>8}{'ratio':>8}")
    for one in found:
        rates = [result.per_second for result in one.results[connections]]
        whole = sum(one.results[connections], start=Result())
        ratio = median(rates) / floors[one.floor]
        print(
            f"{one.name:<34}{median(rates):>8.0f}{min(rates):>8.0f}{max(rates):>8.0f}"
            f"{whole.percentile(50):>8.2f}{whole.percentile(99):>8.2f}{ratio:>8.3f}"
        )
        failed = {code: n for code, n in whole.statuses.items() if code >= 400}
        if failed:
            print(f"  failed: {failed}")


def _p99(peer: Peer, connections: int) -> float:
    return sum(peer.results[connections], start=Result()).percentile(99)


def _plot(title: str, found: list[Peer], value: Callable[[Peer, int], float]) -> None:
    """Prints a plot that Markdown shows."""
    print(f"\n```mermaid\nxychart-beta\n    title {json.dumps(title)}")
    print(f"    x-axis [{', '.join(map(str, CONNECTIONS))}]")
    for one in found:
        points = ", ".join(f"{value(one, connections):.2f}" for connections in CONNECTIONS)
        print(f"    line {json.dumps(one.name)} [{points}]")
    print("```", flush=True)
