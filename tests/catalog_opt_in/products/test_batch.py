"""A batch changes many products of the master catalogue: all rows, or none."""

import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from services.catalog_opt_in.batches import MOST_ROWS
from services.kernel.call.errors import InvalidArgument, NotFound, PermissionDenied
from tests.catalog_opt_in.builders import euros, flavoured, id_of, own_price, product_of, unique


@pytest.fixture
def batch(catalogue, made):
    async def send(**rows):
        answer = await catalogue().BatchChangeProducts(pb.BatchChangeProductsRequest(**rows))
        made.extend(product.name for product in answer.created)
        return answer

    return send


def change(product, *paths, **fields):
    changed = products.Product(name=product.name, **fields)
    return pb.ProductChange(product=changed, update_mask=FieldMask(paths=paths))


async def test_rows_of_all_kinds_are_done_and_reach_every_shop(
    create, opt_in, batch, look_up, storefront_page, tenants
):
    unchanged, renamed, gone = [await create(**flavoured("Plain")) for _ in range(3)]
    for tenant in tenants:
        for product in (unchanged, renamed):
            await opt_in(tenant, product)

    answer = await batch(
        creates=[product_of(), product_of(title="Second")],
        updates=[
            change(renamed, "title", title="New title"),
            change(unchanged, "title", title=unchanged.title),
        ],
        deletes=[gone.name],
    )

    assert [product.title for product in answer.created][1] == "Second"
    assert [product.name for product in answer.updated] == [renamed.name, unchanged.name]
    assert answer.updated[1] == unchanged
    assert list(answer.deleted) == [gone.name]
    for tenant in tenants:
        assert (await look_up(tenant, id_of(renamed)))["title"] == "New title"
        assert (await storefront_page(tenant))[1].total_size == 2
        await opt_in(tenant, answer.created[0])
        assert (await look_up(tenant, id_of(answer.created[0])))["id"] == id_of(answer.created[0])
    assert (await look_up("hq", id_of(answer.created[1])))["title"] == "Second"
    with pytest.raises(NotFound):
        await look_up("hq", id_of(gone))


async def test_a_row_does_the_same_as_the_single_call(create, batch, look_up, tenants):
    single = await create(title="Same", handle=unique("one"))
    [row] = (await batch(creates=[product_of(title="Same", handle=unique("two"))])).created

    documents = [await look_up("hq", id_of(product)) for product in (single, row)]
    for document in documents:
        assert len(document["variants"]) == 2
        assert document.keys() == documents[0].keys()
    for field in ("name", "handle", "create_time", "update_time", "options", "variants"):
        single.ClearField(field)
        row.ClearField(field)
    assert row == single


async def test_prices_of_removed_variants_go_in_each_shop_that_had_them(
    create, opt_in, batch, look_up, tenants
):
    made = [await create() for _ in tenants]
    for tenant, product in zip(tenants, made, strict=True):
        prices = [own_price(variant, euros(3)) for variant in product.variants]
        await opt_in(tenant, product, prices=prices)

    await batch(
        updates=[change(p, "variants", variants=[p.variants[0]]) for p in made],
    )

    for tenant, product in zip(tenants, made, strict=True):
        [variant] = (await look_up(tenant, id_of(product)))["variants"]
        assert variant["calculated_price"]["calculated_amount"] == 3


async def test_filters_follow_each_product(
    catalogue, create, opt_in, batch, storefront_page, tenants
):
    request = pb.CreateCategoryRequest(
        category=products.Category(title=unique("Old"), is_active=True)
    )
    old = await catalogue().CreateCategory(request)
    request = pb.CreateCategoryRequest(
        category=products.Category(title=unique("New"), is_active=True)
    )
    new = await catalogue().CreateCategory(request)
    moved, unmoved = [await create(categories=[old.name]) for _ in range(2)]
    for tenant in tenants:
        for product in (moved, unmoved):
            await opt_in(tenant, product)

    await batch(
        updates=[
            change(moved, "categories", "tags", categories=[new.name], tags=["fresh"]),
            change(unmoved, "title", title="Kept"),
        ]
    )

    for tenant in tenants:
        for category, product in ((old, unmoved), (new, moved)):
            documents, _ = await storefront_page(tenant, category_ids=[id_of(category)])
            assert [document["id"] for document in documents] == [id_of(product)]


