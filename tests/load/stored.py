"""What a listing takes on disk, and what a change by the head office costs with many tenants.

The floor of a change is the same one of a product that nobody lists.
"""

import time
from statistics import median
from typing import Any

import asyncpg
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1.catalog_service_pb2_grpc import CatalogServiceStub
from souk.catalog_opt_in.v1.listing_service_pb2_grpc import ListingServiceStub

from tests import cluster
from tests.catalog_opt_in.builders import euros, flavoured, id_of, own_price
from tests.load import cores, table
from tests.platform import Calls

SERVICE = "catalog-opt-in"
DATABASE = "catalog_opt_in"
TENANTS = 1_000
ROUNDS = 7
TABLES = ("listing", "listing_price", "listing_category", "listing_tag", "market_document")


async def each_stored() -> None:
    """Prints how long a change takes that reaches no tenant, and that reaches a thousand."""
    async with (
        cluster.running() as made,
        made.serving(SERVICE) as calls,
        made.session(DATABASE) as superuser,
    ):
        office = calls.stub(
            CatalogServiceStub, SERVICE, tenant="hq", permissions=("product:read", "product:write")
        )
        table.head(f"A change by the head office, seen by {TENANTS} tenants")
        floor = 0.0
        for name, tenants, with_own in (
            ("listed by nobody (the floor)", 0, False),
            ("at the catalogue's prices", TENANTS, False),
            ("at their own prices", TENANTS, True),
        ):
            product = await office.CreateProduct(pb.CreateProductRequest(product=_product(name)))
            if tenants:
                await _sold(superuser, calls, product, with_own=with_own)
            seconds, database = await _changes(superuser, office, product)
            floor = floor or 1 / seconds
            table.rate(name, 1 / seconds, floor)
            print(f"  {1000 * database:.0f} ms of the database's cores")
        await _print_bytes(superuser)


def _product(title: str) -> products.Product:
    fields: dict[str, Any] = flavoured(*(f"Flavour {n}" for n in range(6)), prices=[euros(29, 90)])
    return products.Product(
        title=title,
        description="A sentence about this product. " * 30,
        status=products.Product.STATUS_PUBLISHED,
        images=[products.Image(url=f"https://pictures.example/{n}.jpg") for n in range(4)],
        **fields,
    )


async def _sold(
    superuser: asyncpg.Connection, calls: Calls, product: products.Product, *, with_own: bool
) -> None:
    """Opts one tenant in, and copies what it stores to the others."""
    stub = calls.stub(
        ListingServiceStub, SERVICE, tenant="paris", permissions=("listing:read", "listing:write")
    )
    prices = [own_price(variant, euros(25)) for variant in product.variants] if with_own else []
    listing = listings.Listing(product=product.name, prices=prices)
    await stub.CreateListing(listings.CreateListingRequest(parent="tenants/paris", listing=listing))
    for name in ("tenant_catalogue", *TABLES[:-1]):
        columns = await superuser.fetchval(
            "SELECT string_agg(column_name, ', ') FROM information_schema.columns"
            " WHERE table_name = $1 AND column_name <> 'tenant_id'",
            name,
        )
        where = "" if name == "tenant_catalogue" else f"AND listing_id = '{id_of(product)}'"
        await superuser.execute(
            f"INSERT INTO {name} (tenant_id, {columns}) SELECT 'shop-' || n, {columns}"
            f" FROM {name}, generate_series(2, {TENANTS}) n WHERE tenant_id = 'paris' {where}"
            " ON CONFLICT DO NOTHING"
        )


async def _changes(
    superuser: asyncpg.Connection, office: Any, product: products.Product
) -> tuple[float, float]:
    """Changes a product some times; tells the seconds of one, and of those the database's."""
    took, busy = [], []
    for n in range(ROUNDS):
        await superuser.execute("VACUUM ANALYZE listing")
        changed = products.Product(name=product.name, title=f"{product.title} {n}")
        request = pb.UpdateProductRequest(product=changed, update_mask=FieldMask(paths=["title"]))
        before, began = await core_seconds(superuser), time.perf_counter()
        await office.UpdateProduct(request)
        took.append(time.perf_counter() - began)
        busy.append(await core_seconds(superuser) - before)
    return median(took), median(busy)


async def core_seconds(superuser: asyncpg.Connection) -> float:
    """How long the service's connections have kept a core busy."""
    pids = await superuser.fetch(
        "SELECT pid FROM pg_stat_activity WHERE usename LIKE $1", f"{DATABASE}%"
    )
    return sum(cores.of_process(row["pid"]) for row in pids)


async def _print_bytes(superuser: asyncpg.Connection) -> None:
    """Prints what a listing takes, tables and indexes, without and with prices of its own."""
    for name in TABLES:
        await superuser.execute(f"VACUUM FULL {name}")
    for name, condition in (("at the catalogue's prices", "NOT"), ("at its own prices", "")):
        await superuser.execute("CREATE TABLE sample (LIKE listing INCLUDING ALL)")
        await superuser.execute(
            "INSERT INTO sample SELECT l.* FROM listing l WHERE tenant_id LIKE 'shop-%' AND "
            f"{condition} EXISTS (SELECT FROM listing_price p"
            "  WHERE p.tenant_id = l.tenant_id AND p.listing_id = l.listing_id)"
        )
        size = await superuser.fetchval(
            "SELECT pg_total_relation_size('sample') / count(*) FROM sample"
        )
        await superuser.execute("DROP TABLE sample")
        print(f"  {size} bytes of a listing {name}", flush=True)
