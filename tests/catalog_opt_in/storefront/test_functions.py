"""The functions that read a storefront: any page from either end, and never a whole table."""

import json

import asyncpg
import pytest
import pytest_asyncio

from tests.cluster import running
from tests.load import worlds

PRODUCTS, TENANTS = 2_000, 60
LARGE, SMALL = "paris", "shop-5"
DATABASE = "catalog_opt_in"
PAGE = "SELECT total, documents FROM store_product_page($1, $2, $3, $4, $5, $6, $7, $7, $8)"
LOCALES = ["fr-CA", "fr"]
ORDERS = ["id", "created_at", "updated_at", "title", "handle", "price"]
NONE = (None, None)
# The words of a query, or conditions, by what they select.
FILTERS = {
    "all": NONE,
    "common word": (None, "whey"),
    "rare word": (None, "hundredth7"),
    "beginning": (None, "'hundredth':*"),
    **{
        "-".join(key for choice in condition for key in choice): (json.dumps([condition]), None)
        for condition in (
            [{"ids": ["copy-3"]}],
            [{"handles": ["whey-3"]}],
            [{"titles": ["Whey 3"], "title_keys": ["whey 3"]}],
            [{"category_ids": ["category-1"]}],
            [{"least_price": 10, "most_price": 20}],
            [{"sku": ["SKU-a-3"]}],
            [{"option_value_ids": ["optval-a-3"]}],
            [{"option": ["opt-3", "Chocolate"]}],
            [{"created_from": "2020-01-01T00:00:00+00:00"}],
            [{"ids": ["copy-3"]}, {"handles": ["whey-4"]}],
        )
    },
}


@pytest_asyncio.fixture(scope="module")
async def cluster():
    async with running() as started, started.session(DATABASE) as superuser:
        await worlds.found(superuser)
        await worlds.grow(superuser, tenants=TENANTS, products=PRODUCTS)
        # So that documents can be told from one another.
        await superuser.execute(
            "UPDATE market_document SET document = convert_to("
            "'{\"id\":\"' || product_id || '\"', 'UTF8')"
        )
        await superuser.execute(
            "INSERT INTO product_text SELECT product_id, 'fr', '{}'::bytea FROM offer"
        )
        await superuser.execute("VACUUM ANALYZE market_document, product_text")
        yield started


@pytest_asyncio.fixture
async def app(cluster):
    async with cluster.session(DATABASE, "app") as connection:
        yield connection


