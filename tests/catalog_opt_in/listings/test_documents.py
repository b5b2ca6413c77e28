"""A product's document is stored once for each market, and in a listing only if it differs."""

import json

import pytest
import pytest_asyncio
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import product_pb2 as products

from services.kernel.call.errors import NotFound
from services.values.times import timestamp
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of, own_price


@pytest_asyncio.fixture
async def superuser(database):
    return await database("catalog-opt-in", "superuser")


@pytest.fixture
def markets(superuser):
    """Reads the documents of a product by currency, without their ends."""

    async def read(product):
        rows = await superuser.fetch(
            "SELECT currency, document FROM market_document WHERE product_id = $1", id_of(product)
        )
        return {row["currency"]: json.loads(row["document"] + b"}") for row in rows}

    return read


@pytest.fixture
def own_documents(superuser):
    """Reads the documents that the listings of a product store, by tenant."""

    async def read(product):
        rows = await superuser.fetch(
            "SELECT tenant_id, own_document FROM listing WHERE listing_id = $1", id_of(product)
        )
        return {row["tenant_id"]: row["own_document"] for row in rows}

    return read


@pytest.fixture
def set_prices(selling):
    async def change(tenant, product, *prices):
        listing = listings.Listing(
            name=f"tenants/{tenant}/listings/{id_of(product)}", prices=list(prices)
        )
        request = listings.UpdateListingRequest(
            listing=listing, update_mask=FieldMask(paths=["prices"])
        )
        return await selling(tenant).UpdateListing(request)

    return change


async def test_listings_without_own_prices_share_a_document_of_their_currency(
    create, opt_in, markets, own_documents, look_up, tenants
):
    paris, tunis = tenants
    product = await create(**flavoured("Plain", prices=[euros(20), dinars(60)]))
    await opt_in(paris, product)
    await opt_in(tunis, product, currency="TND")

    by_currency = await markets(product)

    assert {*(await own_documents(product)).values()} == {None}
    for tenant, currency in ((paris, "EUR"), (tunis, "TND")):
        document = await look_up(tenant, product.handle)
        del document["updated_at"]
        assert document == by_currency[currency]


async def test_only_a_listing_with_own_prices_stores_a_document_and_only_while_it_has_them(
    create, opt_in, set_prices, own_documents, look_up, tenants
):
    paris, lyon = tenants
    product = await create(**flavoured("Plain", prices=[euros(20)]))
    await opt_in(paris, product, prices=[own_price(product.variants[0], euros(25))])
    await opt_in(lyon, product)

    stored = await own_documents(product)
    assert stored[paris]
    assert stored[lyon] is stored["hq"] is None
    amounts = [
        (await look_up(tenant, product.handle))["variants"][0]["calculated_price"]
        for tenant in tenants
    ]
    assert [amount["calculated_amount"] for amount in amounts] == [25, 20]

    await set_prices(paris, product)
    assert {*(await own_documents(product)).values()} == {None}


async def test_an_own_price_equal_to_the_catalogues_shows_the_same_document(
    create, opt_in, look_up, tenants
):
    paris, lyon = tenants
    product = await create(**flavoured("Plain", prices=[euros(20)]))
    await opt_in(paris, product, prices=[own_price(product.variants[0], euros(20))])
    await opt_in(lyon, product)

    documents = [await look_up(tenant, product.handle) for tenant in tenants]
    for document in documents:
        del document["updated_at"]
    assert documents[0] == documents[1]


async def test_each_listing_shows_its_own_time_of_change_in_a_shared_document(
    create, opt_in, look_up, storefront_page, tenants
):
    product = await create()
    made = {tenant: await opt_in(tenant, product) for tenant in tenants}

    for tenant, listing in made.items():
        time = timestamp(listing.update_time.ToDatetime())
        [in_list], _answer = await storefront_page(tenant)
        assert in_list == await look_up(tenant, id_of(product))
        assert in_list["updated_at"] == time.replace("+00:00", "Z")


async def test_nothing_is_stored_for_shoppers_of_an_unpublished_product(
    create, change, opt_in, markets, look_up, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    before = await markets(product)

    for status in (products.Product.STATUS_REJECTED, products.Product.STATUS_DRAFT):
        await change(products.Product(name=product.name, status=status), "status")
        assert await markets(product) == {}
    published = products.Product.STATUS_PUBLISHED
    await change(products.Product(name=product.name, status=published), "status")

    assert await markets(product) == before
    for tenant in tenants:
        assert (await look_up(tenant, product.handle))["id"] == id_of(product)


async def test_a_market_without_prices_has_no_document(
    create, change, opt_in, markets, look_up, tenants
):
    paris, tunis = tenants
    product = await create(**flavoured("Plain", prices=[euros(20), dinars(60)]))
    await opt_in(paris, product)
    await opt_in(tunis, product, currency="TND")

    del product.variants[0].prices[1:]
    await change(product, "variants")

    assert (await markets(product)).keys() == {"EUR"}
    assert (await look_up(paris, product.handle))["id"] == id_of(product)
    with pytest.raises(NotFound):
        await look_up(tunis, product.handle)


async def test_documents_of_an_instance_of_the_version_before_are_shown(
    create, opt_in, own_documents, look_up, superuser, tenants
):
    product = await create()
    paris, lyon = tenants
    await opt_in(paris, product)
    # As a change by the head office through such an instance leaves it: the documents of markets
    # stay as they were.
    await superuser.execute(
        'UPDATE offer SET document = (document::jsonb || \'{"format": 1, "title": "New"}\')::text'
        " WHERE product_id = $1",
        id_of(product),
    )
    await superuser.execute(
        'UPDATE listing SET document = \'{"title": "New"}\' WHERE listing_id = $1', id_of(product)
    )

    await opt_in(lyon, product)

    assert (await own_documents(product))[lyon]
    for tenant in tenants:
        assert (await look_up(tenant, id_of(product)))["title"] == "New"
