"""The audit events of acts on listings."""

import json

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import listing_service_pb2 as pb

from tests.catalog_opt_in.builders import euros, own_price


async def test_every_act_on_a_listing_leaves_its_event_with_its_tenant_alone(
    create, opt_in, selling, events, tenants
):
    paris, lyon = tenants
    product = await create()
    await opt_in(lyon, product)
    listing = await opt_in(paris, product)
    listing.prices.append(own_price(product.variants[0], euros(7)))
    await selling(paris).UpdateListing(
        pb.UpdateListingRequest(listing=listing, update_mask=FieldMask(paths=["prices"]))
    )
    await selling(paris).DeleteListing(pb.DeleteListingRequest(name=listing.name))

    made, changed, removed = await events(paris, at_least=3)
    assert [event.method.rpartition("/")[2] for event in (made, changed, removed)] == [
        "CreateListing",
        "UpdateListing",
        "DeleteListing",
    ]
    assert {event.resource for event in (made, changed, removed)} == {listing.name}
    [change] = changed.changes
    assert change.field == "prices"
    assert change.before == ""
    assert json.loads(change.after)[0]["variant"] == product.variants[0].id
    assert len(await events(lyon, at_least=1)) == 1


async def test_a_refused_opt_in_leaves_no_event(create, opt_in, events, tenants):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
        with pytest.raises(Exception, match="already"):
            await opt_in(tenant, product)

    for tenant in tenants:
        assert len(await events(tenant, at_least=1)) == 1


async def test_a_tenant_gets_an_event_when_the_head_office_removes_a_variant_it_priced(
    create, change, opt_in, selling, events, tenants
):
    paris, lyon = tenants
    product = await create()
    gone, remaining = product.variants[:2]
    await opt_in(lyon, product)
    listing = await opt_in(paris, product)
    listing.prices.extend([own_price(gone, euros(7)), own_price(remaining, euros(8))])
    await selling(paris).UpdateListing(
        pb.UpdateListingRequest(listing=listing, update_mask=FieldMask(paths=["prices"]))
    )

    product.variants.remove(gone)
    await change(product, "variants")

    *_, event = await events(paris, at_least=3)
    assert event.method == "souk.catalog_opt_in.v1.CatalogService/UpdateProduct"
    assert event.resource == listing.name
    [change] = event.changes
    assert {price["variant"] for price in json.loads(change.before)} == {gone.id, remaining.id}
    assert {price["variant"] for price in json.loads(change.after)} == {remaining.id}
    assert len(await events(lyon, at_least=1)) == 1


async def test_an_update_that_changes_nothing_leaves_no_event_and_no_new_version(
    create, change, opt_in, selling, events, tenants
):
    product = await create()
    for tenant in tenants:
        listing = await opt_in(tenant, product)

        again = await selling(tenant).UpdateListing(pb.UpdateListingRequest(listing=listing))

        assert again == listing
        assert len(await events(tenant, at_least=1)) == 1
    assert await change(product, "title", "variants") == product
