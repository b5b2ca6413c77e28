"""ListingService: tenants opt in to products, and out of them."""

import asyncio
import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1.listing_service_pb2_grpc import ListingServiceStub

from services.kernel.call.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import dinars, euros, flavoured, id_of, own_price, product_of
from tests.catalog_opt_in.conftest import SELLING, SERVICE

LIVE, HIDDEN = pb.Listing.STATE_LIVE, pb.Listing.STATE_HIDDEN


async def update(selling, listing, *paths):
    tenant = listing.name.split("/")[1]
    request = pb.UpdateListingRequest(listing=listing, update_mask=FieldMask(paths=paths))
    return await selling(tenant).UpdateListing(request)


async def get(selling, name, tenant=None):
    return await selling(tenant or name.split("/")[1]).GetListing(pb.GetListingRequest(name=name))


async def test_a_listing_is_read_as_it_was_created(create, opt_in, selling, tenants):
    product = await create()
    own = own_price(product.variants[0], euros(31, 50))

    listing = await opt_in(tenants[0], product, prices=[own])

    assert await get(selling, listing.name) == listing
    assert listing.name == f"tenants/{tenants[0]}/listings/{id_of(product)}"
    assert (listing.state, listing.visible, list(listing.reasons)) == (LIVE, True, [])
    assert list(listing.prices) == [own]


async def test_a_tenant_lists_only_its_own(create, opt_in, selling, tenants):
    paris, lyon = tenants
    ours, theirs = await create(), await create()
    await opt_in(paris, ours)
    await opt_in(lyon, theirs)

    for tenant, product in ((paris, ours), (lyon, theirs)):
        page = await selling(tenant).ListListings(
            pb.ListListingsRequest(parent=f"tenants/{tenant}")
        )
        assert [listing.product for listing in page.listings] == [product.name]
        assert page.total_size == 1


async def test_another_tenants_listing_is_out_of_reach(create, opt_in, selling, tenants):
    paris, lyon = tenants
    listing = await opt_in(paris, await create())

    for call in (
        selling(lyon).GetListing(pb.GetListingRequest(name=listing.name)),
        selling(lyon).UpdateListing(pb.UpdateListingRequest(listing=listing)),
        selling(lyon).DeleteListing(pb.DeleteListingRequest(name=listing.name)),
        selling(lyon).ListListings(pb.ListListingsRequest(parent=f"tenants/{paris}")),
    ):
        with pytest.raises(PermissionDenied) as refusal:
            await call
        assert refusal.value.reason == "SCOPE_MISMATCH"


async def test_two_tenants_list_the_same_product_each_at_its_own_price(
    create, opt_in, look_up, tenants
):
    product = await create(**flavoured("Plain"))
    variant = product.variants[0]

    for tenant, price in zip(tenants, (31, 32), strict=True):
        await opt_in(tenant, product, prices=[own_price(variant, euros(price))])

    seen = [await look_up(tenant, product.handle) for tenant in tenants]
    amounts = [d["variants"][0]["calculated_price"]["calculated_amount"] for d in seen]
    assert amounts == [31, 32]


async def test_opting_in_twice_is_a_conflict(create, opt_in, tenants):
    product = await create()
    await opt_in(tenants[0], product)

    with pytest.raises(AlreadyExists) as refusal:
        await opt_in(tenants[0], product)
    assert refusal.value.reason == "LISTING_EXISTS"
    await opt_in(tenants[1], product)


async def test_a_repeated_request_opts_in_once(create, selling, tenants):
    product = await create()
    request = pb.CreateListingRequest(
        parent=f"tenants/{tenants[0]}",
        listing=pb.Listing(product=product.name),
        request_id=str(uuid.uuid4()),
    )

    first = await selling(tenants[0]).CreateListing(request)
    assert await selling(tenants[0]).CreateListing(request) == first
    request.listing.state = HIDDEN
    with pytest.raises(InvalidArgument) as refusal:
        await selling(tenants[0]).CreateListing(request)
    assert refusal.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("status", ["DRAFT", "PROPOSED", "REJECTED"])
async def test_an_unpublished_product_cannot_be_listed(create, opt_in, tenants, status):
    product = await create(status=products.Product.Status.Value(f"STATUS_{status}"))

    with pytest.raises(FailedPrecondition) as refusal:
        await opt_in(tenants[0], product)
    assert refusal.value.reason == "PRODUCT_NOT_PUBLISHED"


async def test_a_missing_product_cannot_be_listed(opt_in, tenants):
    with pytest.raises(NotFound) as refusal:
        await opt_in(tenants[0], products.Product(name="products/prod_none"))
    assert refusal.value.reason == "PRODUCT_NOT_FOUND"


