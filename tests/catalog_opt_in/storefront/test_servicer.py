"""StorefrontService: what shoppers see of one tenant."""

import json

import pytest
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from services.kernel.call.errors import InvalidArgument, NotFound, PermissionDenied
from tests.catalog_opt_in.builders import id_of, unique
from tests.catalog_opt_in.conftest import SERVICE


@pytest.fixture
def collection(catalogue):
    async def make(title="Summer", **fields):
        made = products.Collection(title=unique(title), **fields)
        return await catalogue().CreateCollection(catalog.CreateCollectionRequest(collection=made))

    return make


@pytest.fixture
def category(catalogue):
    async def make(title="Protein", **fields):
        made = products.Category(title=unique(title), **fields)
        return await catalogue().CreateCategory(catalog.CreateCategoryRequest(category=made))

    return make


@pytest.fixture
def shelves(store):
    """Reads a storefront's collections or categories: the documents, and the answer."""

    async def read(tenant, kind, **asked):
        request = getattr(pb, f"ListStore{kind}Request")(parent=f"tenants/{tenant}", **asked)
        answer = await getattr(store(tenant), f"ListStore{kind}")(request)
        return [json.loads(document) for document in answer.documents], answer

    return read


async def test_a_storefront_shows_what_its_tenant_lists_alone(create, opt_in, shown, tenants):
    ours, theirs = await create(), await create()
    for tenant, product in zip(tenants, (ours, theirs), strict=True):
        await opt_in(tenant, product)

    for tenant, product in zip(tenants, (ours, theirs), strict=True):
        documents, answer = await shown(tenant)
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
    ):
        with pytest.raises(NotFound) as refusal:
            await getattr(stub(state), method)(request)
        assert refusal.value.reason == "SHOP_UNKNOWN"
    page = await stub("active").ListStoreProducts(pb.ListStoreProductsRequest(parent=parent))
    assert page.total_size == 1


async def test_a_tenant_that_sells_nothing_has_an_empty_storefront(shown, shelves, tenants):
    for tenant in tenants:
        documents, answer = await shown(tenant)
        assert (documents, answer.total_size, answer.catalogue_version) == ([], 0, 0)
        for kind in ("Collections", "Categories"):
            documents, answer = await shelves(tenant, kind)
            assert (documents, answer.total_size, answer.catalogue_version) == ([], 0, 0)


@pytest.mark.parametrize("order", ["created_at", "updated_at", "title", "handle"])
async def test_pages_follow_the_order_asked_for(create, opt_in, shown, tenants, order):
    made = []
    for letter in "ABC":
        product = await create(title=unique(f"{letter} whey"))
        made.append(id_of(product))
        for tenant in tenants:
            await opt_in(tenant, product)

    paris, lyon = tenants
    up, _ = await shown(paris, order_by=order)
    down, _ = await shown(lyon, order_by=f"-{order}")
    middle, answer = await shown(paris, order_by=order, skip=1, page_size=1)

    assert [document["id"] for document in up] == made
    assert [document["id"] for document in down] == made[::-1]
    assert [document["id"] for document in middle] == made[1:2]
    assert answer.total_size == 3


async def test_the_newest_product_comes_first_when_no_order_is_asked_for(
    create, opt_in, shown, tenants
):
    made = [await create() for _ in range(2)]
    for tenant in tenants:
        for product in made:
            await opt_in(tenant, product)

    for tenant in tenants:
        documents, _ = await shown(tenant)
        assert [document["id"] for document in documents] == [id_of(p) for p in made[::-1]]


async def test_a_page_beyond_the_end_is_empty_and_counts_truly(create, opt_in, shown, tenants):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    for tenant in tenants:
        documents, answer = await shown(tenant, skip=1000)
        assert (documents, answer.total_size) == ([], 1)