async def test_one_bad_row_refuses_all_and_each_is_named(
    create, opt_in, batch, storefront_page, tenants
):
    paris, _ = tenants
    listed, other = await create(), await create()
    await opt_in(paris, listed)
    taken = product_of(handle=other.handle)
    for variant, of_other in zip(taken.variants, other.variants, strict=True):
        variant.sku = of_other.sku
    twice = unique("twice")

    for rows, violations in (
        (
            {
                "creates": [product_of(), product_of(title="")],
                "updates": [change(products.Product(name="products/none"), "title", title="x")],
                "deletes": [listed.name, "products/nothing"],
            },
            {
                "creates[1].title": "must not be empty",
                "updates[0].product.name": "does not exist",
                "deletes[0]": "is opted in to by 1 other tenants: reject it first",
                "deletes[1]": "does not exist",
            },
        ),
        (
            {"creates": [taken], "updates": [change(listed, "handle", handle=other.handle)]},
            {
                "updates[0].product.handle": "is already used by another product",
                "creates[0].handle": "is already used by another product",
                "creates[0].variants[0].sku": "is already used by another product",
                "creates[0].variants[1].sku": "is already used by another product",
            },
        ),
        (
            {"creates": [product_of(handle=twice), product_of(handle=twice)]},
            {f"creates[{n}].handle": "is already used by another product" for n in range(2)},
        ),
        (
            {
                "creates": [product_of(collection="collections/none")],
                "updates": [change(other, "categories", categories=["categories/none"])],
            },
            {
                "updates[0].product.categories[0]": "does not exist",
                "creates[0].collection": "does not exist",
            },
        ),
    ):
        with pytest.raises(InvalidArgument) as refusal:
            await batch(**rows)
        assert refusal.value.violations == violations
    assert (await storefront_page(paris))[1].total_size == 1


async def test_rows_beyond_the_bound_and_in_two_rows_are_refused(batch, create, tenants):
    product = await create()
    with pytest.raises(InvalidArgument) as refusal:
        await batch(updates=[change(product, "title", title="x")], deletes=[product.name])
    assert set(refusal.value.violations) == {"updates[0].product.name", "deletes[0]"}
    with pytest.raises(InvalidArgument) as refusal:
        await batch(creates=[products.Product()] * MOST_ROWS, deletes=[product.name])
    assert set(refusal.value.violations) == {"creates"}


async def test_a_batch_that_changes_nothing_is_answered(create, batch):
    product = await create()

    assert await batch() == pb.BatchChangeProductsResponse()
    answer = await batch(updates=[change(product, "title", title=product.title)])
    assert list(answer.updated) == [product]


async def test_a_stale_etag_refuses_the_batch(create, batch):
    product = await create()
    stale = change(product, "title", title="One", etag=product.etag)
    await batch(updates=[stale])

    with pytest.raises(InvalidArgument) as refusal:
        await batch(updates=[stale])

    assert refusal.value.violations == {"updates[0].product.etag": "is not the current version"}


async def test_a_repeat_is_answered_and_done_once(batch, catalogue, made):
    request = pb.BatchChangeProductsRequest(creates=[product_of()], request_id=str(uuid.uuid4()))

    answers = [await catalogue().BatchChangeProducts(request) for _ in range(2)]

    made.append(answers[0].created[0].name)
    assert answers[0] == answers[1]


async def test_the_master_catalogue_is_the_head_offices_alone(catalogue, storefront_page, tenants):
    for tenant in tenants:
        with pytest.raises(PermissionDenied):
            await catalogue(tenant).BatchChangeProducts(
                pb.BatchChangeProductsRequest(creates=[product_of()])
            )
        assert (await storefront_page(tenant))[1].total_size == 0
