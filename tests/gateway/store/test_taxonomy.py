"""What products are found by, as shoppers read it: of products of the shop."""

import pytest

from services.catalog_opt_in.folding import sort_key

ORDERS = {
    "id": lambda one: one["id"],
    "created_at": lambda one: (one["created_at"], one["id"]),
    "updated_at": lambda one: (one["updated_at"], one["id"]),
    "title": lambda one: (sort_key(one["title"]), one["id"]),
    "name": lambda one: (sort_key(one["name"]), one["id"]),
    "handle": lambda one: (one["handle"], one["id"]),
}


async def test_a_collection_and_a_category_are_found_as_their_products_say(read, read_all):
    for tenant in ("hq", "paris"):
        products = await read_all(tenant, "/store/products")
        collections = {p["collection_id"] for p in products} - {None}
        listed = await read_all(tenant, "/store/collections")
        assert {collection["id"] for collection in listed} == collections != set()
        one = listed[0]
        assert await read(tenant, f"/store/collections/{one['id']}") == {"collection": one}
        within = await read(tenant, "/store/products", collection_id=one["id"])
        assert within["count"] == sum(p["collection_id"] == one["id"] for p in products)
        categories = await read_all(tenant, "/store/product-categories")
        assert (
            {category["id"] for category in categories}
            >= {category["id"] for product in products for category in product["categories"]}
            != set()
        )
        for category in categories[:3]:
            answer = await read(tenant, f"/store/product-categories/{category['id']}")
            assert answer == {"product_category": category}


async def test_a_collection_or_category_with_nothing_of_this_shop_is_not_there(
    http, read_all, host
):
    for path in ("/store/collections", "/store/product-categories"):
        ours = {one["id"] for one in await read_all("paris", path)}
        only_in_hq = {one["id"] for one in await read_all("hq", path)} - ours
        assert ours
        for missing in [*only_in_hq, "pcol_nothing"]:
            answer = await http.get(f"{path}/{missing}", headers=host("paris"))
            assert answer.status_code == 404
            assert answer.json()["type"] == "not_found"


@pytest.mark.parametrize(
    ("path", "plural", "of_product"),
    [
        ("/store/collections", "collections", lambda p: {p["collection_id"]}),
        (
            "/store/product-categories",
            "product_categories",
            lambda p: {c["id"] for c in p["categories"]},
        ),
    ],
)
async def test_products_are_mentioned_where_they_are_asked_for(
    read, read_all, path, plural, of_product
):
    for tenant in ("hq", "paris"):
        sold = await read_all(tenant, "/store/products")
        plain = await read_all(tenant, path)
        listed = await read_all(tenant, path, fields="*products")
        assert (
            [{**one, "products": []} for one in plain]
            == [{**one, "products": []} for one in listed]
            != []
        )
        for one in listed:
            of_this = {p["id"] for p in sold if one["id"] in of_product(p)}
            mentioned = {p["id"] for p in one["products"]}
            assert of_this <= mentioned <= {p["id"] for p in sold}
            assert mentioned
            singular, answer = next(
                iter((await read(tenant, f"{path}/{one['id']}", fields="*products")).items())
            )
            assert (plural.startswith(singular[:-1]), answer) == (True, one)
        [short] = (await read(tenant, path, limit=1, fields="handle,products.handle"))[plural]
        assert list(short) == ["id", "handle", "products"]
        assert all(list(product) == ["id", "handle"] for product in short["products"])


async def test_the_newest_collection_comes_first(read_all):
    for tenant in ("hq", "paris"):
        listed = await read_all(tenant, "/store/collections")
        assert listed == sorted(listed, key=ORDERS["created_at"], reverse=True) != []


