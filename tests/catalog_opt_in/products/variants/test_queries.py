"""Pages of the variants of many products: found in an index, and counted to a bound."""

import pytest
import pytest_asyncio
from sqlalchemy import text

from services.catalog_opt_in.models import OfferVariant, Product, Variant
from services.catalog_opt_in.products.variants import queries
from services.kernel.call.scope import Scope, bound
from services.kernel.data.arrays import among
from tests.cluster import running
from tests.load import worlds

DATABASE = "catalog_opt_in"
PRODUCTS = 3_000
ROWS_READ = text(
    "SELECT sum(idx_tup_fetch + seq_tup_read)::int FROM pg_stat_xact_user_tables"
    " WHERE relname IN ('variant', 'product', 'offer_variant')"
)


@pytest_asyncio.fixture(scope="module")
async def cluster():
    async with running() as started, started.session(DATABASE) as superuser:
        await worlds.found(superuser)
        await worlds.grow(superuser, tenants=2, products=PRODUCTS)
        yield started


@pytest.fixture
def page(cluster):
    """Reads a page for a tenant; returns its variants, their number, and how many rows it took."""

    async def read(tenant, *conditions, order="id", descending=False, size=20, skip=0):
        async with cluster.doors(DATABASE) as doors:
            with bound(Scope(tenant, "admins/jo", frozenset())):
                async with doors.tenant() as session:
                    places, total = await queries.page(
                        session,
                        conditions,
                        queries.ORDERS[order],
                        descending=descending,
                        size=size,
                        skip=skip,
                    )
                    rows = await session.scalar(ROWS_READ)
        return [place.variant_id for place in places], total, rows

    return read


@pytest.mark.parametrize("order", ["id", "created_at", "title", "sku"])
@pytest.mark.parametrize("descending", [False, True])
async def test_a_page_is_found_in_an_index(page, order, descending):
    ids, _, rows = await page("hq", order=order, descending=descending)
    assert len(set(ids)) == 20
    assert rows < PRODUCTS / 10
    assert (await page("paris", order=order, descending=descending))[0] == []


async def test_variants_are_counted_to_a_bound(page, monkeypatch):
    assert (await page("hq"))[1] == 2 * PRODUCTS
    monkeypatch.setattr(queries, "MOST_COUNTED", 100)
    for conditions in ([], [Variant.manage_inventory], [Product.title_key > ""]):
        ids, total, _ = await page("hq", *conditions, skip=200)
        assert (len(ids), total) == (20, 100)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (among(OfferVariant.sku, ["SKU-a-3", "SKU-b-4"]), ["variant-a-3", "variant-b-4"]),
        (Product.title_key == "whey 7", ["variant-a-7", "variant-b-7"]),
        (Variant.sku == "SKU-b-9", ["variant-b-9"]),
    ],
    ids=["of the part of an offer", "of the product", "of the variant"],
)
async def test_conditions_of_any_table_select_variants_and_count_them(page, condition, expected):
    for order in queries.ORDERS:
        ids, total, _ = await page("hq", condition, order=order)
        assert (sorted(ids), total) == (expected, len(expected)), order
    assert (await page("paris", condition))[0] == []


async def test_variants_of_deleted_products_are_not_listed(page, cluster):
    async with cluster.session(DATABASE) as superuser:
        await superuser.execute("UPDATE product SET deleted_at = now() WHERE product_id = 'copy-5'")
        await superuser.execute("DELETE FROM offer WHERE product_id = 'copy-5'")

    for tenant in ("hq", "paris"):
        for condition in (among(OfferVariant.sku, ["SKU-a-5"]), Variant.sku == "SKU-a-5"):
            assert (await page(tenant, condition))[:2] == ([], 0)
