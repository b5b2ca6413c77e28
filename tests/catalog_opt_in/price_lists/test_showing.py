"""What shoppers see of price lists, and what carts are quoted: the same, and only of their shop."""

import json

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb
from souk.catalog_opt_in.v1 import storefront_service_pb2 as storefronts

from tests.catalog_opt_in.builders import dinars, euros, id_of, own_price
from tests.catalog_opt_in.price_lists.conftest import OVERRIDE, after, price_of

DRAFT = pb.PriceList.STATUS_DRAFT
PLAIN = [(20, 20), (20, 20)]


async def test_a_sale_shows_both_prices_in_its_shop_alone(
    price_list, product, calculated, amounts, quoted, tenants
):
    paris, lyon = tenants
    made = await price_list(paris, price_of(product.variants[0], euros(15, 50)))

    price, other = await calculated(paris)

    of_list = {"price_list_id": id_of(made), "price_list_type": "sale"}
    none = {"price_list_id": None, "price_list_type": None}
    assert (price["calculated_amount"], price["original_amount"]) == (15.5, 20)
    assert (price["calculated_price"], price["original_price"]) == (of_list, none)
    assert price["is_calculated_price_price_list"]
    assert (other["calculated_amount"], other["calculated_price"]) == (20, none)
    assert not other["is_calculated_price_price_list"]
    assert await quoted(paris) == [(1550, 2000), (2000, 2000)]
    assert await amounts(lyon) == PLAIN
    assert await quoted(lyon) == [(2000, 2000), (2000, 2000)]


async def test_a_sale_never_raises_a_price_and_an_override_may(
    price_list, product, amounts, quoted, tenants
):
    plain, salt = product.variants
    await price_list(tenants[0], price_of(plain, euros(25)), price_of(salt, euros(25)))
    assert await amounts(tenants[0]) == PLAIN

    await price_list(tenants[0], price_of(salt, euros(30)), type=OVERRIDE)

    # The sale is below what now is the price.
    assert await amounts(tenants[0]) == [(20, 20), (25, 30)]
    assert await quoted(tenants[0]) == [(2000, 2000), (2500, 3000)]


async def test_the_lowest_sale_counts(price_list, product, amounts, tenants):
    for amount in (16, 14, 15):
        await price_list(tenants[0], price_of(product.variants[0], euros(amount)))

    assert (await amounts(tenants[0]))[0] == (14, 20)


@pytest.mark.parametrize(
    "fields",
    [{"status": DRAFT}, {"start_time": after(hours=1)}, {"end_time": after(hours=-1)}],
    ids=["a draft", "not begun", "ended"],
)
async def test_a_list_that_is_not_in_force_changes_nothing(
    price_list, product, amounts, quoted, tenants, fields
):
    made = await price_list(tenants[0], price_of(product.variants[0], euros(15)), **fields)

    assert not made.in_force
    assert await amounts(tenants[0]) == PLAIN
    assert await quoted(tenants[0]) == [(2000, 2000), (2000, 2000)]


async def test_every_change_of_a_list_is_shown_and_turns_the_version(
    pricing, price_list, product, amounts, storefront_page, tenants
):
    tenant, stub = tenants[0], pricing(tenants[0])
    versions = []

    async def now():
        versions.append((await storefront_page(tenant))[1].catalogue_version)
        return (await amounts(tenant))[0]

    assert await now() == (20, 20)
    made = await price_list(tenant, price_of(product.variants[0], euros(15)), status=DRAFT)
    change = pb.PriceList(name=made.name, status=pb.PriceList.STATUS_ACTIVE)
    await stub.UpdatePriceList(pb.UpdatePriceListRequest(price_list=change))
    assert await now() == (15, 20)
    update = pb.PriceListPrice(id=made.prices[0].id, price=euros(14))
    await stub.BatchChangePrices(pb.BatchChangePricesRequest(name=made.name, updates=[update]))
    assert await now() == (14, 20)
    await stub.RemovePriceListProducts(
        pb.RemovePriceListProductsRequest(name=made.name, products=[product.name])
    )
    assert await now() == (20, 20)
    create = price_of(product.variants[0], euros(13))
    await stub.BatchChangePrices(pb.BatchChangePricesRequest(name=made.name, creates=[create]))
    assert await now() == (13, 20)
    await stub.DeletePriceList(pb.DeletePriceListRequest(name=made.name))
    assert await now() == (20, 20)
    assert versions == sorted(set(versions))


async def test_products_are_ordered_and_filtered_by_what_is_paid(
    price_list, product, create, opt_in, storefront_page, tenants
):
    dearer = await create()
    for tenant in tenants:
        await opt_in(tenant, dearer)
    await price_list(tenants[0], price_of(dearer.variants[0], euros(5)))

    cheapest = [(await storefront_page(t, order_by="price"))[0][0]["id"] for t in tenants]

    assert cheapest == [id_of(dearer), id_of(product)]


