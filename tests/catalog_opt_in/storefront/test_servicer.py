"""StorefrontService: what shoppers see of one tenant."""

import pytest
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from services.kernel.call.errors import InvalidArgument, NotFound, PermissionDenied
from tests.catalog_opt_in.builders import id_of, unique
from tests.catalog_opt_in.conftest import SERVICE


async def test_a_storefront_shows_what_its_tenant_lists_alone(
    create, opt_in, storefront_page, tenants
):
    ours, theirs = await create(), await create()
    for tenant, product in zip(tenants, (ours, theirs), strict=True):
        await opt_in(tenant, product)

    for tenant, product in zip(tenants, (ours, theirs), strict=True):
        documents, answer = await storefront_page(tenant)
        assert [document["id"] for document in documents] == [id_of(product)]
        assert answer.total_size == 1


async def test_a_product_of_another_tenant_is_not_found_by_id_nor_by_handle(
    create, opt_in, look_up, tenants
):
    paris, lyon = tenants
    product = await create()
    await opt_in(paris, product)

    for key in (id_of(product), product.handle):
        assert (await look_up(paris, key))["id"] == id_of(product)
        with pytest.raises(NotFound) as theirs:
            await look_up(lyon, key)
        with pytest.raises(NotFound) as nobodys:
            await look_up(lyon, "prod_none")
        assert theirs.value.reason == nobodys.value.reason == "PRODUCT_NOT_FOUND"


async def test_a_storefront_answers_for_its_own_tenant_only(store, tenants):
    paris, lyon = tenants

    for call in (
        store(lyon).ListStoreProducts(pb.ListStoreProductsRequest(parent=f"tenants/{paris}")),
        store(lyon).ListStoreCollections(pb.ListStoreCollectionsRequest(parent=f"tenants/{paris}")),
        store(lyon).ListStoreCategories(pb.ListStoreCategoriesRequest(parent=f"tenants/{paris}")),
        store(lyon).ListStoreTags(pb.ListStoreTagsRequest(parent=f"tenants/{paris}")),
        store(lyon).ListStoreTypes(pb.ListStoreTypesRequest(parent=f"tenants/{paris}")),
        store(lyon).ListStoreVariants(pb.ListStoreVariantsRequest(parent=f"tenants/{paris}")),
        store(lyon).ListStoreOptions(pb.ListStoreOptionsRequest(parent=f"tenants/{paris}")),
        store(lyon).GetStoreProduct(
            pb.GetStoreProductRequest(name=f"tenants/{paris}/storeProducts/whey")
        ),
    ):
        with pytest.raises(PermissionDenied) as refusal:
            await call
        assert refusal.value.reason == "SCOPE_MISMATCH"


@pytest.mark.parametrize("state", ["provisioning", "suspended", "archived"])
async def test_a_shop_that_is_not_open_shows_nothing(create, opt_in, scoped_stub, tenants, state):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    def stub(state):
        shopper = {"tenant": tenants[0], "permissions": {"storefront:read"}}
        return scoped_stub(StorefrontServiceStub, SERVICE, tenant_state=state, **shopper)

    parent = f"tenants/{tenants[0]}"
    for method, request in (
        ("GetStoreProduct", pb.GetStoreProductRequest(name=f"{parent}/storeProducts/x")),
        ("ListStoreProducts", pb.ListStoreProductsRequest(parent=parent)),
        ("ListStoreCollections", pb.ListStoreCollectionsRequest(parent=parent)),
        ("ListStoreCategories", pb.ListStoreCategoriesRequest(parent=parent)),
        ("ListStoreTags", pb.ListStoreTagsRequest(parent=parent)),
        ("ListStoreTypes", pb.ListStoreTypesRequest(parent=parent)),
        ("ListStoreVariants", pb.ListStoreVariantsRequest(parent=parent)),
        ("ListStoreOptions", pb.ListStoreOptionsRequest(parent=parent)),
    ):
        with pytest.raises(NotFound) as refusal:
            await getattr(stub(state), method)(request)
        assert refusal.value.reason == "SHOP_UNKNOWN"
    page = await stub("active").ListStoreProducts(pb.ListStoreProductsRequest(parent=parent))
    assert page.total_size == 1


async def test_a_tenant_that_sells_nothing_has_an_empty_storefront(
    storefront_page, shelves, tenants
):
    for tenant in tenants:
        documents, answer = await storefront_page(tenant)
        assert (documents, answer.total_size, answer.catalogue_version) == ([], 0, 0)
        for kind in ("Collections", "Categories", "Tags", "Types", "Variants", "Options"):
            documents, answer = await shelves(tenant, kind)
            assert (documents, answer.total_size, answer.catalogue_version) == ([], 0, 0)


@pytest.mark.parametrize("order", ["created_at", "updated_at", "title", "handle"])
async def test_pages_follow_the_order_asked_for(create, opt_in, storefront_page, tenants, order):
    made = []
    for letter in "ABC":
        product = await create(title=unique(f"{letter} whey"))
        made.append(id_of(product))
        for tenant in tenants:
            await opt_in(tenant, product)

    paris, lyon = tenants
    up, _ = await storefront_page(paris, order_by=order)
    down, _ = await storefront_page(lyon, order_by=f"-{order}")
    middle, answer = await storefront_page(paris, order_by=order, skip=1, page_size=1)

    assert [document["id"] for document in up] == made
    assert [document["id"] for document in down] == made[::-1]
    assert [document["id"] for document in middle] == made[1:2]
    assert answer.total_size == 3


