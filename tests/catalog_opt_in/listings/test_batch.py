"""A batch changes many listings of one tenant: all rows, or none."""

import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import listing_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1.listing_service_pb2_grpc import ListingServiceStub

from services.catalog_opt_in.batches import MOST_ROWS
from services.kernel.call.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from tests.catalog_opt_in.builders import euros, flavoured, id_of, own_price

HIDDEN, LIVE = pb.Listing.STATE_HIDDEN, pb.Listing.STATE_LIVE


@pytest.fixture
def batch(selling, made):
    async def send(tenant, **rows):
        request = pb.BatchChangeListingsRequest(parent=f"tenants/{tenant}", **rows)
        answer = await selling(tenant).BatchChangeListings(request)
        made.extend(listing.name for listing in answer.created)
        return answer

    return send


def creation(product, **fields):
    return pb.Listing(product=product.name, **fields)


def change(product, *paths, **fields):
    return pb.ListingChange(listing=creation(product, **fields), update_mask=FieldMask(paths=paths))


async def test_rows_of_all_kinds_are_done_and_answered_in_their_order(
    create, opt_in, batch, storefront_page, tenants
):
    paris, lyon = tenants
    new, priced, hidden, gone = [await create(**flavoured("Plain")) for _ in range(4)]
    for tenant in tenants:
        for product in (priced, hidden, gone):
            await opt_in(tenant, product)
    price = own_price(priced.variants[0], euros(5))

    answer = await batch(
        paris,
        creates=[creation(new)],
        updates=[change(hidden, "state", state=HIDDEN), change(priced, "prices", prices=[price])],
        deletes=[gone.name],
    )

    assert [listing.product for listing in answer.created] == [new.name]
    assert [listing.product for listing in answer.updated] == [hidden.name, priced.name]
    assert answer.updated[0].state == HIDDEN
    assert list(answer.updated[1].prices) == [price]
    assert list(answer.deleted) == [gone.name]
    documents, page = await storefront_page(paris)
    assert {one["id"] for one in documents} == {id_of(new), id_of(priced)}
    assert page.total_size == 2
    documents, page = await storefront_page(lyon)
    assert {one["id"] for one in documents} == {id_of(one) for one in (priced, hidden, gone)}
    assert page.total_size == 3


async def test_a_row_does_the_same_as_the_single_call(create, opt_in, batch, look_up, tenants):
    paris, lyon = tenants
    product = await create()
    prices = [own_price(product.variants[0], euros(7))]
    single = await opt_in(paris, product, prices=prices)

    [listing] = (await batch(lyon, creates=[creation(product, prices=prices)])).created

    for one in (single, listing):
        for field in ("name", "create_time", "update_time"):
            one.ClearField(field)
    assert listing == single
    documents = [await look_up(tenant, id_of(product)) for tenant in tenants]
    for document in documents:
        del document["updated_at"]
    assert documents[0] == documents[1]


async def test_one_bad_row_refuses_all_and_each_is_named(
    create, change_status, batch, storefront_page, tenants
):
    paris, lyon = tenants
    good, listed, draft = [await create(**flavoured("Plain")) for _ in range(3)]
    await batch(paris, creates=[creation(listed)])
    await batch(lyon, creates=[creation(good)])
    await change_status(draft, products.Product.STATUS_DRAFT)
    wrong = own_price(good.variants[0], euros(1))

    with pytest.raises(InvalidArgument) as refusal:
        await batch(
            paris,
            creates=[
                creation(good),
                creation(listed),
                creation(draft),
                pb.Listing(product="products/none"),
            ],
            updates=[change(products.Product(name="products/other"), "state", state=HIDDEN)],
            deletes=["products/another"],
        )

    assert refusal.value.violations == {
        "creates[1].product": "is opted in to already",
        "creates[2].product": "is not published",
        "creates[3].product": "does not exist",
        "updates[0].listing.product": "is not opted in to",
        "deletes[0]": "is not opted in to",
    }
    with pytest.raises(InvalidArgument) as refusal:
        await batch(
            paris,
            creates=[creation(good)],
            updates=[change(listed, "prices", prices=[wrong])],
        )
    assert refusal.value.violations == {
        "updates[0].listing.prices[0].variant": "must be a variant of the product"
    }
    documents, page = await storefront_page(paris)
    assert {one["id"] for one in documents} == {id_of(listed)}
    assert page.total_size == 1
    assert (await storefront_page(lyon))[1].total_size == 1


@pytest.fixture
def change_status(change):
    async def turn(product, status):
        await change(products.Product(name=product.name, status=status), "status")

    return turn


async def test_a_batch_that_changes_nothing_is_answered(create, batch, tenants):
    product = await create()
    for tenant in tenants:
        assert await batch(tenant) == pb.BatchChangeListingsResponse()
        [made] = (await batch(tenant, creates=[creation(product)])).created
        answer = await batch(tenant, updates=[change(product, "state", state=LIVE)])
        assert list(answer.updated) == [made]


async def test_a_stale_etag_refuses_the_batch(create, batch, tenants):
    made = {tenant: await create() for tenant in tenants}
    for tenant, product in made.items():
        [listing] = (await batch(tenant, creates=[creation(product)])).created
        current = change(product, "state", state=HIDDEN, etag=listing.etag)
        await batch(tenant, updates=[current])

        with pytest.raises(InvalidArgument) as refusal:
            await batch(tenant, updates=[current])

        assert refusal.value.reason == "ETAG_MISMATCH"
        assert refusal.value.violations == {"updates[0].listing.etag": "is not the current version"}


