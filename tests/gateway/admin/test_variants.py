"""Variants and options of products by themselves, as Medusa's clients read and change them."""

import pytest

from tests.gateway.admin.answers import one, page, refused


@pytest.fixture
async def made(make_product, unique):
    return await make_product(
        title=f"Shirt {unique}",
        options=[
            {"title": "Size", "values": ["S", "M"]},
            {"title": "Colour", "values": ["Red"]},
        ],
        variants=[
            {
                "title": f"{size} {unique}",
                "sku": f"{unique},{size}",
                "ean": f"{unique}-ean-{size}",
                "upc": f"{unique}-upc-{size}",
                "barcode": f"{unique}-bar-{size}",
                "options": {"Size": size},
                "manage_inventory": size == "S",
                "allow_backorder": size == "M",
                "prices": [{"amount": 10, "currency_code": "eur"}],
            }
            for size in ("S", "M")
        ],
    )


async def variants_at(client, path, **params):
    return page(await client.get(path, params=params), "variants")


async def test_a_variant_is_created_read_changed_and_deleted(admin, made):
    root = f"/admin/products/{made['id']}/variants"
    small, medium = made["variants"]
    body = {
        "title": "Created variant",
        "sku": f"{small['sku']}-new",
        "prices": [
            {"amount": 100, "currency_code": "usd"},
            {"amount": 200, "currency_code": "eur"},
        ],
        "metadata": {"note": "x", "other": 1},
    }

    product = one(await admin.post(root, json=body), "product")
    new = product["variants"][2]
    assert product["variants"][:2] == [
        {**variant, "updated_at": product["updated_at"]}
        | {"prices": [{**p, "updated_at": product["updated_at"]} for p in variant["prices"]]}
        for variant in (small, medium)
    ]
    assert {key: new[key] for key in ("title", "sku", "metadata")} == {
        key: body[key] for key in ("title", "sku", "metadata")
    }
    assert {(p["currency_code"], p["amount"], p["variant_id"]) for p in new["prices"]} == {
        ("usd", 100, new["id"]),
        ("eur", 200, new["id"]),
    }

    path = f"{root}/{new['id']}"
    read = one(await admin.get(path), "variant")
    assert read.pop("product")["id"] == made["id"]
    assert read == new

    change = {"title": "Renamed", "metadata": {"note": ""}, "prices": []}
    changed = one(await admin.post(path, json=change), "product")["variants"][2]
    assert (changed["title"], changed["sku"]) == ("Renamed", body["sku"])
    assert (changed["metadata"], changed["prices"]) == ({"other": 1}, [])
    assert one(await admin.post(path, json={}), "product")["variants"][2] == changed

    gone = await admin.delete(path)
    assert gone.status_code == 200
    answer = gone.json()
    parent = answer.pop("parent")
    assert answer == {"id": new["id"], "object": "variant", "deleted": True}
    assert [v["id"] for v in parent["variants"]] == [small["id"], medium["id"]]
    refused(await admin.get(path), 404, "VARIANT_NOT_FOUND")
    refused(await admin.delete(path), 404, "VARIANT_NOT_FOUND")


async def test_a_batch_creates_updates_and_deletes_variants_or_none(admin, made, make_product):
    root = f"/admin/products/{made['id']}/variants"
    small, medium = made["variants"]
    other = (await make_product())["variants"][0]
    rows = {
        "create": [{"title": "First"}, {"title": "Second"}],
        "update": [{"id": medium["id"], "title": "Changed"}],
        "delete": [small["id"]],
    }

    foreign = {**rows, "delete": [other["id"]]}
    refused(await admin.post(f"{root}/batch", json=foreign), 404, "VARIANT_NOT_FOUND")
    wrong = {**rows, "create": [{"title": "First"}, {"sku": " x"}]}
    error = refused(await admin.post(f"{root}/batch", json=wrong), 400, "FIELD_INVALID")
    assert set(error["details"]["violations"]) == {"create[1].sku"}
    assert len(await variants_at(admin, root)) == 2

    done = await admin.post(f"{root}/batch", json=rows)

    assert done.status_code == 200, done.text
    answer = done.json()
    assert len(done.headers["x-audit-event"].split(",")) == 1
    assert [v["title"] for v in answer["created"]] == ["First", "Second"]
    assert [(v["id"], v["title"], v["sku"]) for v in answer["updated"]] == [
        (medium["id"], "Changed", medium["sku"])
    ]
    assert answer["deleted"] == {"ids": [small["id"]], "object": "variant", "deleted": True}
    product = one(await admin.get(f"/admin/products/{made['id']}"), "product")
    assert product["variants"] == [*answer["updated"], *answer["created"]]


