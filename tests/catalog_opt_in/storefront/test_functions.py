"""The functions that read a storefront: any page from either end, and never a whole table."""

import json

import asyncpg
import pytest
import pytest_asyncio

from tests.cluster import running
from tests.load import worlds

PRODUCTS, TENANTS = 2_600, 60
LARGE, SMALL = "paris", "shop-5"
DATABASE = "catalog_opt_in"
LOCALES = ["fr-CA", "fr"]
HIDDEN_EVERY = 50
OLDEST = 600
"""How many products, listed by one tenant and the oldest there, have a tag of their own."""
PAGE = "SELECT total, documents FROM store_product_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
ORDERS = ["id", "created_at", "updated_at", "title", "handle", "price"]
# Every third product has a tag, one is a gift card, and some are not shown.
_PLACES = f"""
UPDATE listing SET visible = false WHERE substr(listing_id, 6)::int % {HIDDEN_EVERY} = 0;
UPDATE listing SET is_giftcard = true WHERE listing_id = 'copy-9';
UPDATE tenant_catalogue c SET visible_count =
  (SELECT count(*) FROM listing l WHERE l.tenant_id = c.tenant_id AND l.visible);
INSERT INTO tag (tag_id, value) VALUES ('tag-third', 'third'), ('tag-oldest', 'oldest');
INSERT INTO listing_tag (tenant_id, tag_id, listing_id)
  SELECT tenant_id, 'tag-third', listing_id FROM listing WHERE substr(listing_id, 6)::int % 3 = 0;
INSERT INTO listing_tag (tenant_id, tag_id, listing_id)
  SELECT tenant_id, 'tag-oldest', listing_id FROM listing
  WHERE visible AND tenant_id = '{LARGE}' ORDER BY offered_at LIMIT {OLDEST};
"""


def of(*conditions):
    return (json.dumps(conditions), None, None, None)


def words(last, *, before=None, whole=None):
    return (None, before, last, whole or last)


NONE = (None, None, None, None)
# Conditions, or the words of a query (those before the last, the last as it may begin, and all as
# they are), by what they select.
FILTERS = {
    "all": NONE,
    "common word": (None, None, "whey", "whey"),
    "rare word": (None, None, "hundredth7", "hundredth7"),
    "common beginning": (None, None, "hundredth:*", "hundredth"),
    "rare beginning": (None, None, "c4ca:*", "c4ca"),
    "words of different products": (None, "even", "odd:*", "even & odd"),
    "a common beginning of few": (None, "hundredth7", "tenth:*", "hundredth7 & tenth"),
    **{
        "-".join(key for choice in condition for key in choice): of(condition)
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
            [{"tag_ids": ["tag-third"]}],
            [{"is_giftcard": True}],
            [{"option_id": "opt-3"}],
            [{"ids": ["copy-3"]}, {"handles": ["whey-4"]}],
        )
    },
}

