"""Filters of /store/products, as clients write them."""

import pytest


@pytest.fixture
def products(read_all):
    """Reads the products of a shop that a query selects."""

    async def select(tenant, **query):
        return await read_all(tenant, "/store/products", **query)

    return select


def lowest(product):
    return min(v["calculated_price"]["calculated_amount"] for v in product["variants"])


def ids(found):
    return {product["id"] for product in found}


async def test_variants_and_options_select_the_products_that_have_them(products):
    for tenant in ("hq", "paris"):
        for product in (await products(tenant))[:3]:
            variant = product["variants"][-1]
            chosen = variant["options"][0]
            for query in (
                {"variants[sku]": variant["sku"]},
                {"variants.sku[]": [variant["sku"], "none"]},
                {"option_value_id[]": [chosen["id"] for chosen in variant["options"]]},
                {
                    "variants.options[option_id]": chosen["option_id"],
                    "variants.options[value]": chosen["value"],
                },
                {
                    "variants[options][option_id]": chosen["option_id"],
                    "variants[options][value]": chosen["value"],
                },
                {"title[]": product["title"], "handle": product["handle"]},
            ):
                assert ids(await products(tenant, **query)) == {product["id"]}, query
            assert await products(tenant, **{"variants[ean]": "none"}) == []


async def test_conditions_select_all_or_any(products):
    for tenant in ("hq", "paris"):
        first, second, *_ = await products(tenant)
        both = {"$or[0][id]": first["id"], "$or[1][handle]": second["handle"]}
        assert ids(await products(tenant, **both)) == {first["id"], second["id"]}
        query = {**both, "$and[0][title]": first["title"]}
        assert ids(await products(tenant, **query)) == {first["id"]}
        query = {"$and[0][id]": first["id"], "$and[1][id]": second["id"]}
        assert await products(tenant, **query) == []


async def test_times_select_by_operator(products):
    for tenant in ("hq", "paris"):
        sold = await products(tenant, order="created_at")
        middle = sold[len(sold) // 2]["created_at"]
        for operator, holds in (
            ("$gt", lambda at, than: at > than),
            ("$gte", lambda at, than: at >= than),
            ("$lt", lambda at, than: at < than),
            ("$lte", lambda at, than: at <= than),
        ):
            found = await products(tenant, **{f"created_at[{operator}]": middle})
            assert ids(found) == ids(p for p in sold if holds(p["created_at"], middle)), operator


async def test_prices_are_in_major_units_of_this_shop(http, host, products):
    for tenant in ("hq", "paris"):
        by_price = await products(tenant, order="price")
        prices = [lowest(product) for product in by_price]
        assert prices == sorted(prices)
        assert len(set(prices)) > 1
        falling = [lowest(product) for product in await products(tenant, order="-price")]
        assert falling == prices[::-1]
        middle = prices[len(prices) // 2]
        for query, holds in (
            ({"price": middle}, lambda price: price == middle),  # noqa: B023
            ({"price[$gt]": middle}, lambda price: price > middle),  # noqa: B023
            ({"price[$gte]": middle}, lambda price: price >= middle),  # noqa: B023
            ({"price[$lt]": middle}, lambda price: price < middle),  # noqa: B023
            ({"price[$lte]": middle}, lambda price: price <= middle),  # noqa: B023
        ):
            found = await products(tenant, **query)
            assert ids(found) == ids(p for p in by_price if holds(lowest(p))), query
        answer = await http.get("/store/products?price[$gt]=1.0005", headers=host(tenant))
        assert (answer.status_code, answer.json()["code"]) == (400, "QUERY_INVALID")


async def test_products_are_sorted_by_id(products):
    for tenant in ("hq", "paris"):
        rising = [product["id"] for product in await products(tenant, order="id")]
        assert rising == sorted(rising)
        assert [p["id"] for p in await products(tenant, order="-id")] == rising[::-1]


async def test_the_context_of_a_shopper_is_the_shops_own(http, host, products):
    for tenant, currency, other in (("hq", "tnd", "paris"), ("paris", "eur", "hq")):
        sold = await products(tenant)
        context = {
            "region_id": f"reg_{tenant}",
            "currency_code": currency.upper(),
            "sales_channel_id[]": f"sc_{tenant}",
            "country_code": "fr",
            "cart_id": "cart_01J",
        }
        assert await products(tenant, **context) == sold
        for query, status, code in (
            ({"region_id": f"reg_{other}"}, 404, "REGION_NOT_FOUND"),
            ({"currency_code": "usd"}, 400, "CURRENCY_UNKNOWN"),
            ({"sales_channel_id": f"sc_{other}"}, 400, "SALES_CHANNEL_UNKNOWN"),
            ({"sales_channel_id[]": [f"sc_{tenant}", "sc_nobody"]}, 400, "SALES_CHANNEL_UNKNOWN"),
            ({"country_code": "france"}, 400, "QUERY_INVALID"),
            ({"cart_id": "/etc"}, 400, "QUERY_INVALID"),
        ):
            for path in ("/store/products", f"/store/products/{sold[0]['handle']}"):
                answer = await http.get(path, params=query, headers=host(tenant))
                assert (answer.status_code, answer.json()["code"]) == (status, code), query


async def test_a_value_without_its_option_is_refused_by_what_is_missing(http, host):
    for tenant in ("hq", "paris"):
        query = {"variants.options.value": "x"}
        answer = await http.get("/store/products", params=query, headers=host(tenant))
        assert (answer.status_code, answer.json()["code"]) == (400, "FILTER_INCOMPLETE")
        assert list(answer.json()["details"]["violations"]) == ["variants.options.option_id"]


async def test_products_are_found_by_an_option_with_or_without_a_value(products):
    for tenant in ("hq", "paris"):
        product = next(p for p in await products(tenant) if p["options"])
        option = product["options"][0]
        by_option = {"variants[options][option_id]": option["id"]}
        for query in (
            by_option,
            by_option | {"variants[options][value]": option["values"][0]["value"]},
        ):
            assert [p["id"] for p in await products(tenant, **query)] == [product["id"]]
