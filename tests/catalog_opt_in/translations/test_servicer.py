"""The translation methods of CatalogService, and what two shops show of them."""

import uuid

import pytest
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from services.kernel.call.errors import InvalidArgument, PermissionDenied
from tests.catalog_opt_in.builders import flavoured, id_of, unique


@pytest.fixture
def sold(create, opt_in, tenants):
    """Creates products that both tenants sell."""

    async def sell(**fields):
        product = await create(**fields)
        for tenant in tenants:
            await opt_in(tenant, product)
        return product

    return sell


async def test_translations_are_created_changed_and_removed_at_once(
    sold, batch, translate, translations, read_in, tenants
):
    product = await sold()
    id_ = id_of(product)
    remaining, former = (
        await translate(id_, title="un", subtitle="deux"),
        await translate(id_, "de", title="x"),
    )
    row = products.Translation(reference_id=id_, locale="fr", texts={"title": "un"})
    changed = products.Translation(name=remaining.name, texts={"title": "trois"})

    answer = await batch(creates=[row], updates=[changed], deletes=[former.name])

    assert [one.locale for one in answer.created] == ["fr"]
    assert dict(answer.updated[0].texts) == {"title": "trois"}
    assert list(answer.deleted) == [former.name]
    assert await translations(id_) == [*answer.updated, *answer.created]
    for tenant in tenants:
        for locale, title in (("ar", "trois"), ("fr", "un"), ("de", product.title)):
            assert (await read_in(tenant, product, locale))["title"] == title


async def test_an_update_that_changes_nothing_answers_as_it_is(
    sold, batch, translate, storefront_page, tenants
):
    product = await sold()
    made = await translate(id_of(product), title="un")
    before = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    same = products.Translation(name=made.name, texts=made.texts)

    for request_id in ("", str(uuid.uuid4())):
        assert list((await batch(updates=[same], request_id=request_id)).updated) == [made]

    assert [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants] == before


async def test_rows_that_change_nothing_stay_in_a_batch_that_changes_others(
    sold, batch, translate, read_in, tenants
):
    product = await sold()
    same, other = [await translate(id_of(product), tag, title=tag) for tag in ("ar", "de")]
    other.texts["title"] = "neu"

    answer = await batch(updates=[same, products.Translation(name=other.name, texts=other.texts)])

    assert answer.updated[0] == same
    assert answer.updated[1].etag != other.etag
    for tenant in tenants:
        assert (await read_in(tenant, product, "ar"))["title"] == "ar"
        assert (await read_in(tenant, product, "de"))["title"] == "neu"


async def test_a_batch_without_rows_changes_nothing(batch, tenants):
    assert await batch() == pb.BatchChangeTranslationsResponse()
    for tenant in tenants:
        with pytest.raises(PermissionDenied, match="Only the head office"):
            await batch(tenant=tenant)


async def test_a_stale_etag_refuses_the_whole_batch(sold, batch, translate, translations):
    product = await sold()
    made = await translate(id_of(product), title="un")
    changed = await batch(updates=[products.Translation(name=made.name, texts={"title": "deux"})])
    stale = products.Translation(name=made.name, etag=made.etag, texts={"title": "trois"})
    another = products.Translation(reference_id=id_of(product), locale="de", texts={"title": "x"})

    with pytest.raises(InvalidArgument):
        await batch(creates=[another], updates=[stale])

    assert await translations(id_of(product)) == list(changed.updated)


async def test_each_kind_is_listed_alone(sold, translate, translations, catalogue):
    product = await sold(**flavoured("Plain"))
    option = product.options[0]
    made = [
        await translate(id_of(product), title="x"),
        await translate(product.variants[0].id, title="x"),
        await translate(option.id, title="x"),
        await translate(option.values[0].id, value="x"),
    ]
    ids = [one.reference_id for one in made]
    kinds = ("product", "product_variant", "product_option", "product_option_value")

    for kind, one in zip(kinds, made, strict=True):
        assert await translations(*ids, reference=kind) == [one]
    with pytest.raises(InvalidArgument, match="must be one of product"):
        await catalogue().ListTranslations(pb.ListTranslationsRequest(reference="product%"))


async def test_a_change_of_a_translation_rewrites_no_document(
    sold, translate, database, tenants, collection_of
):
    collection, product = await collection_of(sold)
    superuser = await database("catalog-opt-in", "superuser")

    async def stored():
        found = []
        for table, key in (
            ("offer", "product_id"),
            ("market_document", "product_id"),
            ("listing", "listing_id"),
        ):
            rows = await superuser.fetch(
                f"SELECT ctid::text, xmin::text FROM {table} WHERE {key} = $1 ORDER BY 1",
                id_of(product),
            )
            assert rows
            found.append(rows)
        return found

    before = await stored()
    await translate(id_of(product), title="un")
    await translate(id_of(collection), title="un")

    assert await stored() == before


