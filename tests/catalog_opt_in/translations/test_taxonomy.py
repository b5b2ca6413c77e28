"""Collections, categories, tags and types in the languages of two shops."""

import pytest
import pytest_asyncio
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from tests.catalog_opt_in.builders import id_of, unique

FIELDS = {"Collections": "title", "Categories": "name", "Tags": "value", "Types": "value"}


@pytest_asyncio.fixture
async def shared(catalogue, create, opt_in, tenants):
    """What a product of both shops has: one of each kind, by kind; and the product."""
    office = catalogue()
    made = {
        "Collections": await office.CreateCollection(
            pb.CreateCollectionRequest(
                collection=products.Collection(title=unique("Summer"), handle=unique("c"))
            )
        ),
        "Categories": await office.CreateCategory(
            pb.CreateCategoryRequest(
                category=products.Category(
                    title=unique("Protein"),
                    handle=unique("c"),
                    description="Pure.",
                    is_active=True,
                )
            )
        ),
        "Tags": await office.CreateTag(pb.CreateTagRequest(tag=products.Tag(value=unique("New")))),
        "Types": await office.CreateProductType(
            pb.CreateProductTypeRequest(product_type=products.ProductType(value=unique("Powder")))
        ),
    }
    product = await create(
        collection=made["Collections"].name,
        categories=[made["Categories"].name],
        tags=[made["Tags"].value],
        type=made["Types"].value,
    )
    for tenant in tenants:
        await opt_in(tenant, product)
    return made, product


@pytest.mark.parametrize("kind", FIELDS)
async def test_each_kind_is_read_in_the_first_locale_that_it_is_translated_into(
    shared, translate, shelf, tenants, kind
):
    made, _ = shared
    field, original = FIELDS[kind], made[kind]
    own = getattr(original, "title" if field == "name" else field)
    await translate(id_of(original), "ar", **{field: "عربي"})
    await translate(id_of(original), "fr", **{field: "français"})

    for tenant in tenants:
        for locales, text in (
            ((), own),
            (("de",), own),
            (("ar", "fr"), "عربي"),
            (("ar-TN", "fr"), "français"),
        ):
            [document], _ = await shelf(tenant, kind, *locales)
            assert document[field] == text
        for word in (own, "francais"):
            assert (await shelf(tenant, kind, "fr", query=word))[1].total_size == 1
        assert (await shelf(tenant, kind, query="francais"))[1].total_size == 0
        filters = {"titles" if field in ("title", "name") else "values": [own, "nothing"]}
        assert (await shelf(tenant, kind, "fr", **filters))[1].total_size == 1


async def test_a_category_is_translated_field_by_field(shared, translate, shelf, tenants):
    made, _ = shared
    id_ = id_of(made["Categories"])
    await translate(id_, "ar", name="عربي")
    await translate(id_, "fr", name="français", description="pur")

    for tenant in tenants:
        [document], _ = await shelf(tenant, "Categories", "ar", "fr")
        assert (document["name"], document["description"]) == ("عربي", "pur")
        [document], _ = await shelf(tenant, "Categories", "ar")
        assert (document["name"], document["description"]) == ("عربي", "Pure.")


async def test_lists_are_sorted_in_the_language_that_they_are_read_in(
    catalogue, create, opt_in, translate, shelf, tenants
):
    made = []
    for letter, translated in (("a", "z"), ("b", "y")):
        requested = products.Collection(title=unique(letter))
        made.append(
            await catalogue().CreateCollection(pb.CreateCollectionRequest(collection=requested))
        )
        product = await create(collection=made[-1].name)
        for tenant in tenants:
            await opt_in(tenant, product)
        await translate(id_of(made[-1]), "fr", title=translated)

    for tenant in tenants:
        for locales, order in (((), made), (("fr",), made[::-1])):
            documents, _ = await shelf(tenant, "Collections", *locales, order_by="title")
            assert [document["id"] for document in documents] == [id_of(one) for one in order]


@pytest.mark.parametrize("kind", ["Collections", "Categories"])
async def test_products_are_mentioned_with_their_translated_titles(
    shared, translate, shelf, tenants, kind
):
    _, product = shared
    await translate(id_of(product), "ar", subtitle="x")
    await translate(id_of(product), "fr", title="français")

    for tenant in tenants:
        for locales, title in (((), product.title), (("ar", "fr"), "français")):
            [document], _ = await shelf(tenant, kind, *locales, with_products=True)
            assert [one["title"] for one in document["products"]] == [title]


async def test_a_translation_of_a_category_reaches_those_who_sell_below_it(
    catalogue, create, opt_in, translate, shelf, tenants
):
    paris, lyon = tenants
    top = await catalogue().CreateCategory(
        pb.CreateCategoryRequest(category=products.Category(title=unique("top"), is_active=True))
    )
    below = products.Category(title=unique("below"), is_active=True, parent=top.name)
    below = await catalogue().CreateCategory(pb.CreateCategoryRequest(category=below))
    await opt_in(paris, await create(categories=[below.name]))
    await opt_in(lyon, await create())
    before = [(await shelf(tenant, "Categories"))[1].catalogue_version for tenant in tenants]

    await translate(id_of(top), "fr", name="haut")

    after = [(await shelf(tenant, "Categories"))[1].catalogue_version for tenant in tenants]
    assert after[0] > before[0]
    assert after[1] == before[1]
    documents, _ = await shelf(paris, "Categories", "fr")
    assert [document["name"] for document in documents] == ["haut", below.title]
    assert documents[1]["parent_category"]["name"] == "haut"


@pytest.mark.parametrize("kind", FIELDS)
async def test_a_removed_translation_is_shown_no_more(
    shared, translate, batch, shelf, tenants, kind
):
    made, _ = shared
    field = FIELDS[kind]
    translation = await translate(id_of(made[kind]), "fr", **{field: "français"})
    remaining = await translate(id_of(made[kind]), "ar", **{field: "عربي"})

    await batch(deletes=[translation.name])

    for tenant in tenants:
        [document], _ = await shelf(tenant, kind, "fr", "ar")
        assert document[field] == remaining.texts[field]


async def test_nothing_is_left_of_the_texts_of_what_is_deleted(
    shared, translate, catalogue, database, tenants, shelf
):
    made, _ = shared
    for kind, one in made.items():
        await translate(id_of(one), "fr", **{FIELDS[kind]: "x"})
    office = catalogue()
    for word, kind in (
        ("Collection", "Collections"),
        ("Category", "Categories"),
        ("Tag", "Tags"),
        ("ProductType", "Types"),
    ):
        request = getattr(pb, f"Delete{word}Request")(name=made[kind].name)
        await getattr(office, f"Delete{word}")(request)

    superuser = await database("catalog-opt-in", "superuser")
    ids = [id_of(one) for one in made.values()]
    number = "SELECT count(*) FROM taxonomy_text WHERE reference_id = ANY ($1)"
    assert await superuser.fetchval(number, ids) == 0
    for tenant in tenants:
        for kind in FIELDS:
            assert (await shelf(tenant, kind, "fr"))[0] == []