@pytest.mark.parametrize(
    ("path", "plural", "filter_of_products", "of_product"),
    [
        (
            "/store/product-tags",
            "product_tags",
            "tag_id",
            lambda p: [tag["id"] for tag in p["tags"]],
        ),
        ("/store/product-types", "product_types", "type_id", lambda p: [p["type_id"]]),
    ],
)
async def test_a_tag_or_a_type_is_there_if_a_product_of_this_shop_has_it(
    http, read, read_all, host, path, plural, filter_of_products, of_product
):
    terms_of = {t: await read_all(t, path) for t in ("hq", "paris")}
    for tenant, terms in terms_of.items():
        sold = await read_all(tenant, "/store/products")
        assert terms == sorted(terms, key=ORDERS["id"]) != []
        for term in terms:
            found = await read(tenant, "/store/products", **{filter_of_products: term["id"]})
            assert found["count"] == sum(term["id"] in of_product(p) for p in sold) > 0
            assert (await read(tenant, path, value=term["value"]))[plural] == [term]
            assert term in (await read(tenant, path, q=term["value"].upper()[1:]))[plural]
            assert list((await read(tenant, f"{path}/{term['id']}")).values()) == [term]
    ours = {term["id"] for term in terms_of["paris"]}
    for missing in [*({term["id"] for term in terms_of["hq"]} - ours), "ptag_nothing"]:
        answer = await http.get(f"{path}/{missing}", headers=host("paris"))
        assert (answer.status_code, answer.json()["type"]) == (404, "not_found")
        assert (await read("paris", path, id=missing))["count"] == 0
    assert (await read("paris", path, q="no such thing"))["count"] == 0


async def test_related_products_share_a_collection_and_tags(read, read_all):
    for tenant in ("hq", "paris"):
        sold = await read_all(tenant, "/store/products")
        product = next(p for p in sold if p["collection_id"] and p["tags"])
        tags = {tag["id"] for tag in product["tags"]}
        related = await read(
            tenant,
            "/store/products",
            **{"collection_id[0]": product["collection_id"], "is_giftcard": "false"},
            **{f"tag_id[{n}]": tag for n, tag in enumerate(sorted(tags))},
        )
        assert {p["id"] for p in related["products"]} == {
            p["id"]
            for p in sold
            if p["collection_id"] == product["collection_id"]
            and tags & {tag["id"] for tag in p["tags"]}
        }


async def test_categories_and_collections_are_filtered_as_clients_do(read, read_all):
    for tenant in ("hq", "paris"):
        for path, name in (
            ("/store/collections", "title"),
            ("/store/product-categories", "name"),
        ):
            listed = await read_all(tenant, path)
            one = listed[-1]
            for filters in (
                {"q": one["handle"]},
                {f"{name}[]": one[name]},
                {name: one[name]},
                {"created_at[$gte]": one["created_at"], "created_at[$lte]": one["created_at"]},
                {"updated_at[$gte]": one["updated_at"], "updated_at[$lte]": one["updated_at"]},
            ):
                found = await read_all(tenant, path, **filters)
                assert one in found, filters
                assert len(found) < len(listed) or "_at" in next(iter(filters))
            for order in ("id", "created_at", "updated_at", name, "handle"):
                ordered = sorted(listed, key=ORDERS[order])
                assert await read_all(tenant, path, order=order) == ordered
                found = await read_all(tenant, path, order=f"-{order}")
                assert found == ordered[::-1]
            assert (await read(tenant, path, **{"created_at[$gt]": "2999-01-01T00:00:00Z"}))[
                "count"
            ] == 0


async def test_categories_come_with_all_that_are_below_them(read, read_all):
    path = "/store/product-categories"
    for tenant in ("hq", "paris"):
        plain = await read_all(tenant, path, include_ancestors_tree="true")
        assert plain == await read_all(tenant, path)
        trees = await read_all(tenant, path, include_descendants_tree="true")
        by_id = {category["id"]: category for category in plain}

        def below(category_id, by_id=by_id):
            return [
                {**child, "category_children": below(child["id"])}
                for child in by_id[category_id]["category_children"]
            ]

        assert trees == [{**one, "category_children": below(one["id"])} for one in plain]
        top = next(one for one in trees if one["category_children"])
        answer = await read(
            tenant, f"{path}/{top['id']}", include_descendants_tree="true", fields="*products"
        )
        assert answer["product_category"].pop("products")
        assert answer == {"product_category": top}
        parents = [one["id"] for one in plain if one["category_children"]][:2]
        children = await read(
            tenant, path, **{f"parent_category_id[{n}]": id_ for n, id_ in enumerate(parents)}
        )
        assert {one["parent_category_id"] for one in children["product_categories"]} == set(parents)
        for filters, count in (
            ({"is_active": "true", "is_internal": "false"}, len(plain)),
            ({"is_active": "false"}, 0),
            ({"is_internal": "true"}, 0),
        ):
            assert (await read(tenant, path, **filters))["count"] == count