@pytest.fixture
def collection_of(catalogue):
    """Creates a collection, and a product in it."""

    async def make(sell):
        requested = products.Collection(title=unique("Summer"))
        made = await catalogue().CreateCollection(pb.CreateCollectionRequest(collection=requested))
        return made, await sell(collection=made.name)

    return make


async def test_a_change_of_a_translation_raises_the_versions_of_those_who_sell_it(
    sold, translate, storefront_page, tenants, create, opt_in
):
    paris, lyon = tenants
    product = await create()
    await opt_in(paris, product)
    await opt_in(lyon, await create())
    before = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]

    await translate(id_of(product), title="un")

    after = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    assert after[0] > before[0]
    assert after[1] == before[1]


async def test_fields_come_from_the_first_locale_that_has_them(sold, translate, read_in, tenants):
    product = await sold(subtitle="Isolate", description="Pure.", material="Milk")
    id_ = id_of(product)
    await translate(id_, "ar-TN", title="tunisian")
    await translate(id_, "ar", title="arabic", subtitle="arabic")
    await translate(id_, "fr", title="french", subtitle="french", description="french")
    await translate(product.variants[0].id, "fr", title="french")

    for tenant in tenants:
        found = await read_in(tenant, product, "ar-TN", "ar", "fr")
        fields = ("title", "subtitle", "description", "material")
        assert [found[field] for field in fields] == ["tunisian", "arabic", "french", "Milk"]
        assert found["variants"][0]["title"] == "french"
        found = await read_in(tenant, product, "fr", "ar-TN")
        assert [found[field] for field in fields] == ["french", "french", "french", "Milk"]


async def test_translations_of_parts_that_are_removed_are_removed(
    sold, change, translate, translations, tenants, read_in
):
    product = await sold()
    gone, remaining = product.variants
    value, _ = product.options[0].values
    ids = [id_of(product), gone.id, remaining.id, value.id, product.options[0].id]
    for id_ in ids:
        await translate(id_, **{"value" if id_ == value.id else "title": "x"})

    product.variants.remove(gone)
    product.options[0].values.remove(value)
    await change(product, "variants", "options")

    found = {one.reference_id for one in await translations(*ids)}
    assert found == {id_of(product), remaining.id, product.options[0].id}
    for tenant in tenants:
        assert (await read_in(tenant, product, "ar"))["variants"][0]["title"] == "x"


async def test_translations_of_what_is_deleted_are_deleted(
    sold, catalogue, translate, translations, tenants, read_in, selling
):
    office = catalogue()
    made = [
        await office.CreateCollection(
            pb.CreateCollectionRequest(collection=products.Collection(title=unique("x")))
        ),
        await office.CreateCategory(
            pb.CreateCategoryRequest(category=products.Category(title=unique("x"), is_active=True))
        ),
        await office.CreateTag(pb.CreateTagRequest(tag=products.Tag(value=unique("x")))),
        await office.CreateProductType(
            pb.CreateProductTypeRequest(product_type=products.ProductType(value=unique("x")))
        ),
    ]
    collection, category, tag, kind = made
    product = await sold(
        collection=collection.name, categories=[category.name], tags=[tag.value], type=kind.value
    )
    ids = [id_of(one) for one in made]
    for id_, field in zip(ids, ("title", "name", "value", "value"), strict=True):
        await translate(id_, **{field: "x"})
    for tenant in tenants:
        document = await read_in(tenant, product, "ar")
        assert document["collection"]["title"] == document["categories"][0]["name"] == "x"
        assert document["tags"][0]["value"] == document["type"]["value"] == "x"

    await office.DeleteCollection(pb.DeleteCollectionRequest(name=collection.name))
    await office.DeleteCategory(pb.DeleteCategoryRequest(name=category.name))
    await office.DeleteTag(pb.DeleteTagRequest(name=tag.name))
    await office.DeleteProductType(pb.DeleteProductTypeRequest(name=kind.name))

    assert await translations(*ids) == []


async def test_translations_of_a_deleted_product_and_its_parts_are_deleted(
    create, catalogue, translate, translations
):
    product, other = await create(), await create()
    ids = [id_of(product), product.variants[0].id, id_of(other)]
    for id_ in ids:
        await translate(id_, title="x")

    await catalogue().DeleteProduct(pb.DeleteProductRequest(name=product.name))

    assert [one.reference_id for one in await translations(*ids)] == [id_of(other)]