async def test_a_list_outlasts_changes_by_the_shop_and_by_the_head_office(
    price_list, product, change, amounts, selling, tenants
):
    tenant, salt = tenants[0], product.variants[1]
    await price_list(tenant, price_of(product.variants[0], euros(15)))
    name = f"tenants/{tenant}/listings/{id_of(product)}"
    listing = listings.Listing(name=name, prices=[own_price(salt, euros(22))])

    await selling(tenant).UpdateListing(listings.UpdateListingRequest(listing=listing))
    assert await amounts(tenant) == [(15, 20), (22, 22)]

    row = listings.Listing(product=product.name, prices=[own_price(salt, euros(23))])
    request = listings.BatchChangeListingsRequest(
        parent=f"tenants/{tenant}",
        updates=[listings.ListingChange(listing=row, update_mask=FieldMask(paths=["prices"]))],
    )
    await selling(tenant).BatchChangeListings(request)
    assert await amounts(tenant) == [(15, 20), (23, 23)]

    product.title = "Renamed"
    await change(product, "title")
    assert await amounts(tenant) == [(15, 20), (23, 23)]
    assert await amounts(tenants[1]) == PLAIN


async def test_a_list_changes_neither_the_version_of_a_listing_nor_its_time(
    price_list, product, selling, tenants
):
    name = f"tenants/{tenants[0]}/listings/{id_of(product)}"
    request = listings.GetListingRequest(name=name)
    before = await selling(tenants[0]).GetListing(request)

    await price_list(tenants[0], price_of(product.variants[0], euros(15)))

    assert await selling(tenants[0]).GetListing(request) == before


async def test_a_list_for_groups_is_quoted_to_them_alone_and_shown_to_nobody(
    price_list, product, amounts, quoted, tenants
):
    paris, lyon = tenants
    price = price_of(product.variants[0], euros(8))
    await price_list(paris, price, customer_groups=["cusgroup_gold", "cusgroup_staff"])
    await price_list(paris, price_of(product.variants[0], euros(18)))

    plain = (2000, 2000)
    assert await quoted(paris, "cusgroup_gold", "cusgroup_other") == [(800, 2000), plain]
    assert await quoted(paris, "cusgroup_other") == [(1800, 2000), plain]
    assert await quoted(paris) == [(1800, 2000), plain]
    assert await quoted(lyon, "cusgroup_gold") == [plain, plain]
    assert await amounts(paris) == [(18, 20), (20, 20)]


async def test_prices_of_groups_replace_those_of_everybody(price_list, product, quoted, tenants):
    variant = product.variants[0]
    await price_list(tenants[0], price_of(variant, euros(12)), type=OVERRIDE)
    await price_list(tenants[0], price_of(variant, euros(13)), type=OVERRIDE, customer_groups=["g"])

    assert (await quoted(tenants[0], "g"))[0] == (1300, 1300)
    assert (await quoted(tenants[0]))[0] == (1200, 1200)


async def test_a_shop_has_prices_of_its_own_in_another_currency_by_a_list(
    price_list, product, store, quoted, amounts, tenants
):
    plain, salt = product.variants
    paris, lyon = tenants
    await price_list(paris, price_of(plain, dinars(55)), price_of(salt, dinars(50)), type=OVERRIDE)
    await price_list(paris, price_of(plain, dinars(40, 500)))

    async def in_dinars(tenant):
        name = f"tenants/{tenant}/storeProducts/{id_of(product)}"
        request = storefronts.GetStoreProductRequest(name=name, currency_code="TND")
        document = json.loads((await store(tenant).GetStoreProduct(request)).document)
        prices = [variant["calculated_price"] for variant in document["variants"]]
        return [one and (one["calculated_amount"], one["original_amount"]) for one in prices]

    assert await in_dinars(paris) == [(40.5, 55), (50, 50)]
    assert await quoted(paris, currency="TND") == [(40_500, 55_000), (50_000, 50_000)]
    assert await in_dinars(lyon) == [(60, 60), None]
    assert await quoted(lyon, currency="TND") == [(60_000, 60_000), (0, 0)]
    assert await amounts(paris) == PLAIN


async def test_prices_by_quantity_are_quoted(price_list, product, quote, amounts, tenants):
    variant = product.variants[0]
    await price_list(
        tenants[0],
        price_of(variant, euros(18), min_quantity=5, max_quantity=9),
        price_of(variant, euros(15), min_quantity=10),
    )

    first, second = await quote(tenants[0])

    tiers = [
        (one.min_quantity, one.max_quantity, one.price_minor, one.original_price_minor)
        for one in first.quantity_prices
    ]
    assert tiers == [(1, 4, 2000, 2000), (5, 9, 1800, 2000), (10, 0, 1500, 2000)]
    assert list(second.quantity_prices) == []
    assert await amounts(tenants[0]) == PLAIN
