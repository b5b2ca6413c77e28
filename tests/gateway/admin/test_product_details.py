"""Everything that Medusa's clients send of a product is kept, answered and shown to shoppers."""

import pytest

from tests.gateway.admin.answers import one, page, refused

GOODS = {
    "hs_code": "2106.90",
    "mid_code": "FRABC",
    "origin_country": "FR",
    "material": "Lin",
    "length": 200,
    "width": 100,
    "height": 50,
    "metadata": {"note": "À la main", "rank": 3, "deep": {"list": [1, None]}},
}
VARIANT = {
    **GOODS,
    "title": "Unique",
    "barcode": "2010001000013",
    "ean": "4006381333931",
    "upc": "012345678905",
    "weight": 370,
    "manage_inventory": True,
    "allow_backorder": True,
}
PRODUCT = {
    **GOODS,
    "title": "Créatine",
    "subtitle": "Monohydrate",
    "description": "Longue.",
    "external_id": "erp-1",
    "is_giftcard": False,
    "discountable": False,
    "weight": 500,
    "status": "published",
}


@pytest.fixture
async def made(admin, unique):
    """A product with every field that Medusa has."""
    body = {
        **PRODUCT,
        "handle": unique,
        "shipping_profile_id": "sp_1",
        "images": [{"url": "https://a.example/1.png", "metadata": {"alt": "Pot"}}],
        "tags": [{"value": f"tag {unique}"}],
        "type": {"value": f"type {unique}"},
        "options": [{"title": "Taille", "values": ["1 kg"]}],
        "variants": [
            {
                **VARIANT,
                "sku": unique,
                "inventory_items": [{"inventory_item_id": "iitem_1", "required_quantity": 2}],
                "prices": [
                    {"amount": 60, "currency_code": "eur"},
                    {"amount": 55.5, "currency_code": "eur", "min_quantity": 10},
                    {"amount": 58, "currency_code": "eur", "rules": {"region_id": "reg_paris"}},
                ],
            }
        ],
    }
    return one(await admin.post("/admin/products", json=body), "product")


async def test_every_field_is_kept_and_answered(admin, made, unique):
    read = one(await admin.get(f"/admin/products/{made['id']}"), "product")

    assert read == made
    # Medusa's products have sizes as texts, its variants as numbers.
    sizes = {"weight": "500", "length": "200", "width": "100", "height": "50"}
    assert {key: read[key] for key in PRODUCT} == PRODUCT | sizes
    assert read["shipping_profile"] == {"id": "sp_1"}
    [image], [tag], [option], [variant] = (
        read[key] for key in ("images", "tags", "options", "variants")
    )
    assert (image["rank"], image["metadata"]) == (0, {"alt": "Pot"})
    assert (tag["value"], read["type"]["value"]) == (f"tag {unique}", f"type {unique}")
    assert read["type_id"] == read["type"]["id"]
    assert option["product_id"] == variant["product_id"] == read["id"]
    assert {key: variant[key] for key in VARIANT} == VARIANT
    assert variant["inventory_items"] == [{"inventory_item_id": "iitem_1", "required_quantity": 2}]
    parts = [read, image, tag, read["type"], option, option["values"][0], variant]
    for part in [*parts, *variant["prices"]]:
        assert part["created_at"].startswith("20"), part
        assert part["updated_at"].startswith("20"), part


async def test_a_price_may_hold_for_quantities_or_under_rules(admin, made):
    [variant] = made["variants"]
    base, for_many, in_region = variant["prices"]

    assert (base["amount"], base["min_quantity"], base["rules"]) == (60, None, {})
    assert (for_many["amount"], for_many["min_quantity"]) == (55.5, 10)
    assert (in_region["amount"], in_region["rules"]) == (58, {"region_id": "reg_paris"})
    assert all(price["id"].startswith("price_") for price in variant["prices"])

    same = [
        {key: price[key] for key in ("id", "amount", "currency_code", "min_quantity", "rules")}
        for price in variant["prices"]
    ]
    body = {"variants": [{"id": variant["id"], "prices": same}]}
    after = one(await admin.post(f"/admin/products/{made['id']}", json=body), "product")
    assert after["etag"] == made["etag"]


async def test_shoppers_see_what_is_theirs_to_see(admin, made, http):
    await admin.post("/admin/tenants/paris/products", json={"product_id": made["id"]})

    path = f"/store/products/{made['handle']}"
    in_paris, in_lyon = [
        await http.get(path, headers={"Host": f"{shop}.impactnutrition.com"})
        for shop in ("paris", "lyon")
    ]

    document = in_paris.json()["product"]
    for key in GOODS:
        expected = str(GOODS[key]) if isinstance(GOODS[key], int) else GOODS[key]
        assert document[key] == expected
        assert document["variants"][0][key] == GOODS[key]
    assert (document["weight"], document["external_id"], document["discountable"]) == (
        "500",
        "erp-1",
        False,
    )
    assert document["images"][0]["metadata"] == {"alt": "Pot"}
    assert document["variants"][0]["calculated_price"]["calculated_amount"] == 60
    assert in_lyon.status_code == 404