async def test_a_product_without_a_price_in_the_currency_is_not_sold(
    create, opt_in, storefront_page, look_up, tenants
):
    product = await create(**flavoured("Plain", prices=[dinars(10)]))

    listing = await opt_in(tenants[0], product)

    assert (listing.visible, list(listing.reasons)) == (False, ["PRICE_MISSING"])
    assert (await storefront_page(tenants[0]))[1].total_size == 0
    with pytest.raises(NotFound):
        await look_up(tenants[0], product.handle)


async def test_an_own_price_makes_it_sold(create, opt_in, selling, look_up, tenants):
    product = await create(**flavoured("A", "B", prices=[dinars(10)]))
    listing = await opt_in(tenants[0], product)
    listing.prices.append(own_price(product.variants[1], euros(3)))

    changed = await update(selling, listing, "prices")

    assert changed.visible
    document = await look_up(tenants[0], product.handle)
    assert [variant["title"] for variant in document["variants"]] == ["B"]


@pytest.mark.parametrize(
    ("price", "field", "reason"),
    [
        (dinars(1), "prices[0].price.currency_code", "PRICE_CURRENCY_MISMATCH"),
        (euros(0), "prices[0].price", "PRICE_NOT_POSITIVE"),
        (euros(-1), "prices[0].price", "PRICE_NOT_POSITIVE"),
    ],
)
async def test_a_wrong_own_price_is_refused(create, opt_in, tenants, price, field, reason):
    product = await create()

    with pytest.raises(InvalidArgument) as refusal:
        await opt_in(tenants[0], product, prices=[own_price(product.variants[0], price)])
    assert refusal.value.reason == reason
    assert field in refusal.value.violations


async def test_a_price_of_another_products_variant_is_refused(create, opt_in, tenants):
    product, other = await create(), await create()

    with pytest.raises(InvalidArgument) as refusal:
        await opt_in(tenants[0], product, prices=[own_price(other.variants[0], euros(1))])
    assert refusal.value.reason == "VARIANT_UNKNOWN"


async def test_a_variant_has_one_own_price(create, opt_in, tenants):
    product = await create()
    twice = [own_price(product.variants[0], euros(n)) for n in (1, 2)]

    with pytest.raises(InvalidArgument) as refusal:
        await opt_in(tenants[0], product, prices=twice)
    assert "prices[1].variant" in refusal.value.violations


async def test_a_hidden_listing_is_kept_and_not_shown(
    create, opt_in, selling, storefront_page, tenants
):
    paris, lyon = tenants
    product = await create()
    listing = await opt_in(paris, product)
    await opt_in(lyon, product)
    listing.state = HIDDEN

    hidden = await update(selling, listing, "state")

    assert (hidden.visible, list(hidden.reasons)) == (False, ["LISTING_HIDDEN"])
    assert (await storefront_page(paris))[1].total_size == 0
    assert (await storefront_page(lyon))[1].total_size == 1
    only = await selling(paris).ListListings(
        pb.ListListingsRequest(parent=f"tenants/{paris}", state=HIDDEN)
    )
    assert [one.name for one in only.listings] == [listing.name]


async def test_a_state_cannot_be_emptied(create, opt_in, selling, tenants):
    product = await create()
    mine, theirs = [await opt_in(tenant, product, state=HIDDEN) for tenant in tenants]

    with pytest.raises(InvalidArgument) as refusal:
        await update(selling, pb.Listing(name=mine.name), "state")

    assert refusal.value.violations.keys() == {"state"}
    for listing in (mine, theirs):
        assert await get(selling, listing.name) == listing


async def test_a_stale_etag_is_refused(create, opt_in, selling, tenants):
    listing = await opt_in(tenants[0], await create())
    listing.state = HIDDEN
    await update(selling, listing, "state")

    for call in (
        update(selling, listing, "state"),
        selling(tenants[0]).DeleteListing(
            pb.DeleteListingRequest(name=listing.name, etag=listing.etag)
        ),
    ):
        with pytest.raises(Aborted) as refusal:
            await call
        assert refusal.value.reason == "ETAG_MISMATCH"


async def test_a_listing_cannot_move_to_another_product(create, opt_in, selling, tenants):
    listing = await opt_in(tenants[0], await create())
    listing.product = (await create()).name

    with pytest.raises(InvalidArgument) as refusal:
        await update(selling, listing, "product")
    assert refusal.value.reason == "FIELD_IMMUTABLE"


async def test_opting_out_removes_it_for_that_tenant_alone(
    create, opt_in, selling, storefront_page, tenants
):
    paris, lyon = tenants
    product = await create()
    listing = await opt_in(paris, product, prices=[own_price(product.variants[0], euros(1))])
    await opt_in(lyon, product)
    version = (await storefront_page(paris))[1].catalogue_version

    await selling(paris).DeleteListing(pb.DeleteListingRequest(name=listing.name))

    after = (await storefront_page(paris))[1]
    assert after.total_size == 0
    assert after.catalogue_version > version
    assert (await storefront_page(lyon))[1].total_size == 1
    with pytest.raises(NotFound) as refusal:
        await selling(paris).DeleteListing(pb.DeleteListingRequest(name=listing.name))
    assert refusal.value.reason == "LISTING_NOT_FOUND"
    assert not (await opt_in(paris, product)).prices


