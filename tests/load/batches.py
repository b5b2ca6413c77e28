"""Opt-ins and products a second: one by one, and in batches.

The floor of both is the bare INSERT of as many rows.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from souk.catalog_opt_in.v1.catalog_service_pb2_grpc import CatalogServiceStub
from souk.catalog_opt_in.v1.listing_service_pb2_grpc import ListingServiceStub

from deploy.local import ports
from tests import cluster
from tests.catalog_opt_in.builders import id_of, product_of
from tests.load import cores, table
from tests.load.stored import core_seconds
from tests.platform import Calls

SERVICE = "catalog-opt-in"
DATABASE = "catalog_opt_in"
ROWS = 1_000
SINGLE = 100
"""How many are opted in to one by one."""
PRODUCTS = 500
"""How many are created in a batch."""
ROUNDS = 5


async def each_batch() -> None:
    async with (
        cluster.running() as made,
        _service(made) as (calls, pid),
        made.session(DATABASE) as superuser,
    ):
        busy = _Busy(pid, superuser)
        products = await _products(calls, superuser)
        table.head(f"Opt-ins, {ROWS} in a batch")
        floor = min([await _inserted(superuser, products) for _ in range(ROUNDS)])
        table.rate("rows of a bare INSERT (the floor)", ROWS / floor, ROWS / floor)
        for name, size, rows in (("one by one", 1, SINGLE), ("in batches", ROWS, ROWS)):
            stub = calls.stub(
                ListingServiceStub, SERVICE, tenant="paris", permissions=("listing:write",)
            )
            seconds = []
            busy.clear()
            for _ in range(ROUNDS):
                async with busy:
                    began = time.perf_counter()
                    await _opt_in(stub, products[:rows], size)
                    seconds.append(time.perf_counter() - began)
                await _opt_out(stub, products[:rows])
            table.rate(f"opt-ins {name}", rows / min(seconds), ROWS / floor)
            busy.print(rows)
        await _print_products(calls, ROWS / floor, busy)


@asynccontextmanager
async def _service(made: cluster.Cluster) -> AsyncIterator[tuple[Calls, int]]:
    """Runs the service; gives calls to it, and its process id."""
    [port] = ports.free(1)
    child = await made.serve(SERVICE, port)
    calls = Calls(made.secrets, {SERVICE: f"127.0.0.1:{port}"})
    try:
        yield calls, child.process.pid
    finally:
        await calls.close()
        await child.stop()


class _Busy:
    """Measures how long the service and its database keep cores busy in a block."""

    def __init__(self, pid: int, superuser: asyncpg.Connection) -> None:
        self._pid, self._superuser = pid, superuser
        self._rounds: list[tuple[float, float]] = []

    async def __aenter__(self) -> None:
        self._before = await self._seconds()

    async def __aexit__(self, *_: object) -> None:
        service, database = await self._seconds()
        self._rounds.append((service - self._before[0], database - self._before[1]))

    async def _seconds(self) -> tuple[float, float]:
        return cores.of_process(self._pid), await core_seconds(self._superuser)

    def clear(self) -> None:
        self._rounds.clear()

    def print(self, rows: int) -> None:
        service, database = min(self._rounds, key=sum)
        each = 1000 * (service + database) / rows
        print(
            f"  {each:.2f} ms of cores each, so {1000 / each:.0f} a second on one:"
            f" service {1000 * service / rows:.2f}, database {1000 * database / rows:.2f}",
            flush=True,
        )


async def _products(calls: Calls, superuser: asyncpg.Connection) -> list[str]:
    """Makes one product, and copies its offer and documents."""
    office = calls.stub(CatalogServiceStub, SERVICE, tenant="hq", permissions=("product:write",))
    request = catalog.CreateProductRequest(product=product_of(title="Copied"))
    product = id_of(await office.CreateProduct(request))
    copy = "replace({}, $1, 'copy-' || n)"
    await superuser.execute(
        f"INSERT INTO offer SELECT {copy.format('product_id')}, status, version,"
        f" replace({copy.format('document')}, '\"copied', '\"copied-' || n)"
        f" FROM offer, generate_series(1, {ROWS}) n WHERE product_id = $1",
        product,
    )
    await superuser.execute(
        f"INSERT INTO market_document SELECT {copy.format('product_id')}, currency, document"
        f" FROM market_document, generate_series(1, {ROWS}) n WHERE product_id = $1",
        product,
    )
    return [f"products/copy-{n}" for n in range(1, ROWS + 1)]


async def _print_products(calls: Calls, floor: float, busy: "_Busy") -> None:
    office = calls.stub(CatalogServiceStub, SERVICE, tenant="hq", permissions=("product:write",))
    for name, size in (("one by one", 1), ("in batches", PRODUCTS)):
        seconds = []
        done = PRODUCTS if size > 1 else SINGLE // 2
        busy.clear()
        for _ in range(ROUNDS):
            async with busy:
                began = time.perf_counter()
                await _create(office, done, size)
                seconds.append((time.perf_counter() - began) / done)
        table.rate(f"products {name}", 1 / min(seconds), floor)
        busy.print(done)


async def _create(office: Any, number: int, size: int) -> None:
    for _ in range(number // size):
        rows = [product_of() for _ in range(size)]
        if size == 1:
            await office.CreateProduct(catalog.CreateProductRequest(product=rows[0]))
        else:
            request = catalog.BatchChangeProductsRequest(creates=rows)
            await office.BatchChangeProducts(request, timeout=10)


async def _inserted(superuser: asyncpg.Connection, products: Sequence[str]) -> float:
    """Seconds of one statement that inserts as many rows with nothing else to them."""
    await superuser.execute("CREATE TABLE bare (tenant_id text, id text, at timestamptz)")
    began = time.perf_counter()
    await superuser.execute(
        "INSERT INTO bare SELECT 'paris', id, now() FROM unnest($1::text[]) id", products
    )
    seconds = time.perf_counter() - began
    await superuser.execute("DROP TABLE bare")
    return seconds


async def _opt_in(stub: Any, products: Sequence[str], size: int) -> None:
    for start in range(0, len(products), size):
        rows = [pb.Listing(product=name) for name in products[start : start + size]]
        if size == 1:
            request = pb.CreateListingRequest(parent="tenants/paris", listing=rows[0])
            await stub.CreateListing(request)
        else:
            await stub.BatchChangeListings(
                pb.BatchChangeListingsRequest(parent="tenants/paris", creates=rows)
            )


async def _opt_out(stub: Any, products: Sequence[str]) -> None:
    await stub.BatchChangeListings(
        pb.BatchChangeListingsRequest(parent="tenants/paris", deletes=products)
    )