@pytest.mark.parametrize(
    ("rows", "violations"),
    [
        (
            {"creates": [pb.Listing(product="prod_1")], "deletes": ["products/a/b"]},
            {
                "creates[0].product": "must have the form products/{product}",
                "deletes[0]": "must have the form products/{product}",
            },
        ),
        (
            {"creates": [pb.Listing(product="products/a")], "deletes": ["products/a"]},
            dict.fromkeys(
                ["creates[0].product", "deletes[0]"],
                "must be in one row only: this product is in several",
            ),
        ),
        (
            {
                "creates": [pb.Listing(product=f"products/a{n}") for n in range(MOST_ROWS)],
                "deletes": ["products/b"],
            },
            {"creates": "must have at most 1000 entries in creates, updates and deletes together"},
        ),
    ],
    ids=["malformed", "repeated", "too many"],
)
async def test_rows_that_contradict_or_exceed_the_form_are_refused(
    batch, tenants, rows, violations
):
    for tenant in tenants:
        with pytest.raises(InvalidArgument) as refusal:
            await batch(tenant, **rows)
        assert refusal.value.violations == violations


async def test_of_a_thousand_bad_rows_ten_are_named(batch, tenants):
    rows = [f"products/none{n}" for n in range(MOST_ROWS)]
    for tenant in tenants:
        with pytest.raises(InvalidArgument) as refusal:
            await batch(tenant, deletes=rows)
        assert list(refusal.value.violations) == [f"deletes[{n}]" for n in range(10)]


async def test_each_row_that_changes_something_leaves_its_own_event(
    create, opt_in, batch, events, tenants
):
    paris, lyon = tenants
    new, same, changed, gone = [await create() for _ in range(4)]
    for tenant in tenants:
        for product in (same, changed, gone):
            await opt_in(tenant, product)

    await batch(
        paris,
        creates=[creation(new)],
        updates=[change(same, "state", state=LIVE), change(changed, "state", state=HIDDEN)],
        deletes=[gone.name],
    )

    of_batch = (await events(paris, at_least=6))[3:]
    assert {event.method.rpartition("/")[2] for event in of_batch} == {"BatchChangeListings"}
    assert [event.resource.rpartition("/")[2] for event in of_batch] == [
        id_of(product) for product in (new, changed, gone)
    ]
    assert len(await events(lyon, at_least=3)) == 3


async def test_a_repeat_is_answered_and_done_once(create, batch, selling, storefront_page, tenants):
    product = await create()
    for tenant in tenants:
        request = pb.BatchChangeListingsRequest(
            parent=f"tenants/{tenant}", creates=[creation(product)], request_id=str(uuid.uuid4())
        )
        answers = [await selling(tenant).BatchChangeListings(request) for _ in range(2)]
        assert answers[0] == answers[1]
        assert (await storefront_page(tenant))[1].total_size == 1
        await batch(tenant, deletes=[product.name])


async def test_a_batch_is_for_its_own_tenant_alone(create, selling, storefront_page, tenants):
    paris, lyon = tenants
    product = await create()
    request = pb.BatchChangeListingsRequest(parent=f"tenants/{lyon}", creates=[creation(product)])

    with pytest.raises(PermissionDenied):
        await selling(paris).BatchChangeListings(request)

    for tenant in tenants:
        assert (await storefront_page(tenant))[1].total_size == 0


async def test_an_archived_tenant_may_only_opt_out(
    create, batch, scoped_stub, storefront_page, tenants
):
    paris, _ = tenants
    product, other = await create(), await create()
    for tenant in tenants:
        await batch(tenant, creates=[creation(product)])
    archived = scoped_stub(
        ListingServiceStub,
        "catalog-opt-in",
        tenant=paris,
        currency="EUR",
        permissions={"listing:write"},
        tenant_state="archived",
    )

    parent = f"tenants/{paris}"
    for request in (
        pb.BatchChangeListingsRequest(parent=parent, creates=[creation(other)]),
        pb.BatchChangeListingsRequest(
            parent=parent, updates=[change(product, "state", state=HIDDEN)]
        ),
    ):
        with pytest.raises(FailedPrecondition):
            await archived.BatchChangeListings(request)
    await archived.BatchChangeListings(
        pb.BatchChangeListingsRequest(parent=parent, deletes=[product.name])
    )

    assert [(await storefront_page(tenant))[1].total_size for tenant in tenants] == [0, 1]


async def test_rows_that_are_done_already_are_left_out_on_request(
    create, opt_in, batch, storefront_page, tenants
):
    paris, lyon = tenants
    listed, new, unlisted = [await create(**flavoured("Plain")) for _ in range(3)]
    for tenant in tenants:
        await opt_in(tenant, listed)

    answer = await batch(
        paris, creates=[creation(listed), creation(new)], deletes=[unlisted.name], skip_done=True
    )

    assert [listing.product for listing in answer.created] == [new.name]
    assert list(answer.deleted) == []
    documents, _ = await storefront_page(paris)
    assert {one["id"] for one in documents} == {id_of(listed), id_of(new)}
    documents, _ = await storefront_page(lyon)
    assert {one["id"] for one in documents} == {id_of(listed)}