@pytest.mark.parametrize("order", ["created_at", "-updated_at", "title", "-handle"])
async def test_pages_hold_every_listing_once_in_order(create, opt_in, selling, tenants, order):
    made = []
    for letter in "ABC":
        product = await create(title=product_of().title.replace("Whey", f"{letter} whey"))
        made.append((await opt_in(tenants[0], product)).name)
        await opt_in(tenants[1], product)

    parent = f"tenants/{tenants[0]}"
    fields = {"parent": parent, "order_by": order, "page_size": 2}
    first = await selling(tenants[0]).ListListings(pb.ListListingsRequest(**fields))
    fields["page_token"] = first.next_page_token
    second = await selling(tenants[0]).ListListings(pb.ListListingsRequest(**fields))

    names = [one.name for one in (*first.listings, *second.listings)]
    assert names == (made[::-1] if order.startswith("-") else made)
    assert second.next_page_token == ""


async def test_an_archived_tenant_changes_no_listing_but_may_opt_out(
    create, opt_in, selling, scoped_stub, tenants
):
    product, other = await create(), await create()
    mine, theirs = [await opt_in(tenant, product) for tenant in tenants]

    def stub(state):
        return scoped_stub(
            ListingServiceStub,
            SERVICE,
            tenant=tenants[0],
            currency="EUR",
            tenant_state=state,
            permissions=SELLING,
        )

    listing = pb.Listing(product=other.name)
    for call in (
        stub("archived").CreateListing(
            pb.CreateListingRequest(parent=f"tenants/{tenants[0]}", listing=listing)
        ),
        stub("archived").UpdateListing(
            pb.UpdateListingRequest(listing=pb.Listing(name=mine.name, state=HIDDEN))
        ),
    ):
        with pytest.raises(FailedPrecondition) as refusal:
            await call
        assert refusal.value.reason == "TENANT_ARCHIVED"
    assert await get(selling, mine.name) == mine
    hidden = pb.Listing(name=mine.name, state=HIDDEN)
    await stub("suspended").UpdateListing(pb.UpdateListingRequest(listing=hidden))
    await stub("archived").DeleteListing(pb.DeleteListingRequest(name=mine.name))
    assert await get(selling, theirs.name) == theirs


async def test_another_tenants_page_token_is_refused(create, opt_in, selling, tenants):
    for _ in range(2):
        product = await create()
        for tenant in tenants:
            await opt_in(tenant, product)
    paris, lyon = tenants
    first = await selling(paris).ListListings(
        pb.ListListingsRequest(parent=f"tenants/{paris}", page_size=1)
    )

    with pytest.raises(InvalidArgument) as refusal:
        await selling(lyon).ListListings(
            pb.ListListingsRequest(
                parent=f"tenants/{lyon}", page_size=1, page_token=first.next_page_token
            )
        )
    assert refusal.value.reason == "PAGE_TOKEN_INVALID"


async def test_of_concurrent_updates_of_one_version_only_one_succeeds(
    create, opt_in, selling, tenants
):
    product = await create()
    mine, theirs = [await opt_in(tenant, product) for tenant in tenants]
    untouched = await get(selling, theirs.name)

    for _ in range(3):
        read = await get(selling, mine.name)
        other = HIDDEN if read.state == LIVE else LIVE
        outcomes = await asyncio.gather(
            *(
                update(selling, pb.Listing(name=mine.name, state=other, etag=read.etag), "state")
                for _ in range(4)
            ),
            return_exceptions=True,
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Aborted)]
        assert {one.reason for one in refused} == {"ETAG_MISMATCH"}
        assert len(refused) == 3
    assert await get(selling, theirs.name) == untouched


async def test_concurrent_hiding_and_opting_out_keep_the_count_right(
    create, opt_in, selling, storefront_page, tenants
):
    product, other = await create(), await create()
    for tenant in tenants:
        await opt_in(tenant, other)
    listing = await opt_in(tenants[0], product)
    hidden = pb.Listing(name=listing.name, state=HIDDEN)

    await asyncio.gather(*(update(selling, hidden, "state") for _ in range(4)))
    assert (await storefront_page(tenants[0]))[1].total_size == 1
    await update(selling, pb.Listing(name=listing.name, state=LIVE), "state")
    leave = pb.DeleteListingRequest(name=listing.name)
    outcomes = await asyncio.gather(
        *(selling(tenants[0]).DeleteListing(leave) for _ in range(4)),
        update(selling, hidden, "state"),
        return_exceptions=True,
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(one) for one in refused} == {NotFound}
    for tenant in tenants:
        documents, answer = await storefront_page(tenant)
        assert [document["id"] for document in documents] == [id_of(other)]
        assert answer.total_size == 1
