"""Storefront reads of a shop with a hundred products, and of one with a hundred thousand.

Uncached, through the service: each line's floor is the same read of the small shop.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import asyncpg
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from tests import cluster
from tests.load import table, worlds

SMALL, LARGE = (10, 100), (1_000, 100_000)
"""Tenants and products."""
READS = 200
SKIPPED_AT_MOST = 100_000 - 20


class Read(NamedTuple):
    """How long a read took, and how long the database's core was at work for it: other work on the
    machine does not disturb that."""

    seconds: float
    of_core: float


async def each_growth() -> None:
    async with (
        cluster.running() as made,
        made.serving(worlds.SERVICE) as calls,
        made.session("catalog_opt_in") as superuser,
    ):
        shop = calls.stub(
            StorefrontServiceStub,
            worlds.SERVICE,
            actor="shoppers/-",
            permissions=("storefront:read",),
        )
        await worlds.found(superuser)
        reads: dict[str, list[list[Read]]] = {}
        for tenants, products in (SMALL, LARGE):
            began = time.perf_counter()
            count = await worlds.grow(superuser, tenants=tenants, products=products)
            took = time.perf_counter() - began
            print(f"\n{tenants} tenants, {products} products, {count} listings: {took:.0f} s")
            for name, request in _reads(products).items():
                await _seconds(shop, request)  # the first makes what connections keep
                backends = await _backends(superuser)
                reads.setdefault(name, []).append(
                    [await _read(shop, request, backends) for _ in range(READS)]
                )
    table.head(
        f"A shop of {LARGE[1]} products among {LARGE[0]}, by one of {SMALL[1]} among {SMALL[0]}"
    )
    for name, (small, large) in reads.items():
        seconds, of_core = zip(*large, strict=True)
        table.rate(name, 1 / median(seconds), 1 / median(read.seconds for read in small))
        print(
            f"  p99 {_p99(seconds):.1f} ms; of the database's core"
            f" {1000 * median(of_core):.1f} ms, p99 {_p99(of_core):.1f} ms"
        )


def _reads(products: int) -> dict[str, Any]:
    variants, options = pb.ListStoreVariantsRequest, pb.ListStoreOptionsRequest

    def page(**fields: Any) -> pb.ListStoreProductsRequest:
        return pb.ListStoreProductsRequest(parent="tenants/paris", page_size=20, **fields)

    return {
        "first page": page(),
        "a page in the middle": page(skip=products // 2),
        "last page": page(skip=min(products, SKIPPED_AT_MOST) - 20),
        "by title": page(order_by="title"),
        "by handle": page(handles=["whey-7"]),
        "by category": page(category_ids=["category-1"]),
        "by category, by title": page(category_ids=["category-1"], order_by="title"),
        "q, a word that few have": page(query="c4ca4238a0"),
        "q, a word that all have": page(query="whey"),
        "q, a word that a tenth have": page(query="tenth3"),
        "q, a word that a hundredth have": page(query="hundredth42"),
        "q, a word that a hundredth have, by title": page(query="hundredth42", order_by="title"),
        "q, two words": page(query="whey tenth3"),
        "q, a word that half have": page(query="even"),
        "q, two words that are never together": page(query="even odd"),
        "q, a word that few have, and a beginning": page(query="hundredth42 fil"),
        "q, three letters that many words begin with": page(query="fil"),
        "q, two letters": page(query="wh"),
        "q, a word with a slip": page(query="wehy"),
        "q in a category": page(query="whey", category_ids=["category-1"]),
        "50 variants quoted": pb.QuoteVariantsRequest(
            parent="tenants/paris",
            variants=[f"variant-a-{n * products // 50}" for n in range(1, 51)],
        ),
        "variants": variants(parent="tenants/paris", page_size=20),
        "options": options(parent="tenants/paris", page_size=20),
        "one product": pb.GetStoreProductRequest(name="tenants/paris/storeProducts/whey-7"),
    }


async def _read(shop: Any, request: Any, backends: Sequence[Path]) -> Read:
    before = _of_core(backends)
    seconds = await _seconds(shop, request)
    return Read(seconds, _of_core(backends) - before)


async def _seconds(shop: Any, request: Any) -> float:
    began = time.perf_counter()
    # The request of each method bears its name.
    await getattr(shop, type(request).__name__.removesuffix("Request"))(request)
    return time.perf_counter() - began


async def _backends(superuser: asyncpg.Connection) -> list[Path]:
    rows = await superuser.fetch(
        "SELECT pid FROM pg_stat_activity WHERE usename LIKE 'catalog_opt_in%'"
    )
    return [Path(f"/proc/{row['pid']}/schedstat") for row in rows]


def _of_core(backends: Sequence[Path]) -> float:
    """Tells for how many seconds these processes have run."""
    return sum(int(path.read_text().split()[0]) for path in backends) / 1e9


def _p99(seconds: Sequence[float]) -> float:
    return 1000 * quantiles(seconds, n=100)[98]
