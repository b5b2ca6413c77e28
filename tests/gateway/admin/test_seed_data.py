"""The demo data is what it claims to be, before it meets a platform."""

from itertools import chain

import pytest

from gateway.cli.seed.data import Data, load
from gateway.cli.seed.pictures import SIZE, draw
from gateway.cli.seed.seeder import levels
from gateway.pictures import formats
from services.catalog_opt_in.handles import PATTERN
from services.values.money import CURRENCIES


@pytest.fixture(scope="module")
def data() -> Data:
    return load()


def check_digit(figures: str) -> str:
    weighed = sum(int(c) * (3 if place % 2 else 1) for place, c in enumerate(figures))
    return str(-weighed % 10)


def variants(data):
    return list(chain.from_iterable(product["variants"] for product in data.products))


def test_there_are_enough_products_of_one_to_nine_variants(data):
    assert len(data.products) >= 64
    assert {len(product["variants"]) for product in data.products} <= set(range(1, 10))


def test_handles_skus_and_barcodes_are_unique(data):
    for values in (
        [product["handle"] for product in data.products],
        [category["handle"] for category in data.categories],
        [collection["handle"] for collection in data.collections],
        [variant["sku"] for variant in variants(data)],
        [variant["barcode"] for variant in variants(data)],
    ):
        assert len(values) == len(set(values))


def test_every_handle_is_one(data):
    handles = [one["handle"] for one in [*data.products, *data.categories, *data.collections]]

    assert all(PATTERN.fullmatch(handle) and len(handle) <= 100 for handle in handles)


def test_barcodes_are_ean_13_of_the_in_store_range_with_their_check_digit(data):
    for variant in variants(data):
        code = variant["barcode"]
        assert len(code) == 13
        assert 200 <= int(code[:3]) <= 299
        assert code[-1] == check_digit(code[:-1])


def test_prices_are_written_with_just_the_decimals_of_their_currency(data):
    for variant in variants(data):
        for currency, price in variant["prices"].items():
            assert price > 0
            assert -price.as_tuple().exponent == CURRENCIES[currency], variant["sku"]


def test_every_variant_has_a_price_in_dinars_and_a_few_products_none_in_euros(data):
    without = {
        p["handle"] for p in data.products for v in p["variants"] if "EUR" not in v["prices"]
    }

    assert all("TND" in variant["prices"] for variant in variants(data))
    assert 3 <= len(without) <= 8


def test_every_variant_chooses_from_each_option_of_its_product_and_no_two_the_same(data):
    for product in data.products:
        chosen = [tuple(variant["options"].items()) for variant in product["variants"]]
        assert len(chosen) == len(set(chosen))
        for variant in product["variants"]:
            assert variant["options"].keys() == product["options"].keys()
            assert all(
                value in product["options"][key] for key, value in variant["options"].items()
            )


def test_every_choice_of_an_option_is_some_variants(data):
    for product in data.products:
        for title, values in product["options"].items():
            assert {variant["options"][title] for variant in product["variants"]} == set(values)


def test_everything_that_is_referred_to_is_there(data):
    collections = {one["handle"] for one in data.collections}
    categories = {one["handle"] for one in data.categories}
    products = {one["handle"]: one for one in data.products}
    for product in data.products:
        assert product["collection"] in collections
        assert categories.issuperset(product["categories"])
    for tenant in data.tenants:
        for opt_in in tenant["products"]:
            skus = {variant["sku"] for variant in products[opt_in["handle"]]["variants"]}
            assert skus.issuperset(opt_in.get("prices", {}))


def test_categories_are_a_tree_of_three_levels_and_every_leaf_holds_a_product(data):
    parents = {category.get("parent") for category in data.categories}
    used = set(chain.from_iterable(product["categories"] for product in data.products))

    assert len(levels(data.categories)) == 3
    assert {one["handle"] for one in data.categories} - parents <= used


def test_paris_sells_about_a_third_of_what_it_can_and_hides_one(data):
    paris = next(tenant for tenant in data.tenants if tenant["id"] == "paris")
    sellable = {
        product["handle"]
        for product in data.products
        if product["status"] == "published"
        and all("EUR" in variant["prices"] for variant in product["variants"])
    }

    assert sellable.issuperset(one["handle"] for one in paris["products"])
    assert 0.3 <= len(paris["products"]) / len(sellable) <= 0.4
    assert [one["state"] for one in paris["products"] if "state" in one] == ["hidden"]


def test_every_product_has_pictures_of_its_own(data):
    drawn = [
        draw(product["handle"], product["type"], place)
        for product in data.products
        for place in range(product["pictures"])
    ]

    assert len(set(drawn)) == len(drawn) >= len(data.products)
    assert {formats.read(picture) for picture in drawn} == {formats.Picture("png", SIZE, SIZE)}
    assert max(map(len, drawn)) < 16_000


def test_descriptions_are_sentences(data):
    for product in data.products:
        assert 80 <= len(product["description"]) <= 400
        assert product["description"].endswith(".")
        assert len(product["subtitle"]) <= 200
