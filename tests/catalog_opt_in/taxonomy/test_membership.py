"""The products of collections and categories: put in and taken out, many at once."""

import uuid

import pytest
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb

from services.kernel.call.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import id_of

NO_PRODUCT = "products/prod_none"


@pytest.fixture
def change_products(kind, catalogue):
    """Puts products into a collection or a category, and takes others out."""

    async def call(resource, adds=(), removes=(), tenant="hq", request_id=""):
        request = getattr(pb, f"Change{kind.word}ProductsRequest")(
            name=resource.name,
            adds=[one if isinstance(one, str) else one.name for one in adds],
            removes=[one if isinstance(one, str) else one.name for one in removes],
            request_id=request_id,
        )
        return await getattr(catalogue(tenant), f"Change{kind.word}Products")(request)

    return call


@pytest.fixture
def members(kind, storefront_page):
    """Finds the ids of what a shop shows in a collection or a category."""
    key = f"{kind.word.lower()}_ids"

    async def read(tenant, resource):
        documents, _ = await storefront_page(tenant, **{key: [id_of(resource)]})
        return {document["id"] for document in documents}

    return read


async def test_products_come_and_go_in_every_shop(
    kind, create, opt_in, change_products, members, tenants
):
    resource = await kind.create()
    first, second, third = [await create() for _ in range(3)]
    for tenant in tenants:
        for product in (first, second):
            await opt_in(tenant, product)

    answer = await change_products(resource, adds=[first, third])
    assert answer.name == resource.name
    for tenant in tenants:
        assert await members(tenant, resource) == {id_of(first)}

    await change_products(resource, adds=[second], removes=[first])
    for tenant in tenants:
        assert await members(tenant, resource) == {id_of(second)}


async def test_a_product_changes_once_and_only_if_something_changes(
    kind, create, change_products, read
):
    resource, product = await kind.create(), await create()

    await change_products(resource, removes=[product])
    assert (await read(product)).etag == product.etag
    await change_products(resource, adds=[product])
    inside = await read(product)
    assert inside.etag != product.etag
    await change_products(resource, adds=[product])
    assert await read(product) == inside


async def test_a_product_keeps_its_other_categories_and_leaves_its_collection(
    collections, categories, create, catalogue, read
):
    old, new = await collections.create(), await collections.create()
    first, second = await categories.create(), await categories.create()
    product = await create(collection=old.name, categories=[first.name])

    await catalogue().ChangeCollectionProducts(
        pb.ChangeCollectionProductsRequest(name=new.name, adds=[product.name])
    )
    await catalogue().ChangeCategoryProducts(
        pb.ChangeCategoryProductsRequest(name=second.name, adds=[product.name])
    )
    await catalogue().ChangeCollectionProducts(
        pb.ChangeCollectionProductsRequest(name=old.name, removes=[product.name])
    )

    after = await read(product)
    assert (after.collection, after.categories) == (new.name, [first.name, second.name])


async def test_all_products_change_or_none(kind, create, change_products, read):
    resource, product = await kind.create(), await create()

    for fields, place in (
        ({"adds": [product, NO_PRODUCT]}, "adds[1]"),
        ({"adds": [product], "removes": [NO_PRODUCT]}, "removes[0]"),
        ({"adds": [product], "removes": ["collections/x"]}, "removes[0]"),
        ({"adds": [product], "removes": [product]}, "adds[0]"),
        ({"adds": [product] + [NO_PRODUCT] * 500, "removes": [NO_PRODUCT] * 500}, "adds"),
    ):
        with pytest.raises(InvalidArgument) as refusal:
            await change_products(resource, **fields)
        assert place in refusal.value.violations

    assert await read(product) == product


async def test_a_product_is_in_at_most_fifty_categories(categories, create, catalogue):
    names = [(await categories.create()).name for _ in range(51)]
    product = await create(categories=names[:50])

    with pytest.raises(InvalidArgument) as refusal:
        await catalogue().ChangeCategoryProducts(
            pb.ChangeCategoryProductsRequest(name=names[50], adds=[product.name])
        )
    assert refusal.value.violations == {"adds[0]": "is in 50 categories already"}


async def test_a_repeated_request_changes_products_once(kind, create, change_products, read):
    resource, product, request_id = await kind.create(), await create(), str(uuid.uuid4())

    first = await change_products(resource, adds=[product], request_id=request_id)
    await change_products(resource, removes=[product])
    outside = await read(product)
    again = await change_products(resource, adds=[product], request_id=request_id)

    assert again == first
    assert await read(product) == outside


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_other_tenants_cannot_change_what_is_in_it(kind, create, change_products, tenant):
    resource, product = await kind.create(), await create()

    with pytest.raises(PermissionDenied) as refusal:
        await change_products(resource, adds=[product], tenant=tenant)
    assert refusal.value.reason == "HEAD_OFFICE_ONLY"


async def test_products_of_a_deleted_resource_stay_without_it(
    kind, create, opt_in, change_products, read, storefront_page, tenants
):
    resource, product = await kind.create(), await create()
    await change_products(resource, adds=[product])
    for tenant in tenants:
        await opt_in(tenant, product)

    await kind.delete(resource.name)

    with pytest.raises(NotFound):
        await kind.get(resource.name)
    after = await read(product)
    assert (after.collection, list(after.categories)) == ("", [])
    for tenant in tenants:
        [document], _ = await storefront_page(tenant)
        assert (document["collection_id"], document["categories"]) == (None, [])


async def test_a_category_with_others_in_it_is_refused_in_medusas_words(categories):
    top = await categories.create()
    await categories.create(parent=top.name)

    with pytest.raises(FailedPrecondition) as refusal:
        await categories.delete(top.name)
    assert str(refusal.value) == (
        f"Deleting ProductCategory ({id_of(top)}) with category children is not allowed"
    )
