"""Documents survive the way back to the version that stored them in each listing."""

import asyncio

import pytest_asyncio
from alembic import command

from services.kernel.serving import migrations
from tests.cluster import ROOT, running

DATABASE = "catalog_opt_in"
FOLDER = ROOT / "services" / DATABASE / "migrations"
MARKET = '{"id":"prod_1"'
SHOWN = {
    "paris": b'{"id":"prod_1","updated_at":"2026-01-02T03:04:05.678Z"}',
    "lyon": b'{"id":"own","updated_at":"2026-01-02T03:04:05.678Z"}',
}


@pytest_asyncio.fixture
async def cluster():
    async with running() as started:
        yield started


async def fill(superuser):
    await superuser.execute(
        "INSERT INTO offer (product_id, status, version, document)"
        " VALUES ('prod_1', 'PUBLISHED', 1, '{}')"
    )
    for currency, document in (("EUR", MARKET), ("TND", '{"id":"in dinars"')):
        await superuser.execute(
            "INSERT INTO market_document VALUES ('prod_1', $1, $2)", currency, document.encode()
        )
    for tenant, own in (("paris", None), ("lyon", b'{"id":"own"')):
        await superuser.execute(
            "INSERT INTO tenant_catalogue (tenant_id, currency, version, visible_count)"
            " VALUES ($1, 'EUR', 1, 1)",
            tenant,
        )
        await superuser.execute(
            "INSERT INTO listing (tenant_id, listing_id, state, product_status, priced, visible,"
            " title, title_key, handle, thumbnail, search, own_document, version, offered_at,"
            " created_at, updated_at)"
            " VALUES ($1, 'prod_1', 'LIVE', 'PUBLISHED', true, true, '', '', 'whey',"
            " '', '', $2, 1, now(), now(), '2026-01-02T03:04:05.6789Z')",
            tenant,
            own,
        )


async def store_documents(app):
    one, page = {}, {}
    for tenant in SHOWN:
        one[tenant] = await app.fetchval("SELECT document FROM store_product($1, 'whey')", tenant)
        [page[tenant]] = await app.fetchval(
            "SELECT documents FROM store_products($1, 9, 0, 'title', false,"
            " NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
            tenant,
        )
    assert one == page
    return page


async def test_documents_are_the_same_before_and_after_a_downgrade(cluster):
    async with cluster.session(DATABASE) as superuser:
        await fill(superuser)
        async with cluster.session(DATABASE, "app") as app:
            assert await store_documents(app) == SHOWN

        owner = cluster.url(DATABASE, "owner")
        alembic = migrations.alembic_config(FOLDER, owner)
        await asyncio.to_thread(command.downgrade, alembic, "0009")
        async with cluster.session(DATABASE, "app") as app:
            assert await store_documents(app) == SHOWN

        await asyncio.to_thread(migrations.upgrade, FOLDER, owner)
        async with cluster.session(DATABASE, "app") as app:
            assert await store_documents(app) == SHOWN
