"""What shoppers find by words, and in which order."""

# letters that look like others are what this is about

import pytest
import pytest_asyncio
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import product_pb2 as pb

from tests.catalog_opt_in.builders import flavoured, id_of, unique


def letters(word):
    """A word of letters only that nothing else has, so that slips in it are corrected."""
    return word + unique("").translate(str.maketrans("0123456789-", "ghijklmnopq")) + "t"


@pytest_asyncio.fixture
async def sold(create, opt_in, tenants):
    """Creates products that both tenants sell."""

    async def sell(**fields):
        product = await create(**fields)
        for tenant in tenants:
            await opt_in(tenant, product)
        return product

    return sell


@pytest.fixture
def found(storefront_page, catalogue, tenants):
    """Searches in both shops, and in the catalogue; all find the same."""

    async def search(query, **fields):
        by_tenant = []
        for tenant in tenants:
            documents, answer = await storefront_page(tenant, query=query, **fields)
            by_tenant.append([document["id"] for document in documents])
            assert answer.total_size == len(documents)
        assert by_tenant[0] == by_tenant[1]
        answer = await catalogue().ListProducts(catalog.ListProductsRequest(query=query))
        assert sorted(map(id_of, answer.products)) == sorted(by_tenant[0])
        assert answer.total_size == len(answer.products)
        return by_tenant[0]

    return search


async def test_the_best_match_is_first(sold, found):
    word = letters("rank")
    in_description = await sold(description=f"With {word}, and more {word}.")
    in_tag = await sold(tags=[word])
    in_title = await sold(title=f"Powder of {word}")
    begins_so = await sold(title=f"{word}ract powder")
    in_subtitle = await sold(subtitle=word)

    in_order = [in_title, in_tag, in_subtitle, in_description, begins_so]
    assert await found(word) == [id_of(product) for product in in_order]
    newest = [in_subtitle, begins_so, in_title, in_tag, in_description]
    assert await found(word, order_by="-created_at") == [id_of(product) for product in newest]


async def test_products_are_found_by_what_names_and_describes_them(sold, found, collection):
    place = await collection(title=letters("Collection"))
    code = unique("sku")
    variants = flavoured("Plain")
    variants["variants"][0].sku = code
    variants["variants"][0].barcode = "4006381333931"
    variants["variants"][0].ean, variants["variants"][0].upc = "2010001000013", "012345678905"
    kind, tag, description = letters("kind"), letters("tag"), letters("text")
    product = await sold(
        **variants, type=kind, tags=[tag], description=description, collection=place.name
    )

    for query in (
        kind,
        tag,
        description,
        code,
        f"{code} 4006381333931",
        "2010001000013 012345678905",
        place.title,
    ):
        assert await found(query) == [id_of(product)], query


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Protéine {}", "proteines {}"),
        ("Proteins {}", "PROTÉINE {}"),
        ("Boosted {}", "boosting {}"),
        ("{} pure", "{} pur"),
        ("كرياتين {}", "الكرياتين {}"),
        ("المكملات {}", "مكملة {}"),
        ("أحماض أمينية {}", "احماض امينيه {}"),
    ],
)
async def test_a_word_is_found_in_its_other_forms(sold, found, title, query):
    word = letters("form")
    product = await sold(title=title.format(word))

    assert await found(query.format(word)) == [id_of(product)]


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("Créatine", "creatne"),
        ("Créatine", "craetine"),
        ("Créatine", "creatinee"),
        ("Whey", "whay"),
        ("كرياتين", "كرياتن"),
        ("بروتين", "بروطين"),
    ],
)
async def test_a_word_is_found_with_one_slip(sold, found, title, typed):
    code = unique("7")
    product = await sold(title=f"{title} {code}")

    assert await found(f"{typed} {code}") == [id_of(product)]


async def test_a_slip_is_corrected_only_where_nothing_else_is_found(sold, found):
    word = letters("near")
    typed = await sold(title=f"{word}a")
    other = await sold(title=f"{word}b")

    assert await found(f"{word}a") == [id_of(typed)]
    assert sorted(await found(f"{word}c")) == sorted([id_of(typed), id_of(other)])


async def test_a_short_word_or_a_code_is_not_corrected(sold, found):
    word = letters("short")
    await sold(title=f"{word} bcaa 4455")

    assert await found(f"{word} 4456") == []
    assert await found(f"{word} bca") != []
    assert await found(f"{word} baa") == []


async def test_a_search_follows_what_the_head_office_changes(sold, found, change, catalogue):
    before, after = letters("before"), letters("after")
    product = await sold(title=before, handle=unique("renamed"))

    product.title = after
    await change(product, "title")

    assert await found(before) == []
    assert await found(after) == [id_of(product)]


async def test_a_tenant_finds_only_what_it_sells(create, opt_in, storefront_page, tenants):
    paris, lyon = tenants
    word = letters("alone")
    await opt_in(paris, await create(title=word))

    for query in (word, f"{word}s", f"{word[:-1]}"):
        assert (await storefront_page(paris, query=query))[1].total_size == 1
        assert (await storefront_page(lyon, query=query))[1].total_size == 0


async def test_a_draft_is_found_in_the_catalogue_only(create, storefront_page, catalogue, tenants):
    word = letters("draft")
    draft = await create(title=word, status=pb.Product.STATUS_DRAFT)

    answer = await catalogue().ListProducts(catalog.ListProductsRequest(query=word))
    assert [product.name for product in answer.products] == [draft.name]
    for tenant in tenants:
        assert (await storefront_page(tenant, query=word))[1].total_size == 0
