"""Two gateways and two catalogues while ways between them break: nothing older than the bound."""

import asyncio
import time
import uuid
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
import pytest_asyncio

from deploy.local import health
from deploy.local.processes import start
from tests.faults.proxy import Fault
from tests.gateway.hot.selling import listed, opt_out, retitle, titles_in
from tests.gateway.hot.test_coherence import BOUND_SECONDS
from tests.platform import another_gateway, another_instance, connect

TABLES = ("listing", "listing_price", "listing_category", "listing_tag", "tenant_catalogue")


@asynccontextmanager
async def cut(proxy):
    await proxy.refuse()
    yield
    await proxy.listen()


@asynccontextmanager
async def half_open(proxy):
    """What was connected hears nothing more, and nobody is told."""
    proxy.abandon()
    yield
    proxy.reset()


def faulty(fault, **ways):
    @asynccontextmanager
    async def degraded(proxy):
        with proxy.degraded(fault, **ways):
            yield

    return degraded


WAYS = {
    "cut": cut,
    "half open": half_open,
    "a little late": faulty(Fault(latency=0.1)),
    "too late to be believed": faulty(Fault(latency=0.4)),
    "answers get lost": faulty(Fault(), answers=Fault(silent=True)),
}


async def seen(client, shop):
    """Returns the titles that a shop shows; None if the gateway says that it does not know."""
    try:
        answer = await client.get("/store/products", headers={"X-Tenant-ID": shop})
    except httpx.TimeoutException:
        return None
    assert answer.status_code in (200, 503, 504)
    return titles_in(answer) if answer.status_code == 200 else None


async def watch(client, shop, *, old, new, changed_at, until):
    """Reads until a time; what was asked for after the bound must not be the old any more."""
    while (read_began := time.monotonic()) < until:
        found = await seen(client, shop)
        assert found in (None, [new], [old])
        if read_began > changed_at + BOUND_SECONDS:
            assert found != [old], f"{read_began - changed_at:.2f} s after the change"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", WAYS)
async def test_a_broken_way_to_the_catalogue_makes_no_answer_older_than_the_bound(
    behind, proxy, admin, two_shops, product, name
):
    old, new = f"Old {uuid.uuid4().hex}", f"New {uuid.uuid4().hex}"
    await retitle(admin, product, old)
    async with asyncio.timeout(10):
        for shop in two_shops:
            while await seen(behind, shop) != [old]:
                await asyncio.sleep(0.05)

    async with WAYS[name](proxy):
        await retitle(admin, product, new)
        now = time.monotonic()
        reading = partial(watch, behind, old=old, new=new, changed_at=now, until=now + 2)
        await asyncio.gather(*(reading(shop) for shop in two_shops))

    async with asyncio.timeout(20):
        for shop in two_shops:
            while (found := await seen(behind, shop)) != [new]:
                assert found != [old]


@pytest_asyncio.fixture(scope="module")
async def of_two(platform):
    """A client of a gateway that takes turns between two instances of the catalogue."""
    program = await asyncio.to_thread(platform.topology.program, "catalog-opt-in")
    first = program.environment["SOUK_LISTEN"]
    program, second = another_instance(program)
    child = await start(program, platform.state.logs / "catalog-opt-in-2.log")
    try:
        await health.wait(child, partial(health.is_ready, program))
        both = f"ipv4:{first},{second}"
        async with (
            another_gateway(platform, SOUK_CATALOG_OPT_IN=both) as url,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
        ):
            yield client
    finally:
        await child.stop()


async def test_a_change_shows_on_two_instances_at_once_and_at_another_gateway_within_the_bound(
    of_two, http, admin, admin_token, two_shops, product
):
    token = {"Authorization": f"Bearer {admin_token}"}
    for number in range(8):
        title = f"Number {number} {uuid.uuid4().hex}"
        await retitle(of_two, product, title, headers=token)
        changed_at = time.monotonic()

        for shop in two_shops:
            assert [await listed(of_two, shop) for _ in range(4)] == [[title]] * 4
            read_began = changed_at
            while await listed(http, shop) != [title]:
                assert read_began - changed_at < BOUND_SECONDS
                read_began = time.monotonic()


async def test_a_database_that_was_restored_is_shown_within_the_bound(
    http, behind, platform, admin, two_shops, product
):
    paris, lyon = two_shops
    titles = {shop: await listed(http, shop) for shop in two_shops}
    database = await connect(platform, "catalog-opt-in", "superuser")
    try:
        backup = await rows_of(database, paris)
        await opt_out(admin, paris, product)
        async with asyncio.timeout(10):
            while await listed(behind, paris):
                await asyncio.sleep(0.01)

        await restore(database, paris, backup)
    finally:
        await database.close()
    restored_at = time.monotonic()

    for client in (http, behind):
        read_began = restored_at
        while await listed(client, paris) != titles[paris]:
            assert read_began - restored_at < BOUND_SECONDS
            await asyncio.sleep(0.01)
            read_began = time.monotonic()
    await opt_out(admin, paris, product)
    assert await listed(http, paris) == []
    assert await listed(http, lyon) == titles[lyon]


async def rows_of(database, tenant):
    """Returns the rows of a tenant's storefront."""
    return {
        table: await database.fetchval(
            f"SELECT coalesce(jsonb_agg(t), '[]') FROM {table} t WHERE tenant_id = $1", tenant
        )
        for table in TABLES
    }


async def restore(database, tenant, backup):
    """Puts rows back as a backup would, past all triggers, with the version that they had."""
    async with database.transaction():
        await database.execute("SET LOCAL session_replication_role = replica")
        for table, rows in backup.items():
            await database.execute(f"DELETE FROM {table} WHERE tenant_id = $1", tenant)
            await database.execute(
                f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)",
                rows,
            )
