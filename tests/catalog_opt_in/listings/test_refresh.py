"""A change by the head office reaches the listings of all tenants."""

import asyncio

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import product_pb2 as products

from services.kernel.call.errors import NotFound
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of, own_price, unique


@pytest.fixture
def read_listing(selling):
    async def read(tenant, product):
        name = f"tenants/{tenant}/listings/{id_of(product)}"
        return await selling(tenant).GetListing(listings.GetListingRequest(name=name))

    return read


async def test_a_change_is_shown_by_every_tenant_at_once(create, change, opt_in, look_up, tenants):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    await change(products.Product(name=product.name, title="New title"), "title")

    titles = [(await look_up(tenant, id_of(product)))["title"] for tenant in (*tenants, "hq")]
    assert titles == ["New title"] * 3


async def test_own_prices_and_currencies_survive_a_change(create, change, opt_in, look_up, tenants):
    paris, tunis = tenants
    product = await create(**flavoured("Plain", prices=[euros(20), dinars(60)]))
    own = own_price(product.variants[0], euros(25, 50))
    await opt_in(paris, product, prices=[own])
    await opt_in(tunis, product, currency="TND")

    await change(products.Product(name=product.name, subtitle="New"), "subtitle")

    prices = {}
    for tenant in tenants:
        document = await look_up(tenant, product.handle)
        assert document["subtitle"] == "New"
        price = document["variants"][0]["calculated_price"]
        prices[tenant] = (price["calculated_amount"], price["currency_code"])
    assert prices == {paris: (25.5, "eur"), tunis: (60, "tnd")}


async def test_a_hidden_listing_stays_hidden(create, change, opt_in, read_listing, tenants):
    paris, lyon = tenants
    product = await create()
    await opt_in(paris, product, state=listings.Listing.STATE_HIDDEN)
    await opt_in(lyon, product)

    await change(products.Product(name=product.name, subtitle="New"), "subtitle")

    assert not (await read_listing(paris, product)).visible
    assert (await read_listing(lyon, product)).visible


async def test_the_product_count_follows_visibility(
    create, change, opt_in, storefront_page, tenants
):
    paris, lyon = tenants
    product, other = await create(), await create()
    await opt_in(paris, product)
    await opt_in(paris, other)
    await opt_in(lyon, product)

    async def counts():
        return [(await storefront_page(tenant))[1].total_size for tenant in tenants]

    async def turn(status):
        await change(products.Product(name=product.name, status=status), "status")
        return await counts()

    assert await counts() == [2, 1]
    assert await turn(products.Product.STATUS_REJECTED) == [1, 0]
    assert await turn(products.Product.STATUS_PUBLISHED) == [2, 1]


async def test_a_withdrawn_product_says_why_it_is_not_shown(
    create, change, opt_in, read_listing, look_up, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    rejected = products.Product.STATUS_REJECTED
    await change(products.Product(name=product.name, status=rejected), "status")

    for tenant in tenants:
        listing = await read_listing(tenant, product)
        assert (listing.product_status, list(listing.reasons)) == (
            rejected,
            ["PRODUCT_NOT_PUBLISHED"],
        )
        with pytest.raises(NotFound):
            await look_up(tenant, product.handle)


async def test_a_change_raises_the_version_only_of_tenants_that_list_the_product(
    create, change, opt_in, storefront_page, tenants
):
    paris, lyon = tenants
    product, other = await create(), await create()
    await opt_in(paris, product)
    await opt_in(lyon, other)
    before = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]

    await change(products.Product(name=product.name, subtitle="New"), "subtitle")

    after = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    assert after[0] > before[0]
    assert after[1] == before[1]


async def test_own_prices_of_a_removed_variant_go_with_it(
    create, change, opt_in, read_listing, tenants
):
    paris, lyon = tenants
    product = await create()
    remaining, gone = product.variants
    prices = [own_price(remaining, euros(1)), own_price(gone, euros(2))]
    for tenant in tenants:
        await opt_in(tenant, product, prices=prices)

    await change(products.Product(name=product.name, variants=[remaining]), "variants")

    for tenant in (paris, lyon):
        assert list((await read_listing(tenant, product)).prices) == [prices[0]]


async def test_a_new_variant_is_sold_by_all_who_list_it(create, change, opt_in, look_up, tenants):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
    option = product.options[0]
    option.values.append(products.OptionValue(value="Banana"))
    product.variants.append(products.Variant(options={"Flavour": "Banana"}, prices=[euros(5)]))

    await change(product, "options", "variants")

    for tenant in tenants:
        document = await look_up(tenant, product.handle)
        assert [v["title"] for v in document["variants"]] == ["Chocolate", "Vanilla", "Banana"]


async def test_a_collections_new_title_is_on_every_product_in_it(
    catalogue, create, opt_in, look_up, tenants
):
    request = pb.CreateCollectionRequest(collection=products.Collection(title=unique("Summer")))
    collection = await catalogue().CreateCollection(request)
    product = await create(collection=collection.name)
    for tenant in tenants:
        await opt_in(tenant, product)

    collection.title = "Winter"
    await catalogue().UpdateCollection(
        pb.UpdateCollectionRequest(collection=collection, update_mask=FieldMask(paths=["title"]))
    )

    for tenant in (*tenants, "hq"):
        assert (await look_up(tenant, product.handle))["collection"]["title"] == "Winter"


async def test_no_listing_misses_a_change_that_happens_while_it_is_made(
    create, change, opt_in, look_up
):
    product = await create()
    tenants = [unique("paris") for _ in range(6)]

    async def rename():
        for n in range(4):
            await change(products.Product(name=product.name, title=f"Title {n}"), "title")

    async def join(tenant, after):
        await asyncio.sleep(after)
        await opt_in(tenant, product)

    await asyncio.gather(rename(), *(join(tenant, n / 100) for n, tenant in enumerate(tenants)))

    titles = {(await look_up(tenant, product.handle))["title"] for tenant in tenants}
    assert titles == {"Title 3"}


async def test_changes_of_different_products_at_the_same_time_all_arrive(
    create, change, opt_in, storefront_page, tenants
):
    made = [await create() for _ in range(4)]
    for tenant in tenants:
        for product in made:
            await opt_in(tenant, product)

    await asyncio.gather(
        *(change(products.Product(name=p.name, subtitle="New"), "subtitle") for p in made)
    )

    for tenant in tenants:
        documents, answer = await storefront_page(tenant)
        assert {document["subtitle"] for document in documents} == {"New"}
        assert answer.total_size == len(made)
