"""Storefront reads of a shop with a hundred products, and of one with a hundred thousand.

Uncached, through the service: each line's floor is the same read of the small shop.
"""

import time
from typing import Any

from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from tests import cluster
from tests.load import table, worlds
from tests.load.reads import Read, measured, print_line

SMALL, LARGE = (10, 100), (1_000, 100_000)
"""Tenants and products."""
SKIPPED_AT_MOST = 100_000 - 20


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
                reads.setdefault(name, []).append(
                    await measured(superuser, "catalog_opt_in", _call(shop, request), request)
                )
    table.head(
        f"A shop of {LARGE[1]} products among {LARGE[0]}, by one of {SMALL[1]} among {SMALL[0]}"
    )
    for name, (small, large) in reads.items():
        print_line(name, small, large)


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


def _call(shop: Any, request: Any) -> Any:
    # The request of each method bears its name.
    return getattr(shop, type(request).__name__.removesuffix("Request"))