async def test_each_filter_finds_what_it_names(
    create, opt_in, shown, look_up, collection, category, tenants
):
    summer, top = await collection(), await category()
    under = await category(parent=top.name)
    wanted = await create(
        title=unique("Créatine"),
        collection=summer.name,
        categories=[under.name],
        tags=[unique("vegan")],
        type=unique("powder"),
    )
    other = await create()
    for tenant in tenants:
        await opt_in(tenant, wanted)
        await opt_in(tenant, other)
    document = await look_up(tenants[0], wanted.handle)

    for asked in (
        {"ids": [id_of(wanted)]},
        {"handles": [wanted.handle]},
        {"collection_ids": [id_of(summer)]},
        {"category_ids": [id_of(under)]},
        {"category_ids": [id_of(top)]},
        {"tag_ids": [document["tags"][0]["id"]]},
        {"type_ids": [document["type"]["id"]]},
        {"query": "CREATINE"},
        {"query": wanted.handle[3:].upper()},
    ):
        for tenant in tenants:
            documents, answer = await shown(tenant, **asked)
            assert [d["id"] for d in documents] == [id_of(wanted)], asked
            assert answer.total_size == 1


async def test_a_query_finds_its_words_in_any_order_however_they_are_typed(
    create, opt_in, shown, catalogue, tenants
):
    word = unique("word")
    wanted = await create(title=f"Blanc d'Œuf {word}", subtitle="Łosoś, Ħobż, İstanbul")
    other = await create(title=f"Blanc {word}")
    for tenant in tenants:
        await opt_in(tenant, wanted)
        await opt_in(tenant, other)

    for query in ("oeuf blanc", "D\u2019OEUF", "d'oeuf", "d oeuf", "losos hobz", "ISTANBUL blanc"):
        for tenant in tenants:
            documents, answer = await shown(tenant, query=f"{query} {word}")
            assert [document["id"] for document in documents] == [id_of(wanted)], query
            assert answer.total_size == 1
        request = catalog.ListProductsRequest(query=f"{query} {word}")
        found = await catalogue().ListProducts(request)
        assert [product.name for product in found.products] == [wanted.name], query


async def test_a_title_in_any_script_gets_a_handle_by_which_it_is_found(
    create, opt_in, look_up, shown, tenants
):
    word = unique("x")
    product = await create(title=f"كرياتين {word}")
    for tenant in tenants:
        await opt_in(tenant, product)

    assert product.handle == f"krytyn-{word}"
    for tenant in tenants:
        assert (await look_up(tenant, product.handle))["title"] == product.title
        assert (await shown(tenant, query=f"{word} كرياتين"))[1].total_size == 1


@pytest.mark.parametrize("query", ["%", "_", "\\", "' OR 1=1 --", "%whey%", "$1"])
async def test_a_query_is_never_a_pattern_or_sql(create, opt_in, shown, tenants, query):
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    for tenant in tenants:
        documents, answer = await shown(tenant, query=query)
        assert (documents, answer.total_size) == ([], 0)


async def test_filters_find_nothing_of_another_tenant(create, opt_in, shown, category, tenants):
    paris, lyon = tenants
    place = await category()
    product = await create(categories=[place.name])
    await opt_in(paris, product)
    await opt_in(lyon, await create())

    for asked in (
        {"ids": [id_of(product)]},
        {"handles": [product.handle]},
        {"category_ids": [id_of(place)]},
        {"query": product.title},
    ):
        assert (await shown(paris, **asked))[1].total_size == 1
        assert (await shown(lyon, **asked))[1].total_size == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"page_size": -1},
        {"skip": -1},
        {"skip": 100_001},
        {"order_by": "price"},
        {"order_by": "title; DROP TABLE listing"},
        {"query": "x" * 101},
        {"ids": ["prod_x"] * 201},
        {"tag_ids": ["ptag_x"] * 51},
    ],
)
async def test_a_wrong_question_is_refused(shown, tenants, asked):
    for tenant in tenants:
        with pytest.raises(InvalidArgument):
            await shown(tenant, **asked)


