"""Which of the head office's products a list has."""

from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1.catalog_service_pb2_grpc import CatalogServiceStub
from souk.kernel.v1.times_pb2 import TimeRange

from services.kernel.call.errors import InvalidArgument, PermissionDenied
from tests.catalog_opt_in.builders import euros, unique

DRAFT, PUBLISHED = products.Product.STATUS_DRAFT, products.Product.STATUS_PUBLISHED


@pytest.fixture
def found(catalogue):
    """Lists the names of the products that filters find."""

    async def read(tenant="hq", **filters):
        answer = await catalogue(tenant).ListProducts(pb.ListProductsRequest(**filters))
        assert answer.total_size == len(answer.products)
        return [product.name for product in answer.products]

    return read


@pytest_asyncio.fixture
async def collection(catalogue):
    request = pb.CreateCollectionRequest(collection=products.Collection(title=unique("Winter")))
    return await catalogue().CreateCollection(request)


@pytest_asyncio.fixture
async def category(catalogue):
    request = pb.CreateCategoryRequest(category=products.Category(title=unique("Whey")))
    return await catalogue().CreateCategory(request)


def bare(**codes):
    """A variant without options, known by codes."""
    return {"options": [], "variants": [products.Variant(title="One", prices=[euros(1)], **codes)]}


async def test_products_are_found_by_each_of_their_fields(create, collection, category, found):
    word = unique("code")
    one = await create(
        title=f"Été, {word}",
        external_id=f"{word}-external",
        tags=[f"{word}-tag"],
        type=f"{word}-type",
        collection=collection.name,
        categories=[category.name],
        **bare(sku=f"{word}-s", ean=f"{word}-e", upc=f"{word}-u", barcode=f"{word}-b"),
    )
    other = await create(collection=collection.name, status=DRAFT)
    both = [one.name, other.name]

    for filters, names in (
        ({"handles": [one.handle, other.handle]}, both),
        ({"titles": [one.title]}, [one.name]),
        ({"titles": [one.title.upper()]}, []),
        ({"external_ids": [f"{word}-external", ""]}, [one.name]),
        ({"tags": [one.tag_details[0].name]}, [one.name]),
        ({"types": [one.type_detail.name]}, [one.name]),
        ({"collections": [collection.name]}, both),
        ({"categories": [category.name]}, [one.name]),
        ({"skus": [f"{word}-s", other.variants[0].sku]}, both),
        ({"eans": [f"{word}-e", ""]}, [one.name]),
        ({"upcs": [f"{word}-u", ""]}, [one.name]),
        ({"barcodes": [f"{word}-b", ""]}, [one.name]),
        ({"barcodes": [f"{word}-e"]}, []),
        ({"collections": [collection.name], "statuses": [DRAFT]}, [other.name]),
        ({"collections": [collection.name], "statuses": [DRAFT, PUBLISHED]}, both),
        ({"collections": [collection.name], "status": DRAFT}, [other.name]),
        ({"collections": [collection.name], "handle": one.handle}, [one.name]),
        ({"collections": [collection.name], "tags": [one.tag_details[0].name]}, [one.name]),
    ):
        assert await found(**filters) == names, filters


async def test_gift_cards_are_told_from_goods(create, collection, found):
    card = await create(is_giftcard=True, collection=collection.name)
    goods = await create(collection=collection.name)

    assert await found(collections=[collection.name], is_giftcard=True) == [card.name]
    assert await found(collections=[collection.name], is_giftcard=False) == [goods.name]


async def test_a_category_has_only_what_is_in_it_itself(create, catalogue, category, found):
    below = await catalogue().CreateCategory(
        pb.CreateCategoryRequest(
            category=products.Category(title=unique("Below"), parent=category.name)
        )
    )
    product = await create(categories=[below.name])

    assert await found(categories=[category.name]) == []
    assert await found(categories=[below.name]) == [product.name]


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
async def test_products_are_found_by_times(create, found, field):
    product = await create()
    at = Timestamp()
    at.FromMilliseconds(product.create_time.ToMilliseconds())

    for bounds, names in (
        ({"eq": at}, [product.name]),
        ({"gte": at, "lte": at}, [product.name]),
        ({"gt": at}, []),
        ({"lt": at}, []),
    ):
        listed = await found(handles=[product.handle], **{field: TimeRange(**bounds)})
        assert listed == names, bounds


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
async def test_every_list_takes_the_last_millisecond_of_all(create, catalogue, found, field):
    product = await create()
    last = Timestamp()
    last.FromDatetime(datetime.max.replace(tzinfo=UTC))

    for operator, names in (("eq", []), ("gt", []), ("gte", []), ("lt", [product.name])):
        bounds: dict[str, Any] = {field: TimeRange(**{operator: last})}
        assert await found(handles=[product.handle], **bounds) == names
        variants = pb.ListVariantsRequest(parent=product.name, **bounds)
        assert (await catalogue().ListVariants(variants)).total_size == 2 * len(names)
        for kind in ("Collections", "Categories", "Tags", "ProductTypes"):
            request = getattr(pb, f"List{kind}Request")(page_size=1, **bounds)
            await getattr(catalogue(), f"List{kind}")(request)
    for tenant in ("paris", "lyon"):
        with pytest.raises(PermissionDenied):
            await found(tenant, **bounds)