async def test_metadata_keep_other_keys_and_lose_emptied_ones(admin, made):
    path = f"/admin/products/{made['id']}"
    body = {
        "metadata": {"note": "", "rank": None, "new": True},
        "variants": [{"id": made["variants"][0]["id"], "metadata": {"note": ""}}],
    }

    after = one(await admin.post(path, json=body), "product")
    cleared = one(await admin.post(path, json={"metadata": None}), "product")

    assert after["metadata"] == {"rank": None, "deep": {"list": [1, None]}, "new": True}
    assert after["variants"][0]["metadata"] == {"rank": 3, "deep": {"list": [1, None]}}
    assert cleared["metadata"] is None


async def test_null_empties_what_may_be_empty(admin, made):
    keys = ("weight", "length", "hs_code", "material", "external_id", "type_id", "collection_id")

    after = one(
        await admin.post(f"/admin/products/{made['id']}", json=dict.fromkeys(keys)), "product"
    )

    assert {key: after[key] for key in keys} == dict.fromkeys(keys)
    assert (after["type"], after["width"], after["mid_code"]) == (None, "100", "FRABC")


async def test_tags_and_a_type_are_named_by_their_ids(admin, made, make_product):
    other = await make_product()
    body = {"tags": [{"id": made["tags"][0]["id"]}], "type_id": made["type_id"]}

    after = one(await admin.post(f"/admin/products/{other['id']}", json=body), "product")
    unknown = await admin.post(f"/admin/products/{other['id']}", json={"tags": [{"id": "ptag_0"}]})

    assert (after["tags"], after["type"]) == (made["tags"], made["type"])
    error = refused(unknown, 400, "PRODUCT_TAG_NOT_FOUND")
    assert error["details"]["violations"] == {"tags[0].id": "does not exist"}


async def test_a_variant_may_leave_options_open(admin, unique):
    price = [{"amount": 1, "currency_code": "eur"}]
    body = {
        "title": unique,
        "options": [{"title": "Taille", "values": ["S"]}, {"title": "Goût", "values": ["A", "B"]}],
        "variants": [{"title": "1", "prices": price}, {"title": "2", "options": {"Goût": "B"}}],
    }

    made = one(await admin.post("/admin/products", json=body), "product")

    first, second = made["variants"]
    assert [choice["value"] for choice in first["options"]] == ["S"]
    assert [choice["value"] for choice in second["options"]] == ["S", "B"]


async def test_the_only_values_are_chosen_once(admin, unique):
    body = {
        "title": unique,
        "options": [{"title": "Taille", "values": ["S"]}],
        "variants": [{"title": "1"}, {"title": "2"}],
    }

    made = one(await admin.post("/admin/products", json=body), "product")

    assert [len(variant["options"]) for variant in made["variants"]] == [1, 0]


async def test_a_gift_card_is_never_discountable(admin, unique):
    body = {"title": unique, "is_giftcard": True, "discountable": True}

    made = one(await admin.post("/admin/products", json=body), "product")

    assert (made["is_giftcard"], made["discountable"]) == (True, False)


async def test_a_deleted_product_frees_its_handle_and_its_skus(admin, made):
    [variant] = made["variants"]
    body = {"title": "B", "handle": made["handle"], "variants": [{"sku": variant["sku"]}]}
    refused(await admin.post("/admin/products", json=body), 409, "HANDLE_TAKEN")

    await admin.delete(f"/admin/products/{made['id']}")

    refused(await admin.get(f"/admin/products/{made['id']}"), 404, "PRODUCT_NOT_FOUND")
    again = one(await admin.post("/admin/products", json=body), "product")
    assert (await admin.delete(f"/admin/products/{again['id']}")).status_code == 200
    assert page(await admin.get(f"/admin/products?handle={made['handle']}"), "products") == []


async def test_a_thumbnail_is_the_first_image_unless_there_is_one(admin, make_product):
    images = [{"url": f"https://img.example.org/{n}.webp"} for n in (1, 2)]
    made = await make_product(images=images)
    assert made["thumbnail"] == images[0]["url"]

    path, own = f"/admin/products/{made['id']}", {"thumbnail": images[1]["url"]}
    for body, thumbnail in ((own, images[1]["url"]), ({"thumbnail": None}, images[0]["url"])):
        changed = (await admin.post(path, json=body)).json()["product"]
        assert changed["thumbnail"] == thumbnail
    assert (await make_product())["thumbnail"] is None
