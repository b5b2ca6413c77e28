"""The function that quotes variants: it looks up what it needs, and nothing that is hidden."""

import json

import pytest
import pytest_asyncio

from tests.cluster import running
from tests.load import worlds

LARGE, SMALL = "paris", "shop-5"
DATABASE = "catalog_opt_in"


@pytest_asyncio.fixture(scope="module")
async def cluster():
    async with running() as started, started.session(DATABASE) as superuser:
        await worlds.found(superuser)
        await worlds.grow(superuser, tenants=60, products=2_400)
        yield started


@pytest_asyncio.fixture
async def app(cluster):
    async with cluster.session(DATABASE, "app") as connection:
        yield connection


@pytest.mark.parametrize("count", [1, 50, 200])
async def test_a_quote_reads_no_more_listings_than_there_are_variants(app, count):
    variants = [f"variant-a-{n}" for n in range(1, count + 1)]
    listings_read = (
        "SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index"
        " WHERE indrelid = 'listing'::regclass"
    )
    for tenant in [SMALL, LARGE] * 5:  # until PostgreSQL keeps one plan for all tenants
        async with app.transaction():
            before = await app.fetchval(listings_read)
            quoted = await app.fetch(
                "SELECT * FROM store_quotes($1, $2, $3)", tenant, variants, ["ar", "fr"]
            )
            read = await app.fetchval(listings_read) - before
        assert len(quoted) == count
        assert read <= count


async def test_a_hidden_listing_is_quoted_to_other_tenants_alone(cluster, app):
    hide = "UPDATE listing SET visible = $3 WHERE tenant_id = $1 AND listing_id = $2"
    async with cluster.session(DATABASE) as superuser:
        await superuser.execute(hide, LARGE, "copy-1", False)
        small, large = [
            await app.fetchval(
                "SELECT offer FROM store_quotes($1, ARRAY['variant-a-1'], '{}')", tenant
            )
            for tenant in (SMALL, LARGE)
        ]
        await superuser.execute(hide, LARGE, "copy-1", True)

    assert json.loads(small)["id"] == "copy-1"
    assert large is None
