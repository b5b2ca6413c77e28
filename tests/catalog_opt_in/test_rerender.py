"""`python -m services.catalog_opt_in rerender`: what is stored in an older format is rebuilt."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
import pytest_asyncio
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from deploy.local.processes import start
from deploy.manifest import SERVICES
from services.catalog_opt_in.offer_document import FORMAT
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of, own_price, unique

HELD = "hashtextextended('product/' || $1, 0)"


@dataclass(frozen=True)
class Stored:
    """What is stored of one product, in tenants' and the head office's rows."""

    offer: dict[str, Any]
    product: tuple[Any, ...]
    listings: dict[str, dict[str, Any]]

    @property
    def is_current(self):
        formats = {listing["format"] for listing in self.listings.values()}
        return self.offer.get("format") == FORMAT and formats == {FORMAT}


@pytest_asyncio.fixture
async def superuser(database):
    return await database("catalog-opt-in", "superuser")


@pytest.fixture
def stored(superuser):
    async def read(product):
        key = id_of(product)
        offer = await superuser.fetchval("SELECT document FROM offer WHERE product_id = $1", key)
        row = await superuser.fetchrow(
            "SELECT title_key, search, version FROM product WHERE product_id = $1", key
        )
        listings = await superuser.fetch("SELECT * FROM listing WHERE listing_id = $1", key)
        by_tenant = {listing["tenant_id"]: dict(listing) for listing in listings}
        return Stored(orjson.loads(offer), tuple(row), by_tenant)

    return read


@pytest.fixture
def outdate(superuser):
    """Makes everything stored of products look as an older version of the service left it."""

    async def change(*made):
        keys = [id_of(product) for product in made]
        await superuser.execute(
            "UPDATE offer SET document = (document::jsonb - 'format')::text"
            " WHERE product_id = ANY ($1)",
            keys,
        )
        await superuser.execute(
            "UPDATE product SET title_key = 'old', search = 'old' WHERE product_id = ANY ($1)", keys
        )
        await superuser.execute(
            "UPDATE listing SET format = NULL, document = '{\"old\": true}', title_key = 'old',"
            " search = 'old' WHERE listing_id = ANY ($1)",
            keys,
        )

    return change


@pytest_asyncio.fixture
async def rerendering(platform, tmp_path):
    """Starts the command as a process, which ends with the test at the latest."""
    started = []

    async def begin():
        [service] = [one for one in SERVICES if one.name == "catalog-opt-in"]
        program = await asyncio.to_thread(platform.topology.command, service, "rerender")
        started.append(await start(replace(program, account=None), tmp_path / "rerender.log"))
        return started[-1]

    yield begin
    for child in started:
        await child.kill()


async def ended(child):
    async with asyncio.timeout(60):
        assert await child.process.wait() == 0, child.describe_exit()


async def until(condition):
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.05)


async def test_old_documents_are_rebuilt_as_they_were_in_every_shop(
    create, opt_in, storefront_page, stored, outdate, rerendering, tenants
):
    product = await create(**flavoured("Plain", prices=[euros(20), dinars(60)]))
    paris, lyon = tenants
    await opt_in(paris, product, prices=[own_price(product.variants[0], euros(25))])
    await opt_in(lyon, product, currency="TND")
    before = await stored(product)
    versions = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    await outdate(product)

    await ended(await rerendering())

    assert await stored(product) == before
    for tenant, version in zip(tenants, versions, strict=True):
        [document], answer = await storefront_page(tenant, query=product.title)
        assert document["id"] == id_of(product)
        assert answer.catalogue_version > version


async def test_current_documents_are_left_alone(
    create, opt_in, storefront_page, rerendering, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    before = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    await ended(await rerendering())

    await ended(await rerendering())

    assert [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants] == before


async def test_a_listing_made_of_an_old_offer_is_old_until_it_is_rebuilt(
    create, opt_in, stored, outdate, rerendering, tenants
):
    product = await create()
    await opt_in(tenants[0], product)
    await outdate(product)

    await opt_in(tenants[1], product)

    assert (await stored(product)).listings[tenants[1]]["format"] == 0
    await ended(await rerendering())
    assert (await stored(product)).is_current


async def test_an_old_listing_of_a_current_offer_is_rebuilt(
    create, opt_in, stored, rerendering, superuser, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    before = await stored(product)
    await superuser.execute(
        "UPDATE listing SET format = NULL, document = '{\"old\": true}' WHERE listing_id = $1",
        id_of(product),
    )

    await ended(await rerendering())

    assert await stored(product) == before


async def test_a_whole_document_is_replaced_whatever_format_its_listing_says(
    create, opt_in, look_up, stored, rerendering, superuser, tenants
):
    product = await create(**flavoured("Plain", prices=[euros(20)]))
    paris, lyon = tenants
    await opt_in(paris, product, prices=[own_price(product.variants[0], euros(25))])
    await opt_in(lyon, product)
    before = await stored(product)
    # As an instance of the version before leaves them, which copies the format of the offer.
    await superuser.execute(
        "UPDATE listing SET document = '{\"old\": true}', own_document = NULL"
        " WHERE listing_id = $1",
        id_of(product),
    )

    await ended(await rerendering())

    assert await stored(product) == before
    prices = [
        (await look_up(tenant, id_of(product)))["variants"][0]["calculated_price"]
        for tenant in tenants
    ]
    assert [price["calculated_amount"] for price in prices] == [25, 20]


async def test_a_killed_run_leaves_whole_products_and_the_next_run_finishes(
    create, opt_in, storefront_page, stored, outdate, rerendering, superuser, tenants
):
    made = [await create() for _ in range(3)]
    for product in made:
        for tenant in tenants:
            await opt_in(tenant, product)
    before = [await stored(product) for product in made]
    await outdate(*made)
    await superuser.execute(f"SELECT pg_advisory_lock({HELD})", id_of(made[1]))

    child = await rerendering()
    await until(lambda: is_current(stored, made[0]))
    for tenant in tenants:
        assert (await storefront_page(tenant))[1].total_size == 3
    await child.kill()

    states = [await stored(product) for product in made]
    assert states[0] == before[0]
    for state in states[1:]:
        assert {listing["format"] for listing in state.listings.values()} == {None}
    await superuser.execute(f"SELECT pg_advisory_unlock({HELD})", id_of(made[1]))
    await ended(await rerendering())
    assert [await stored(product) for product in made] == before


async def is_current(stored, product):
    return (await stored(product)).is_current


async def test_a_run_waits_for_whoever_holds_a_product(
    create, opt_in, stored, outdate, rerendering, superuser, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    await outdate(product)
    await superuser.execute(f"SELECT pg_advisory_lock({HELD})", id_of(product))

    child = await rerendering()
    await until(lambda: asyncio.to_thread(lambda: "rerender_waits" in child.log_tail()))
    await superuser.execute(f"SELECT pg_advisory_unlock({HELD})", id_of(product))
    await ended(child)

    assert (await stored(product)).is_current


async def test_sort_keys_of_collections_and_categories_are_renewed(
    catalogue, superuser, rerendering
):
    for kind, table in (("Collection", "collection"), ("Category", "category")):
        word = unique(f"Œ{kind}")
        made = await created(catalogue, kind, word)
        key = f"{table}_id"
        await superuser.execute(
            f"UPDATE {table} SET title_key = 'old' WHERE {key} = $1", id_of(made)
        )

        await ended(await rerendering())

        row = f"SELECT title_key FROM {table} WHERE {key} = $1"
        assert await superuser.fetchval(row, id_of(made)) == word.lower().replace("œ", "oe")


async def created(catalogue, kind, title):
    resource = getattr(products, kind)(title=title)
    request = getattr(pb, f"Create{kind}Request")(**{kind.lower(): resource})
    return await getattr(catalogue(), f"Create{kind}")(request)