# Those by which titles are tried in order; a category is what shops sort most.
TITLED = {
    "all": NONE,
    "category": of([{"category_ids": ["category-1", "category-2"]}]),
    "word": words("hundredth7"),
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
        await superuser.execute(_PLACES)
        await superuser.execute("VACUUM ANALYZE")
        yield started


@pytest_asyncio.fixture
async def app(cluster):
    async with cluster.session(DATABASE, "app") as connection:
        yield connection


async def page(app, tenant, size, skip, order, filters=NONE, *, descending=False, locales=LOCALES):
    row = await app.fetchrow(PAGE, tenant, size, skip, order, descending, *filters, locales)
    return row["total"], row["documents"]


def id_in(document):
    """The id in a document, after which its texts in a language may stand."""
    return json.loads(document.removesuffix(b"\n{}"))["id"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("filters", [NONE, of([{"category_ids": ["category-1", "category-2"]}])])
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
    by_relevance = [] if filters[3] is None else ["relevance"]
    for order in [*ORDERS, *by_relevance]:
        for tenant in (SMALL, LARGE):
            async with app.transaction():
                await page(app, tenant, 20, skip, order, filters, descending=True)
                assert await scanned_whole(app) == []


async def page_by_title(app, tenant, size, skip, filters, locales, *, descending):
    total, documents = await page(
        app, tenant, size, skip, "title", filters, descending=descending, locales=locales
    )
    return total, [json.loads(document.partition(b"\n")[0])["id"] for document in documents]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("locales", [["ar"], ["ar", "fr"], ["fr", "ar"], ["de"]])
@pytest.mark.parametrize("filters", TITLED.values(), ids=TITLED)
async def test_pages_are_in_the_order_of_the_titles_that_are_shown(
    app, cluster, filters, locales, descending
):
    async with cluster.session(DATABASE) as superuser:
        rows = await superuser.fetch("SELECT product_id, locale, title_key FROM product_title")
        listed = await superuser.fetch("SELECT tenant_id, listing_id, title_key FROM listing")
    translated = {(row["product_id"], row["locale"]): row["title_key"] for row in rows}

    def key_of(row):
        keys = [translated.get((row["listing_id"], locale)) for locale in locales]
        return next(filter(None, keys), row["title_key"]), row["listing_id"]

    for tenant in (SMALL, LARGE):
        total, whole = await page_by_title(
            app, tenant, PRODUCTS, 0, filters, locales, descending=descending
        )
        rows = [r for r in listed if r["tenant_id"] == tenant and r["listing_id"] in set(whole)]
        in_order = [id_ for _, id_ in sorted(map(key_of, rows), reverse=descending)]
        assert whole == in_order
        assert total == len(whole) > 0
        for size in (total // 5 + 1, total // 2 + 1):
            found = []
            for skip in range(0, total + 2 * size, size):
                count, ids = await page_by_title(
                    app, tenant, size, skip, filters, locales, descending=descending
                )
                assert count == total
                found += ids
            assert found == whole


async def test_no_correction_reads_a_whole_table(app):
    async with app.transaction():
        words = await app.fetch("SELECT * FROM store_words($1, $2)", SMALL, ["hey", "why"])
        assert [row["word"] for row in words] == ["whey"]
        assert await scanned_whole(app) == []


async def test_no_more_than_five_hundred_matches_are_counted_and_ranked(app):
    for order, last in (("relevance", 0), ("title", 20)):
        total, documents = await page(app, LARGE, 20, 480, order, words("whey"))
        _, beyond = await page(app, LARGE, 20, 500, order, words("whey"))
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
        ([[{"option_id": "opt-3"}]], {3}),
        ([[{"option_id": "opt-3", "option_value_ids": ["optval-a-4"]}]], set()),
        ([[{"option_id": "opt-3' OR true --"}]], set()),
        ([[{"is_giftcard": True}]], {9}),
        ([[{"ids": ["copy-3", "copy-9"], "is_giftcard": False}]], {3}),
    ],
)
async def test_conditions_select_what_they_say(app, conditions, products):
    for tenant in (SMALL, LARGE):
        total, documents = await page(app, tenant, 50, 0, "id", of(*conditions))
        ids = {id_in(document) for document in documents}
        assert ids == {f"copy-{n}" for n in products}
        assert total == len(products)


async def test_a_condition_that_nobody_knows_is_refused(app):
    for tenant in (SMALL, LARGE):
        with pytest.raises(asyncpg.CaseNotFoundError):
            await page(app, tenant, 50, 0, "id", of([{"colour": ["red"]}]))


async def test_the_count_of_a_place_lacks_what_is_not_shown(app):
    for tenant, listed in ((LARGE, PRODUCTS), (SMALL, round(PRODUCTS / 5**1.5))):
        third = [n for n in range(3, listed + 1, 3) if n % HIDDEN_EVERY]
        for filters in ({"tag_ids": ["tag-third"]}, {"tag_ids": ["tag-third", "tag-none"]}):
            for order in ORDERS:
                total, documents = await page(app, tenant, 20, 0, order, of([filters]))
                assert (total, len(documents)) == (len(third), 20), order
        total, documents = await page(app, tenant, listed, 0, "created_at", of([filters]))
        assert [id_in(document) for document in documents] == [f"copy-{n}" for n in reversed(third)]


@pytest.mark.parametrize("key", ["category_ids", "tag_ids", "collection_ids", "type_ids"])
async def test_nothing_is_in_a_place_that_there_is_not(app, key):
    for tenant in (SMALL, LARGE):
        assert await page(app, tenant, 20, 0, "id", of([{key: ["none"]}])) == (0, [])


async def test_the_first_page_of_a_place_is_found_without_a_look_at_all_in_it(app):
    async with app.transaction():
        before = await rows_read(app, "listing")
        filters = of([{"tag_ids": ["tag-third"]}])
        total, _ = await page(app, LARGE, 20, 0, "title", filters, locales=[])
        assert await rows_read(app, "listing") - before < total / 2


async def test_a_place_whose_products_come_last_has_a_first_page(app):
    for tenant, total in ((LARGE, OLDEST), (SMALL, 0)):
        last = of([{"tag_ids": ["tag-oldest"]}])
        found, documents = await page(app, tenant, 20, 0, "created_at", last, descending=True)
        assert (found, len(documents)) == (total, min(total, 20))


async def test_words_that_are_never_together_are_not_looked_for_in_each_product(app):
    for order in ("relevance", "title"):
        async with app.transaction():
            before = await rows_read(app, "product_words")
            never = words("odd", before="even", whole="even & odd")
            assert await page(app, LARGE, 20, 0, order, never) == (0, [])
            # Those with the first of both, and a sample of the newest.
            most = PRODUCTS / 2 + 100
            assert await rows_read(app, "product_words") - before <= most


@pytest.mark.parametrize("before", ["even", "tenth0"])  # in titles, and only in descriptions
async def test_an_old_product_is_found_by_words_that_no_new_one_has_together(app, before):
    found = words("2590:*", before=before, whole=f"{before} & 2590")
    for order in ("relevance", "title"):
        total, [document] = await page(app, LARGE, 20, 0, order, found)
        assert (total, id_in(document)) == (1, "copy-2590")
    assert await page(app, SMALL, 20, 0, "relevance", found) == (0, [])


async def test_of_a_beginning_that_many_words_have_the_newest_are_found(app):
    hundredth = words("hundredth:*", whole="hundredth")
    total, documents = await page(app, LARGE, 20, 0, "relevance", hundredth)
    assert total == 100
    assert {id_in(document) for document in documents} <= {f"copy-{n}" for n in range(1, 110)}


async def test_few_products_are_found_by_their_words_and_one_that_many_begin_like(app):
    for tenant in (SMALL, LARGE):
        found = words("tenth:*", before="hundredth7", whole="hundredth7 & tenth")
        total, documents = await page(app, tenant, 50, 0, "relevance", found)
        ids = {id_in(document) for document in documents}
        listed = PRODUCTS if tenant == LARGE else round(PRODUCTS / 5**1.5)
        assert ids == {f"copy-{n}" for n in range(7, listed + 1, 100)}
        assert total == len(ids)


async def test_no_more_than_five_thousand_variants_are_counted(app):
    for tenant, total in ((LARGE, 5_000), (SMALL, 2 * await count_of_products(app, SMALL))):
        counted = await app.fetchval(
            "SELECT total"
            " FROM store_variants($1, 20, 0, 'id', false, NULL, NULL, NULL, NULL, '{}')",
            tenant,
        )
        assert counted == total


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


@pytest.mark.parametrize("function", ["shown_tags", "shown_types", "shown_collections"])
async def test_neither_tags_nor_types_nor_collections_read_all_listings(app, function):
    for tenant in (SMALL, LARGE):
        async with app.transaction():
            await app.fetch(f"SELECT * FROM {function}($1, $2)", tenant, ["ar", "fr"])
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


async def count_of_products(app, tenant):
    total, _ = await page(app, tenant, 1, 0, "id")
    return total


async def rows_read(app, table):
    """How many rows of a table this connection has found by indexes, not long ago at least."""
    return await app.fetchval(
        "SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = $1", table
    )


async def scanned_whole(app):
    """The tables of more than a page that this transaction has read from end to end."""
    rows = await app.fetch(
        "SELECT s.relname::text FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = s.relid"
        " WHERE s.seq_scan > 0 AND c.relpages > 1 ORDER BY 1"
    )
    return [row["relname"] for row in rows]