async def page(app, tenant, size, skip, order, filters=NONE, *, descending=False):
    row = await app.fetchrow(PAGE, tenant, size, skip, order, descending, *filters, LOCALES)
    return row["total"], row["documents"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    "filters", [NONE, (json.dumps([[{"category_ids": ["category-1", "category-2"]}]]), None)]
)
async def test_pages_of_any_size_put_together_are_the_whole(app, order, descending, filters):
    for tenant in (SMALL, LARGE):
        total, whole = await page(app, tenant, PRODUCTS, 0, order, filters, descending=descending)
        assert len(whole) == len(set(whole)) == total > 0
        for size in (total // 7 + 1, total // 2, total):
            found = []
            for skip in range(0, total + 2 * size, size):
                count, documents = await page(
                    app, tenant, size, skip, order, filters, descending=descending
                )
                assert count == total
                found += documents
            assert found == whole


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("skip", [0, 60, 170])
async def test_no_page_reads_a_whole_table(app, filters, skip):
    by_relevance = [] if filters[1] is None else ["relevance"]
    for order in [*ORDERS, *by_relevance]:
        for tenant in (SMALL, LARGE):
            async with app.transaction():
                await page(app, tenant, 20, skip, order, filters, descending=True)
                assert await scanned_whole(app) == []


async def test_no_correction_reads_a_whole_table(app):
    async with app.transaction():
        words = await app.fetch("SELECT * FROM store_words($1, $2)", SMALL, ["hey", "why"])
        assert [row["word"] for row in words] == ["whey"]
        assert await scanned_whole(app) == []


async def test_no_more_than_five_hundred_matches_are_counted_and_ranked(app):
    for order, last in (("relevance", 0), ("title", 20)):
        total, documents = await page(app, LARGE, 20, 480, order, (None, "whey"))
        _, beyond = await page(app, LARGE, 20, 500, order, (None, "whey"))
        assert (total, len(documents), len(beyond)) == (500, 20, last)


@pytest.mark.parametrize(
    ("conditions", "products"),
    [
        ([[{"ids": ["copy-3", "copy-4"]}], [{"handles": ["whey-4"]}]], {4}),
        ([[{"ids": ["copy-3"]}, {"handles": ["whey-4"]}]], {3, 4}),
        ([[{"sku": ["SKU-a-3", "SKU-b-4"]}]], {3, 4}),
        ([[{"sku": ["SKU-a-3"], "option_value_ids": ["optval-b-3"]}]], set()),
        ([[{"option_value_ids": ["optval-a-3", "optval-b-3"]}]], {3}),
        ([[{"option_value_ids": ["optval-a-3", "optval-a-4"]}]], set()),
        ([[{"option_value_ids": ["optval-a-3", "optval-none"]}]], set()),
        ([[{"option": ["opt-3", "Vanilla"]}]], {3}),
        ([[{"option": ["opt-3", "Salt"]}]], set()),
        ([[{"least_price": 5, "most_price": 7}]], {4, 5, 6}),
        ([[{"titles": ["Whey 3"], "title_keys": ["whey 3"]}]], {3}),
        ([[{"created_before": "2020-01-01T00:00:00+00:00"}]], set()),
        ([[{"ids": ["copy-3' OR true --"]}]], set()),
    ],
)
async def test_conditions_select_what_they_say(app, conditions, products):
    for tenant in (SMALL, LARGE):
        total, documents = await page(app, tenant, 50, 0, "id", (json.dumps(conditions), None))
        ids = {json.loads(document.removesuffix(b"\n{}"))["id"] for document in documents}
        assert ids == {f"copy-{n}" for n in products}
        assert total == len(products)


async def test_a_condition_that_nobody_knows_is_refused(app):
    for tenant in (SMALL, LARGE):
        with pytest.raises(asyncpg.CaseNotFoundError):
            await page(app, tenant, 50, 0, "id", (json.dumps([[{"colour": ["red"]}]]), None))


async def test_no_product_reads_a_whole_table(app):
    for tenant in (SMALL, LARGE):
        async with app.transaction():
            found = await app.fetch(
                "SELECT * FROM store_product($1, 'whey-3', $2)", tenant, LOCALES
            )
            assert [row["document"].partition(b"\n")[2] for row in found] == [b"{}"]
            assert await scanned_whole(app) == []


async def test_a_category_mentions_its_first_products_and_reads_no_whole_table(app):
    for tenant in (SMALL, LARGE):
        ids = [f"category-{n}" for n in range(1, worlds.CATEGORIES + 1)]
        async with app.transaction():
            found = await app.fetch(
                "SELECT place, id FROM store_products_in_categories($1, $2, 3)", tenant, ids
            )
            assert await scanned_whole(app) == []
        whole = await app.fetch(
            "SELECT place, id FROM store_products_in_categories($1, $2, $3)", tenant, ids, PRODUCTS
        )
        by_place = {place: [row["id"] for row in whole if row["place"] == place] for place in ids}
        assert max(len(products) for products in by_place.values()) > 3 or tenant == SMALL
        for place, products in by_place.items():
            assert [row["id"] for row in found if row["place"] == place] == products[:3]


@pytest.mark.parametrize("function", ["store_tags", "store_types"])
async def test_neither_tags_nor_types_read_all_listings(app, function):
    for tenant in (SMALL, LARGE):
        async with app.transaction():
            await app.fetch(f"SELECT * FROM {function}($1)", tenant)
            assert await scanned_whole(app) == []


@pytest.mark.parametrize(
    ("function", "filters"),
    [
        ("store_variants", (["variant-a-3"], None, None, None)),
        ("store_variants", (None, ["copy-3"], None, None)),
        ("store_variants", (None, None, ["SKU-a-3"], None)),
        ("store_options", (["opt-3"], None, None)),
    ],
)
async def test_parts_are_found_by_key(app, function, filters):
    parameters = ", ".join(f"${n}" for n in range(2, 3 + len(filters)))
    for tenant in (SMALL, LARGE):
        async with app.transaction():
            row = await app.fetchrow(
                f"SELECT * FROM {function}($1, 50, 0, 'id', false, {parameters})",
                tenant,
                *filters,
                LOCALES,
            )
            assert row["total"] == len(row["ids"]) == len(row["documents"]) > 0
            assert await scanned_whole(app) == []


@pytest.mark.parametrize("count", [1, 50, 200])
async def test_variants_are_quoted_by_key(app, count):
    variants = [f"variant-a-{n}" for n in range(1, count + 1)]
    for tenant in (SMALL, LARGE):
        async with app.transaction():
            quoted = await app.fetch("SELECT * FROM store_quotes($1, $2)", tenant, variants)
            assert await scanned_whole(app) == []
        listed, _ = await page(app, tenant, 1, 0, "id")
        assert len(quoted) == min(count, listed)


async def scanned_whole(app):
    """The tables of more than a page that this transaction has read from end to end."""
    rows = await app.fetch(
        "SELECT s.relname::text FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = s.relid"
        " WHERE s.seq_scan > 0 AND c.relpages > 1 ORDER BY 1"
    )
    return [row["relname"] for row in rows]