async def test_a_collection_is_shown_where_something_in_it_is(
    create, opt_in, collection, shelves, tenants
):
    paris, lyon = tenants
    ours, theirs, nobodys = [await collection() for _ in range(3)]
    await opt_in(paris, await create(collection=ours.name))
    await opt_in(lyon, await create(collection=theirs.name))
    await create(collection=nobodys.name)

    for tenant, held in ((paris, ours), (lyon, theirs)):
        documents, answer = await shelves(tenant, "Collections")
        assert [document["id"] for document in documents] == [id_of(held)]
        assert (documents[0]["title"], documents[0]["handle"]) == (held.title, held.handle)
        assert answer.total_size == 1


async def test_collections_are_sorted_filtered_and_cut(
    create, opt_in, collection, shelves, tenants
):
    made = [await collection(f"{letter} collection") for letter in "ABC"]
    for tenant in tenants:
        for one in made:
            await opt_in(tenant, await create(collection=one.name))

    for tenant in tenants:
        documents, answer = await shelves(
            tenant, "Collections", order_by="-title", skip=1, page_size=1
        )
        assert [document["id"] for document in documents] == [id_of(made[1])]
        assert answer.total_size == 3
        documents, answer = await shelves(tenant, "Collections", handles=[made[2].handle])
        assert [document["id"] for document in documents] == [id_of(made[2])]
        assert answer.total_size == 1


async def test_a_category_is_shown_with_those_above_and_below_that_are(
    create, opt_in, category, shelves, tenants
):
    paris, lyon = tenants
    top = await category()
    middle = await category(parent=top.name)
    sold, unsold = [await category(parent=middle.name, rank=n) for n in (1, 0)]
    await opt_in(paris, await create(categories=[sold.name]))
    await opt_in(lyon, await create(categories=[top.name]))

    documents, answer = await shelves(paris, "Categories")
    by_id = {document["id"]: document for document in documents}
    assert [document["id"] for document in documents] == [id_of(c) for c in (top, middle, sold)]
    assert answer.total_size == 3
    assert id_of(unsold) not in by_id
    assert [c["id"] for c in by_id[id_of(middle)]["category_children"]] == [id_of(sold)]
    parent = by_id[id_of(sold)]["parent_category"]
    assert (parent["id"], parent["name"], parent["handle"]) == (
        id_of(middle),
        middle.title,
        middle.handle,
    )
    assert parent["parent_category"]["id"] == id_of(top)
    assert parent["parent_category"]["parent_category"] is None
    documents, answer = await shelves(lyon, "Categories")
    assert [(d["id"], d["category_children"]) for d in documents] == [(id_of(top), [])]


async def test_categories_are_found_by_what_they_lie_under(
    create, opt_in, category, shelves, tenants
):
    top = await category()
    under = await category(parent=top.name)
    for tenant in tenants:
        await opt_in(tenant, await create(categories=[under.name]))

    async def ids(tenant, parent):
        documents, _ = await shelves(tenant, "Categories", parent_category_id=parent)
        return [document["id"] for document in documents]

    for tenant in tenants:
        assert await ids(tenant, "null") == [id_of(top)]
        assert await ids(tenant, id_of(top)) == [id_of(under)]
        assert await ids(tenant, "pcat_none") == []


async def test_a_hidden_listing_hides_its_categories_and_collection(
    create, opt_in, category, collection, shelves, selling, tenants
):
    product = await create(
        categories=[(await category()).name], collection=(await collection()).name
    )
    paris, lyon = tenants
    await opt_in(paris, product, state=listings.Listing.STATE_HIDDEN)
    await opt_in(lyon, product)

    for kind in ("Categories", "Collections"):
        assert (await shelves(paris, kind))[1].total_size == 0
        assert (await shelves(lyon, kind))[1].total_size == 1


async def test_a_page_of_large_products_arrives_whole(create, opt_in, shown, tenants):
    images = [products.Image(url=f"/{n}/{'x' * 1900}") for n in range(50)]
    for _ in range(28):
        product = await create(description="あ" * 20_000, images=images)
        for tenant in tenants:
            await opt_in(tenant, product)

    for tenant in tenants:
        documents, answer = await shown(tenant, page_size=200)
        assert len(documents) == answer.total_size == 28
        assert answer.ByteSize() > 4 * 1024 * 1024