async def test_deleted_products_are_listed_if_they_are_wanted(create, catalogue, found):
    word = unique("deleted")
    before = Timestamp()
    gone = await create(title=word, handle=word)
    before.FromMilliseconds(gone.create_time.ToMilliseconds())
    await catalogue().DeleteProduct(pb.DeleteProductRequest(name=gone.name))
    there = await create(title=word, handle=word)

    assert await found(titles=[word]) == [there.name]
    assert await found(titles=[word], deleted_at=TimeRange(gte=before)) == []
    for filters in ({"titles": [word]}, {"handles": [word]}):
        assert await found(show_deleted=True, **filters) == [gone.name, there.name]
    request = pb.ListProductsRequest(
        titles=[word], show_deleted=True, deleted_at=TimeRange(gte=before)
    )
    [product] = (await catalogue().ListProducts(request)).products
    assert (product.name, product.HasField("delete_time")) == (gone.name, True)
    assert await found(skus=[gone.variants[0].sku], show_deleted=True) == [gone.name]
    assert await found(skus=[gone.variants[0].sku]) == []


async def test_products_are_found_by_who_sells_them(create, collection, opt_in, found, tenants):
    paris, lyon = tenants
    first, second = [await create(collection=collection.name) for _ in range(2)]
    await opt_in(paris, first)
    await opt_in(lyon, first)
    await opt_in(lyon, second)

    for sellers, names in (
        ([paris], [first.name]),
        ([lyon], [first.name, second.name]),
        ([paris, lyon], [first.name, second.name]),
        (["nobody"], []),
    ):
        listed = await found(
            collections=[collection.name], tenants=[f"tenants/{one}" for one in sellers]
        )
        assert listed == names, sellers


async def test_a_filter_by_tenants_needs_a_permission(scoped_stub):
    stub = scoped_stub(
        CatalogServiceStub, "catalog-opt-in", tenant="hq", permissions={"product:read"}
    )
    assert await stub.ListProducts(pb.ListProductsRequest(page_size=1))

    with pytest.raises(PermissionDenied) as refusal:
        await stub.ListProducts(pb.ListProductsRequest(tenants=["tenants/paris"]))
    assert refusal.value.reason == "PERMISSION_MISSING"


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_other_tenants_find_nothing(found, tenant):
    with pytest.raises(PermissionDenied) as refusal:
        await found(tenant, tenants=[f"tenants/{tenant}"])
    assert refusal.value.reason == "HEAD_OFFICE_ONLY"


@pytest.mark.parametrize(
    "filters",
    [
        {"statuses": [0]},
        {"statuses": [99]},
        {"collections": ["pcol_1"]},
        {"tags": ["collections/1"]},
        {"tenants": ["paris"]},
        {"created_at": TimeRange(gt=Timestamp(seconds=2**60))},
    ],
    ids=str,
)
async def test_a_filter_that_cannot_be_is_refused(found, filters):
    with pytest.raises(InvalidArgument):
        await found(**filters)


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("id", lambda product: product.name),
        ("status", lambda product: product.status == PUBLISHED),
        ("handle", lambda product: product.handle),
        ("created_at", lambda product: product.create_time.ToNanoseconds()),
    ],
)
async def test_pages_follow_every_order(create, collection, catalogue, order, key):
    for status in (PUBLISHED, DRAFT, PUBLISHED):
        await create(collection=collection.name, status=status)

    for sign in ("", "-"):
        listed, token = [], ""
        while True:
            answer = await catalogue().ListProducts(
                pb.ListProductsRequest(
                    collections=[collection.name],
                    order_by=sign + order,
                    page_size=1,
                    page_token=token,
                )
            )
            listed += answer.products
            token = answer.next_page_token
            if not token:
                break
        keys = [key(product) for product in listed]
        assert len({product.name for product in listed}) == 3
        assert keys == sorted(keys, reverse=bool(sign))