async def test_the_newest_product_comes_first_when_no_order_is_asked_for(
    create, opt_in, storefront_page, tenants
):
    made = [await create() for _ in range(2)]
    for tenant in tenants:
        for product in made:
            await opt_in(tenant, product)

    for tenant in tenants:
        documents, _ = await storefront_page(tenant)
        assert [document["id"] for document in documents] == [id_of(p) for p in made[::-1]]


async def test_a_page_beyond_the_end_is_empty_and_counts_truly(
    create, opt_in, storefront_page, tenants
):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    for tenant in tenants:
        documents, answer = await storefront_page(tenant, skip=1000)
        assert (documents, answer.total_size) == ([], 1)


async def test_each_filter_finds_what_it_names(
    create, opt_in, storefront_page, look_up, collection, category, tenants
):
    summer, top = await collection(), await category()
    under = await category(parent=top.name)
    product = await create(
        title=unique("Créatine"),
        collection=summer.name,
        categories=[under.name],
        tags=[unique("vegan")],
        type=unique("powder"),
    )
    other = await create()
    for tenant in tenants:
        await opt_in(tenant, product)
        await opt_in(tenant, other)
    document = await look_up(tenants[0], product.handle)

    for filters in (
        {"ids": [id_of(product)]},
        {"handles": [product.handle]},
        {"collection_ids": [id_of(summer)]},
        {"category_ids": [id_of(under)]},
        {"category_ids": [id_of(top)]},
        {"tag_ids": [document["tags"][0]["id"]]},
        {"type_ids": [document["type"]["id"]]},
        {"query": "CREATINE"},
        {"query": product.handle[:-3].upper()},
    ):
        for tenant in tenants:
            documents, answer = await storefront_page(tenant, **filters)
            assert [d["id"] for d in documents] == [id_of(product)], filters
            assert answer.total_size == 1


async def test_a_query_finds_its_words_in_any_order_however_they_are_typed(
    create, opt_in, storefront_page, catalogue, tenants
):
    word = unique("word")
    match = await create(title=f"Blanc d'Œuf {word}", subtitle="Łosoś, Ħobż, İstanbul")
    other = await create(title=f"Blanc {word}")
    for tenant in tenants:
        await opt_in(tenant, match)
        await opt_in(tenant, other)

    for query in ("oeuf blanc", "D\u2019OEUF", "d'oeuf", "d oeuf", "losos hobz", "ISTANBUL blanc"):
        for tenant in tenants:
            documents, answer = await storefront_page(tenant, query=f"{query} {word}")
            assert [document["id"] for document in documents] == [id_of(match)], query
            assert answer.total_size == 1
        request = catalog.ListProductsRequest(query=f"{query} {word}")
        found = await catalogue().ListProducts(request)
        assert [product.name for product in found.products] == [match.name], query


async def test_a_title_in_any_script_gets_a_handle_by_which_it_is_found(
    create, opt_in, look_up, storefront_page, tenants
):
    word = unique("x")
    product = await create(title=f"كرياتين {word}")
    for tenant in tenants:
        await opt_in(tenant, product)

    assert product.handle == f"krytyn-{word}"
    for tenant in tenants:
        assert (await look_up(tenant, product.handle))["title"] == product.title
        assert (await storefront_page(tenant, query=f"{word} كرياتين"))[1].total_size == 1


@pytest.mark.parametrize("query", ["%", "_", "\\", "' OR 1=1 --", "w%y", "wh_y", "$1"])
async def test_a_query_is_never_a_pattern_or_sql(create, opt_in, storefront_page, tenants, query):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    for tenant in tenants:
        documents, answer = await storefront_page(tenant, query=query)
        assert (documents, answer.total_size) == ([], 0)


async def test_filters_find_nothing_of_another_tenant(
    create, opt_in, storefront_page, category, tenants
):
    paris, lyon = tenants
    place = await category()
    product = await create(categories=[place.name])
    await opt_in(paris, product)
    await opt_in(lyon, await create())

    for filters in (
        {"ids": [id_of(product)]},
        {"handles": [product.handle]},
        {"category_ids": [id_of(place)]},
        {"query": product.title},
    ):
        assert (await storefront_page(paris, **filters))[1].total_size == 1
        assert (await storefront_page(lyon, **filters))[1].total_size == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"page_size": -1},
        {"skip": -1},
        {"skip": 100_001},
        {"order_by": "colour"},
        {"order_by": "title; DROP TABLE listing"},
        {"query": "x" * 101},
        {"ids": ["prod_x"] * 201},
        {"tag_ids": ["ptag_x"] * 51},
    ],
)
async def test_an_invalid_list_request_is_refused(storefront_page, tenants, fields):
    for tenant in tenants:
        with pytest.raises(InvalidArgument):
            await storefront_page(tenant, **fields)


async def test_a_page_of_large_products_arrives_whole(create, opt_in, storefront_page, tenants):
    images = [products.Image(url=f"https://example.com/{n}/{'x' * 1900}") for n in range(50)]
    for _ in range(28):
        product = await create(description="あ" * 20_000, images=images)
        for tenant in tenants:
            await opt_in(tenant, product)

    for tenant in tenants:
        documents, answer = await storefront_page(tenant, page_size=200)
        assert len(documents) == answer.total_size == 28
        assert answer.ByteSize() > 4 * 1024 * 1024
