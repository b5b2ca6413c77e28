"""PriceListService: what staff set up, and what is refused."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb

from services.kernel.call.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import dinars, euros, id_of
from tests.catalog_opt_in.price_lists.conftest import ACTIVE, OVERRIDE, SALE, after, price_of


def batch(price_list, **rows):
    return pb.BatchChangePricesRequest(name=price_list.name, **rows)


async def read(pricing, tenant, name):
    return await pricing(tenant).GetPriceList(pb.GetPriceListRequest(name=name))


async def test_a_list_is_a_draft_and_a_sale_unless_it_is_said(pricing, product, tenants):
    tenant = tenants[0]
    prices = [price_of(product.variants[0], euros(15)), price_of(product.variants[0], dinars(40))]
    request = pb.CreatePriceListRequest(
        parent=f"tenants/{tenant}", price_list=pb.PriceList(title="Summer", prices=prices)
    )

    made = await pricing(tenant).CreatePriceList(request)

    assert (made.type, made.status, made.in_force) == (SALE, pb.PriceList.STATUS_DRAFT, False)
    assert [(one.variant, one.price) for one in made.prices] == [
        (one.variant, one.price) for one in prices
    ]
    assert await read(pricing, tenant, made.name) == made


async def test_a_list_is_its_tenants_alone(pricing, price_list, product, tenants):
    paris, lyon = tenants
    made = await price_list(paris, price_of(product.variants[0], euros(15)))
    foreign = made.name.replace(paris, lyon)
    stub = pricing(lyon)

    for call in (
        stub.GetPriceList(pb.GetPriceListRequest(name=foreign)),
        stub.UpdatePriceList(
            pb.UpdatePriceListRequest(price_list=pb.PriceList(name=foreign, title="x"))
        ),
        stub.DeletePriceList(pb.DeletePriceListRequest(name=foreign)),
        stub.BatchChangePrices(
            pb.BatchChangePricesRequest(name=foreign, deletes=[made.prices[0].id])
        ),
        stub.RemovePriceListProducts(pb.RemovePriceListProductsRequest(name=foreign)),
    ):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(PermissionDenied):
        await read(pricing, lyon, made.name)
    page = await stub.ListPriceLists(pb.ListPriceListsRequest(parent=f"tenants/{lyon}"))
    assert (list(page.price_lists), page.total_size) == ([], 0)
    assert await read(pricing, paris, made.name) == made


async def test_another_lists_prices_cannot_be_changed(pricing, price_list, product, tenants):
    one, other = [
        await price_list(tenants[0], price_of(product.variants[0], euros(n))) for n in (15, 16)
    ]
    price_id = other.prices[0].id

    for rows in (
        {"deletes": [price_id]},
        {"updates": [pb.PriceListPrice(id=price_id, price=euros(1))]},
    ):
        with pytest.raises(NotFound) as refusal:
            await pricing(tenants[0]).BatchChangePrices(batch(one, **rows))
        assert refusal.value.reason == "PRICE_NOT_FOUND"


async def test_a_variant_that_the_shop_does_not_list_has_no_price(
    pricing, price_list, create, opt_in, tenants
):
    paris, lyon = tenants
    product = await create()
    await opt_in(lyon, product)
    price = price_of(product.variants[0], euros(15))

    with pytest.raises(InvalidArgument) as refusal:
        await price_list(paris, price)
    assert refusal.value.reason == "VARIANT_UNKNOWN"
    assert list(refusal.value.violations) == ["prices[0].variant"]

    page = await pricing(paris).ListPriceLists(pb.ListPriceListsRequest(parent=f"tenants/{paris}"))
    assert page.total_size == 0


async def test_prices_are_changed_all_or_none(pricing, price_list, product, tenants):
    plain, salt = product.variants
    made = await price_list(tenants[0], price_of(plain, euros(15)), price_of(salt, euros(16)))
    first, second = made.prices
    stub = pricing(tenants[0])

    done = await stub.BatchChangePrices(
        batch(
            made,
            creates=[price_of(plain, euros(9), min_quantity=10)],
            updates=[pb.PriceListPrice(id=first.id, price=euros(14))],
            deletes=[second.id],
        )
    )
    wrong = batch(made, deletes=[first.id], creates=[price_of(plain, Money(currency_code="EUR"))])
    with pytest.raises(InvalidArgument) as refusal:
        await stub.BatchChangePrices(wrong)

    assert (done.updated[0].variant, done.updated[0].price) == (plain.id, euros(14))
    assert list(done.deleted) == [second.id]
    assert list(refusal.value.violations) == ["creates[0].price"]
    now = await read(pricing, tenants[0], made.name)
    assert list(now.prices) == [done.updated[0], done.created[0]]
    assert now.etag != made.etag


async def test_a_variant_has_one_price_for_a_currency_and_quantities(
    pricing, price_list, product, tenants
):
    plain, salt = product.variants
    made = await price_list(tenants[0], price_of(plain, euros(15)), price_of(salt, euros(16)))
    first, second = made.prices
    stub = pricing(tenants[0])

    for rows in (
        {"creates": [price_of(plain, euros(14))]},
        {"creates": [price_of(plain, dinars(14)), price_of(plain, dinars(13))]},
        {"updates": [pb.PriceListPrice(id=first.id, variant=salt.id)]},
        {"updates": [pb.PriceListPrice(id=first.id, price=euros(1))], "deletes": [first.id]},
    ):
        with pytest.raises(InvalidArgument):
            await stub.BatchChangePrices(batch(made, **rows))
    swapped = await stub.BatchChangePrices(
        batch(
            made,
            updates=[
                pb.PriceListPrice(id=first.id, variant=salt.id),
                pb.PriceListPrice(id=second.id, variant=plain.id),
            ],
        )
    )

    assert [one.variant for one in swapped.updated] == [salt.id, plain.id]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"start_time": after(days=2), "end_time": after(days=1)},
        {"customer_groups": ["a b"]},
        {"type": 7},
        {"status": 7},
    ],
    ids=lambda fields: ", ".join(fields),
)
async def test_a_list_that_makes_no_sense_is_refused(price_list, tenants, fields):
    for tenant in tenants:
        with pytest.raises(InvalidArgument):
            await price_list(tenant, **fields)


async def test_quantities_that_make_no_sense_are_refused(price_list, product, tenants):
    for quantities in (
        {"min_quantity": -1},
        {"max_quantity": -1},
        {"min_quantity": 5, "max_quantity": 4},
    ):
        with pytest.raises(InvalidArgument):
            await price_list(tenants[0], price_of(product.variants[0], euros(1), **quantities))


async def test_an_update_changes_all_but_the_prices(pricing, price_list, product, tenants):
    made = await price_list(tenants[0], price_of(product.variants[0], euros(15)))
    stub = pricing(tenants[0])
    change = pb.PriceList(name=made.name, etag=made.etag, title="Winter", type=OVERRIDE)
    request = pb.UpdatePriceListRequest(price_list=change)

    changed = await stub.UpdatePriceList(request)
    with pytest.raises(Aborted):
        await stub.UpdatePriceList(request)
    mask = FieldMask(paths=["prices"])
    with pytest.raises(InvalidArgument) as refusal:
        await stub.UpdatePriceList(
            pb.UpdatePriceListRequest(price_list=pb.PriceList(name=made.name), update_mask=mask)
        )

    assert (changed.title, changed.type, changed.status) == ("Winter", OVERRIDE, ACTIVE)
    assert changed.prices == made.prices
    assert refusal.value.reason == "FIELD_IMMUTABLE"


async def test_lists_are_found_sorted_and_paged(pricing, price_list, tenants):
    for tenant in tenants:
        made = [await price_list(tenant, title=title) for title in ("Summer", "Winter", "Spring")]
        await price_list(tenant, title="Draft of summer", status=pb.PriceList.STATUS_DRAFT)

        async def found(tenant=tenant, **query):
            request = pb.ListPriceListsRequest(parent=f"tenants/{tenant}", **query)
            page = await pricing(tenant).ListPriceLists(request)
            return [one.title for one in page.price_lists], page.total_size

        titles = ["Summer", "Winter", "Spring", "Draft of summer"]
        assert await found() == (titles, 4)
        assert await found(order_by="-title", page_size=2) == (["Winter", "Summer"], 4)
        assert await found(query="SUMMER") == (["Summer", "Draft of summer"], 2)
        assert await found(statuses=[ACTIVE], skip=1) == (["Winter", "Spring"], 3)
        assert await found(price_lists=[made[2].name]) == (["Spring"], 1)


async def test_products_are_taken_out_and_a_shop_that_opts_out_takes_them_with_it(
    pricing, price_list, product, create, opt_in, selling, tenants
):
    tenant, other = tenants[0], await create()
    listing = await opt_in(tenant, other)
    made = await price_list(
        tenant,
        *(price_of(one, euros(15)) for one in (product.variants[0], *other.variants)),
    )
    request = pb.RemovePriceListProductsRequest(
        name=made.name, products=[product.name, "products/none"]
    )

    remaining = await pricing(tenant).RemovePriceListProducts(request)
    again = await pricing(tenant).RemovePriceListProducts(request)
    await selling(tenant).DeleteListing(listings.DeleteListingRequest(name=listing.name))

    assert {one.variant for one in remaining.prices} == {one.id for one in other.variants}
    assert again == remaining
    assert list((await read(pricing, tenant, made.name)).prices) == []


async def test_a_list_holds_a_thousand_prices(pricing, price_list, product, tenants):
    variant = product.variants[0]
    prices = [price_of(variant, euros(5), min_quantity=n) for n in range(1, 1001)]
    made = await price_list(tenants[0], *prices)

    with pytest.raises(FailedPrecondition) as refusal:
        await pricing(tenants[0]).BatchChangePrices(
            batch(made, creates=[price_of(variant, euros(6), min_quantity=2000)])
        )

    assert refusal.value.reason == "PRICE_LIST_FULL"


async def test_each_act_leaves_an_event(pricing, price_list, product, events, tenants):
    for tenant in tenants:
        made = await price_list(tenant, price_of(product.variants[0], euros(15)))
        stub = pricing(tenant)
        await stub.UpdatePriceList(
            pb.UpdatePriceListRequest(price_list=pb.PriceList(name=made.name, title="B"))
        )
        await stub.BatchChangePrices(batch(made))
        await stub.BatchChangePrices(
            batch(made, updates=[pb.PriceListPrice(id=made.prices[0].id, price=euros(14))])
        )
        await stub.DeletePriceList(pb.DeletePriceListRequest(name=made.name))

        found = await events(tenant, at_least=4, resource=made.name)

        assert [one.method.rpartition("/")[2] for one in found] == [
            "CreatePriceList",
            "UpdatePriceList",
            "BatchChangePrices",
            "DeletePriceList",
        ]
        with pytest.raises(NotFound):
            await read(pricing, tenant, f"tenants/{tenant}/priceLists/{id_of(made)}")
