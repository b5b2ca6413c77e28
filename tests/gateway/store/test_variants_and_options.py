"""Variants and options, each on its own: those of products that a shop sells."""

import pytest


async def parts(read_all, tenant, kind):
    """Reads variants or options with their products, by id, from the products of a shop."""
    sold = await read_all(tenant, "/store/products")
    return {part["id"]: (part, product) for product in sold for part in product[kind]}


async def test_variants_are_those_of_the_products_of_a_shop_at_its_prices(read_all):
    for tenant in ("hq", "paris"):
        expected = await parts(read_all, tenant, "variants")
        listed = await read_all(tenant, "/store/product-variants")
        assert [variant["id"] for variant in listed] == sorted(expected)
        for variant in listed:
            part, product = expected[variant["id"]]
            mentioned = variant.pop("product")
            assert variant == part
            assert mentioned == {key: product[key] for key in mentioned}
            assert mentioned["id"] == product["id"]


async def test_options_are_those_of_the_products_of_a_shop_with_values_that_can_be_bought(
    read, read_all
):
    for tenant in ("hq", "paris"):
        expected = await parts(read_all, tenant, "options")
        listed = await read_all(tenant, "/store/product-options", fields="*values")
        assert [option["id"] for option in listed] == sorted(expected)
        for option in listed:
            part, product = expected[option["id"]]
            assert {key: option[key] for key in part} == part
            assert option["is_exclusive"] is True
            assert option["created_at"] == product["created_at"]
        none = await read(tenant, "/store/product-options", is_exclusive="false", fields="*values")
        assert (none["product_options"], none["count"]) == ([], 0)


async def test_filters_and_orders_of_variants(read, read_all):
    for tenant in ("hq", "paris"):
        variant, product = next(iter((await parts(read_all, tenant, "variants")).values()))
        of_product = [v["id"] for v in product["variants"]]
        path = "/store/product-variants"
        for query, ids in (
            ({"id": variant["id"]}, [variant["id"]]),
            ({"sku[]": variant["sku"]}, [variant["id"]]),
            ({"q": variant["sku"].upper()}, [variant["id"]]),
            ({"product_id": product["id"]}, sorted(of_product)),
            ({"product_id": product["id"], "order": "-id"}, sorted(of_product, reverse=True)),
        ):
            found = await read(tenant, path, region_id=f"reg_{tenant}", **query)
            assert [one["id"] for one in found["variants"]] == ids, query
        by_sku = await read_all(tenant, path, order="sku")
        skus = [one["sku"] for one in by_sku if one["sku"]]
        assert skus == sorted(skus)


async def test_filters_of_options(read_all):
    for tenant in ("hq", "paris"):
        option, _ = next(iter((await parts(read_all, tenant, "options")).values()))
        path = "/store/product-options"
        for query in ({"title": option["title"]}, {"q": option["title"].upper()}):
            found = await read_all(tenant, path, **query)
            assert option["id"] in {one["id"] for one in found}
            assert {one["title"] for one in found} == {option["title"]}
        titles = [one["title"] for one in await read_all(tenant, path, order="title")]
        assert titles == sorted(titles, key=str.casefold)


@pytest.mark.parametrize(
    ("path", "singular", "plural", "kind"),
    [
        ("/store/product-variants", "variant", "variants", "variants"),
        ("/store/product-options", "product_option", "product_options", "options"),
    ],
)
async def test_a_part_is_found_alone_where_its_product_is_sold(
    http, read, read_all, host, path, singular, plural, kind
):
    ours, all_ = [await parts(read_all, tenant, kind) for tenant in ("paris", "hq")]
    for part_id in list(ours)[:3]:
        one = await read("paris", f"{path}/{part_id}")
        [listed] = (await read("paris", path, id=part_id))[plural]
        assert one == {singular: listed}
    foreign = [part_id for part_id in all_ if part_id not in ours][:3]
    assert foreign
    for part_id in [*foreign, "variant_none"]:
        answer = await http.get(f"{path}/{part_id}", headers=host("paris"))
        assert (answer.status_code, answer.json()["type"]) == (404, "not_found")
        assert (await read("paris", path, id=part_id))["count"] == 0


async def test_a_variant_has_the_region_and_currency_of_its_shop(http, host, read):
    for tenant, other in (("hq", "paris"), ("paris", "hq")):
        [variant] = (await read(tenant, "/store/product-variants", limit=1))["variants"]
        path = f"/store/product-variants/{variant['id']}"
        assert await read(tenant, path, region_id=f"reg_{tenant}") == {"variant": variant}
        answer = await http.get(f"{path}?region_id=reg_{other}", headers=host(tenant))
        assert answer.status_code == 404