async def test_a_refusal_names_the_key_that_was_sent(admin, made, make_product):
    root = f"/admin/products/{made['id']}/variants"
    small = made["variants"][0]
    other = (await make_product())["variants"][0]

    for path in (root, f"{root}/{small['id']}"):
        error = refused(await admin.post(path, json={"sku": other["sku"]}), 409, "SKU_TAKEN")
        assert set(error["details"]["violations"]) == {"sku"}
        error = refused(await admin.post(path, json={"options": {"Size": "XL"}}), 400)
        assert set(error["details"]["violations"]) == {"options.Size"}
    of_another = f"{root}/{other['id']}"
    refused(await admin.get(of_another), 404, "VARIANT_NOT_FOUND")
    refused(await admin.post(of_another, json={"title": "x"}), 404, "VARIANT_NOT_FOUND")
    refused(await admin.get("/admin/products/prod_none/variants/x"), 404, "PRODUCT_NOT_FOUND")
    stale = await admin.post(
        f"{root}/{small['id']}", json={"title": "x"}, headers={"If-Match": '"0"'}
    )
    refused(stale, 409, "ETAG_MISMATCH")


@pytest.mark.parametrize("is_of_one", [True, False])
async def test_lists_of_variants_are_filtered(admin, made, make_product, unique, is_of_one):
    await make_product(title=f"Other {unique}")
    root = f"/admin/products/{made['id']}/variants" if is_of_one else "/admin/product-variants"
    small, medium = made["variants"]

    async def found(**params):
        return [v["id"] for v in await variants_at(admin, root, **params)]

    both = [small["id"], medium["id"]]
    assert await found(id=",".join(both)) == both
    for key in ("ean", "upc", "barcode"):
        assert await found(**{key: medium[key]}) == [medium["id"]], key
    assert await found(**{"sku[0]": small["sku"], "sku[1]": medium["sku"]}) == both
    assert await found(title=small["title"]) == [small["id"]]
    assert await found(q=f"s {unique}", id=",".join(both)) == both  # Shirt
    assert await found(q=f"{unique}-bar-m") == [medium["id"]]
    for key, of_true, of_false in (
        ("manage_inventory", small, medium),
        ("allow_backorder", medium, small),
    ):
        ids = ",".join(both)
        assert await found(**{key: "true", "id": ids}) == [of_true["id"]]
        assert await found(**{key: "false", "id": ids}) == [of_false["id"]]
    for key in ("created_at", "updated_at"):
        at = small[key]
        assert small["id"] in await found(id=small["id"], **{key: at})
        assert await found(id=small["id"], **{f"{key}[$gte]": at, f"{key}[$lte]": at})
        for operator in ("gt", "lt"):
            assert await found(id=small["id"], **{f"{key}[${operator}]": at}) == []
    assert await found(sku="nothing") == []
    for order in ("variant_rank", "created_at", "id"):
        ids = ",".join(both)
        assert await found(order=order, id=ids) == both
        assert await found(order=f"-{order}", id=ids) == both[::-1]
    assert await found(order="title", id=",".join(both)) == both[::-1]
    assert await found(order="sku", id=",".join(both), offset=1, limit=1) == [small["id"]]


async def test_a_variant_in_a_list_is_whole_and_comes_with_its_product(admin, made, make_product):
    other = await make_product()
    ids = [other["variants"][0]["id"], made["variants"][1]["id"]]

    answer = await admin.get("/admin/product-variants", params={"id": ",".join(ids)})

    first, second = page(answer, "variants")
    assert answer.json()["count"] == 2
    assert (first.pop("product")["id"], second.pop("product")["id"]) == (made["id"], other["id"])
    assert (first, second) == (made["variants"][1], other["variants"][0])
    some = await variants_at(admin, "/admin/product-variants", id=ids[0], fields="id,product.title")
    assert some == [{"id": ids[0], "product": {"id": other["id"], "title": other["title"]}}]
    deleted = await admin.delete(f"/admin/products/{other['id']}")
    assert deleted.status_code == 200
    assert await variants_at(admin, "/admin/product-variants", id=ids[0]) == []


