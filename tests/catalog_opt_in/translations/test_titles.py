"""Products in the order of the titles that two shops show."""

import pytest
import pytest_asyncio

from tests.catalog_opt_in.builders import id_of, unique


@pytest_asyncio.fixture
async def titled(create, opt_in, translate, tenants):
    """Three products of both shops: one has a French title, one a German and a French one."""
    word = unique("w")
    made = [await create(title=f"{letter} {word}", tags=[word]) for letter in "abc"]
    for product in made:
        for tenant in tenants:
            await opt_in(tenant, product)
    first, second, _ = made
    await translate(id_of(first), "fr", title=f"z {word}")
    await translate(id_of(second), "fr", title=f"a {word}")
    await translate(id_of(second), "de", title=f"y {word}")
    return word, made


@pytest.mark.parametrize(
    ("locales", "order"),
    [((), "abc"), (("fr",), "bca"), (("de",), "acb"), (("de", "fr"), "cba"), (("ar",), "abc")],
)
async def test_products_are_sorted_by_the_titles_that_are_shown(
    titled, storefront_page, tenants, locales, order
):
    word, made = titled
    by_letter = dict(zip("abc", map(id_of, made), strict=True))
    ids = [by_letter[letter] for letter in order]

    for tenant in tenants:
        for filters in ({}, {"ids": list(by_letter.values())}, {"query": word}):
            for order_by, expected in (("title", ids), ("-title", ids[::-1])):
                documents, answer = await storefront_page(
                    tenant, locales=locales, order_by=order_by, **filters
                )
                assert [document["id"] for document in documents] == expected
                titles = [document["title"] for document in documents]
                assert titles == sorted(titles, reverse=order_by == "-title")
                assert answer.total_size == 3
            [document], _ = await storefront_page(
                tenant, locales=locales, order_by="title", page_size=1, skip=2, **filters
            )
            assert document["id"] == ids[2]


async def test_a_shop_that_sells_nothing_has_no_page(storefront_page, tenants):
    for tenant in tenants:
        documents, answer = await storefront_page(tenant, locales=["fr"], order_by="title")
        assert (documents, answer.total_size) == ([], 0)