async def test_an_option_is_created_read_renamed_and_deleted(admin, made):
    root = f"/admin/products/{made['id']}/options"
    size, colour = made["options"]

    listed = page(await admin.get(root), "product_options")
    assert listed == made["options"]
    assert page(await admin.get(root, params={"q": "siz"}), "product_options") == [size]
    assert page(await admin.get(root, params={"title": "Colour"}), "product_options") == [colour]
    assert page(await admin.get(root, params={"id": size["id"]}), "product_options") == [size]
    paged = await admin.get(root, params={"offset": 1, "limit": 1})
    assert (page(paged, "product_options"), paged.json()["count"]) == ([colour], 2)
    assert one(await admin.get(f"{root}/{size['id']}"), "product_option") == size

    body = {"title": "Fabric", "values": ["Linen", "Wool"]}
    product = one(await admin.post(root, json=body), "product")
    fabric = product["options"][2]
    assert [value["value"] for value in fabric["values"]] == ["Linen", "Wool"]

    renamed = {"title": "Fit", "values": ["L", "M", "S"]}
    product = one(await admin.post(f"{root}/{size['id']}", json=renamed), "product")
    fit = product["options"][0]
    assert (fit["id"], fit["title"]) == (size["id"], "Fit")
    ids = {value["value"]: value["id"] for value in fit["values"]}
    assert {value["value"]: value["id"] for value in size["values"]}.items() <= ids.items()
    chosen = [{c["option"]["title"]: c["value"] for c in v["options"]} for v in product["variants"]]
    assert chosen == [{"Fit": "S", "Colour": "Red"}, {"Fit": "M", "Colour": "Red"}]

    gone = (await admin.delete(f"{root}/{colour['id']}")).json()
    assert [option["id"] for option in gone.pop("parent")["options"]] == [size["id"], fabric["id"]]
    assert gone == {"id": colour["id"], "object": "product_option", "deleted": True}
    refused(await admin.get(f"{root}/{colour['id']}"), 404, "OPTION_NOT_FOUND")


async def test_an_option_that_variants_need_stays(admin, made, make_product):
    root = f"/admin/products/{made['id']}/options"
    size, _ = made["options"]
    other = (await make_product())["options"][0]

    error = refused(await admin.delete(f"{root}/{size['id']}"), 409, "OPTION_IN_USE")
    assert "variants[1].options must differ" in error["message"]
    values = {"values": ["S"]}
    refused(await admin.post(f"{root}/{size['id']}", json=values), 409, "OPTION_IN_USE")
    error = refused(await admin.post(root, json={"title": "Size", "values": ["1"]}), 400)
    assert error["details"]["violations"] == {"title": "must not be repeated"}
    refused(await admin.get(f"{root}/{other['id']}"), 404, "OPTION_NOT_FOUND")
    refused(await admin.post(f"{root}/{other['id']}", json=values), 404, "OPTION_NOT_FOUND")


async def test_variants_are_put_in_the_ranks_that_bodies_ask_for(admin, made, make_product):
    root = f"/admin/products/{made['id']}/variants"
    small, medium = made["variants"]

    product = one(await admin.post(f"{root}/{medium['id']}", json={"variant_rank": 0}), "product")
    assert [v["id"] for v in product["variants"]] == [medium["id"], small["id"]]
    assert [v["variant_rank"] for v in product["variants"]] == [0, 1]
    rows = {
        "create": [{"title": "Last"}, {"title": "Second", "variant_rank": 1}, {"title": "End"}],
        "update": [{"id": small["id"], "variant_rank": 0}],
    }
    done = (await admin.post(f"{root}/batch", json=rows)).json()
    assert [v["title"] for v in done["created"]] == ["Last", "Second", "End"]
    product = one(await admin.get(f"/admin/products/{made['id']}"), "product")
    assert [v["title"] for v in product["variants"]] == [
        small["title"],
        "Second",
        medium["title"],
        "Last",
        "End",
    ]
    wrong = await admin.post(f"{root}/{small['id']}", json={"variant_rank": -1})
    error = refused(wrong, 400, "REQUEST_INVALID")
    assert error["details"]["violations"] == {"variant_rank": "must be at least 0"}
    titles = [{"title": title, "variant_rank": 2 - n} for n, title in enumerate("abc")]
    new = await make_product(variants=titles, options=[])
    assert [v["title"] for v in new["variants"]] == ["c", "b", "a"]
