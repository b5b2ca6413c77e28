"""Products over HTTP: created, listed, updated and deleted by the head office."""

import asyncio

import pytest

from tests.gateway.admin.answers import one, page, refused


def without_times(document):
    """Returns a document without when its parts changed, which is when their product did."""
    match document:
        case dict():
            return {k: without_times(v) for k, v in document.items() if k != "updated_at"}
        case list():
            return [without_times(item) for item in document]
    return document


async def test_a_product_is_answered_whole_with_its_prices_digit_for_digit(admin, unique):
    body = {
        "title": "Créatine",
        "handle": unique,
        "status": "published",
        "subtitle": "Monohydrate",
        "tags": [{"value": "vegan"}],
        "type": {"value": "Créatine"},
        "images": [{"url": "https://a.example/a.webp"}],
        "options": [{"title": "Goût", "values": ["Citron", "Nature"]}],
        "variants": [
            {
                "sku": unique,
                "barcode": "2010001000013",
                "weight": 370,
                "options": {"Goût": "Nature"},
                "prices": [
                    {"amount": 189.905, "currency_code": "TND"},
                    {"amount": 60, "currency_code": "eur"},
                ],
            }
        ],
    }

    answer = await admin.post("/admin/products", json=body)

    made = one(answer, "product")
    assert made["id"].startswith("prod_")
    for key in ("title", "handle", "status", "subtitle"):
        assert made[key] == body[key]
    assert ([tag["value"] for tag in made["tags"]], made["type"]["value"]) == (
        ["vegan"],
        "Créatine",
    )
    assert [image["url"] for image in made["images"]] == ["https://a.example/a.webp"]
    (variant,) = made["variants"]
    assert (variant["sku"], variant["weight"], variant["title"]) == (unique, 370, "Nature")
    assert [choice["value"] for choice in variant["options"]] == ["Nature"]
    assert {(p["currency_code"], p["amount"]) for p in variant["prices"]} == {
        ("tnd", 189.905),
        ("eur", 60),
    }
    assert answer.headers["etag"] == made["etag"]
    assert one(await admin.get(f"/admin/products/{made['id']}"), "product") == made


async def test_the_head_office_is_opted_in_and_no_other_tenant_is(admin, make_product):
    made = await make_product()

    assert one(await admin.get(f"/admin/tenants/hq/products/{made['id']}"), "product")["visible"]
    for tenant in ("paris", "lyon"):
        answer = await admin.get(f"/admin/tenants/{tenant}/products/{made['id']}")
        refused(answer, 404, "LISTING_NOT_FOUND")


async def test_products_are_found_by_id_handle_status_and_words(admin, make_product, unique):
    first, second = await make_product(title=f"Barre {unique}"), await make_product()

    async def ids(query):
        found = page(await admin.get(f"/admin/products?{query}"), "products")
        return [product["id"] for product in found]

    assert await ids(f"id={first['id']}") == [first["id"]]
    both = f"id={first['id']}&id={second['id']}"
    assert await ids(f"{both}&order=-created_at") == [second["id"], first["id"]]
    assert await ids(f"handle={second['handle']}") == [second["id"]]
    assert await ids(f"q=BARRE {unique}") == [first["id"]]
    assert await ids(f"status=draft&id={first['id']}") == []


async def test_count_is_of_all_pages(admin):
    answer = await admin.get("/admin/products?limit=3&order=handle")
    following = await admin.get("/admin/products?limit=3&offset=3&order=handle")

    both = page(answer, "products") + page(following, "products")
    assert answer.json()["count"] >= 79
    assert [product["handle"] for product in both] == sorted(p["handle"] for p in both)
    assert len({product["id"] for product in both}) == 6


@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_a_change_is_of_the_keys_that_the_body_holds(admin, make_product, method):
    made = await make_product(subtitle="Avant", description="Longue.")
    path = f"/admin/products/{made['id']}"

    answer = await admin.request(method, path, json={"title": "Après", "subtitle": None})

    changed = one(answer, "product")
    assert (changed["title"], changed["subtitle"], changed["description"]) == (
        "Après",
        None,
        "Longue.",
    )
    assert without_times(changed["variants"]) == without_times(made["variants"])
    assert changed["etag"] != made["etag"]


async def test_a_variant_that_is_named_keeps_its_id_and_others_go(admin, make_product, unique):
    made = await make_product()
    old = made["variants"][0]
    variants = [
        {"id": old["id"], "options": {"Taille": "1 kg"}},
        {"sku": unique, "options": {"Taille": "2 kg"}},
    ]
    body = {"options": [{"title": "Taille", "values": ["1 kg", "2 kg"]}], "variants": variants}

    changed = one(await admin.patch(f"/admin/products/{made['id']}", json=body), "product")

    assert [variant["sku"] for variant in changed["variants"]] == [old["sku"], unique]
    assert changed["variants"][0]["id"] == old["id"]
    assert without_times(changed["variants"][0]["prices"]) == without_times(old["prices"]) != []


async def test_a_part_with_an_id_changes_only_the_keys_that_it_has(admin, make_product):
    made = await make_product(images=[{"url": "https://a.example/a"}])
    [variant], [image], [option] = made["variants"], made["images"], made["options"]
    body = {
        "variants": [{"id": variant["id"], "barcode": None}],
        "images": [{"id": image["id"]}],
        "options": [{"id": option["id"], "title": "B"}],
    }

    changed = one(await admin.patch(f"/admin/products/{made['id']}", json=body), "product")

    [updated] = changed["variants"]
    assert updated["barcode"] is None
    for key in ("id", "title", "sku", "weight", "prices"):
        assert without_times(updated[key]) == without_times(variant[key])
    assert [choice["option"]["title"] for choice in updated["options"]] == ["B"]
    assert without_times(changed["images"]) == without_times(made["images"])
    assert without_times(changed["options"]) == without_times([option | {"title": "B"}])


async def test_a_stale_etag_changes_nothing(admin, make_product):
    made = await make_product()
    path, stale = f"/admin/products/{made['id']}", {"If-Match": made["etag"]}
    fresh = one(await admin.patch(path, json={"title": "B"}, headers=stale), "product")

    refused(await admin.patch(path, json={"title": "C"}, headers=stale), 409, "ETAG_MISMATCH")
    refused(await admin.delete(path, headers=stale), 409, "ETAG_MISMATCH")

    assert one(await admin.get(path), "product") == fresh


async def test_of_two_changes_of_one_version_one_wins(admin, make_product):
    made = await make_product()
    path, headers = f"/admin/products/{made['id']}", {"If-Match": made["etag"]}

    answers = await asyncio.gather(
        *(admin.patch(path, json={"title": title}, headers=headers) for title in "BCDE")
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_the_same_key_makes_one_product_and_another_body_is_refused(admin, unique):
    key, body = {"Idempotency-Key": unique}, {"title": "A", "handle": unique}
    first, second = await asyncio.gather(
        *(admin.post("/admin/products", json=body, headers=key) for _ in range(2))
    )

    other = await admin.post("/admin/products", json={**body, "title": "B"}, headers=key)

    assert one(first, "product") == one(second, "product")
    refused(other, 400, "REQUEST_ID_REUSED")


async def test_a_handle_and_a_sku_are_one_products(admin, make_product):
    made = await make_product()

    handle = await admin.post("/admin/products", json={"title": "B", "handle": made["handle"]})
    sku = {"title": "B", "variants": [{"sku": made["variants"][0]["sku"]}]}

    refused(handle, 409, "HANDLE_TAKEN")
    refused(await admin.post("/admin/products", json=sku), 409, "SKU_TAKEN")


async def test_a_product_that_a_tenant_lists_stays(admin, make_product):
    made = await make_product()
    await admin.post("/admin/tenants/paris/products", json={"product_id": made["id"]})
    path = f"/admin/products/{made['id']}"

    refused(await admin.delete(path), 409, "PRODUCT_LISTED")

    await admin.delete(f"/admin/tenants/paris/products/{made['id']}")
    gone = await admin.delete(path)
    assert gone.json() == {"id": made["id"], "object": "product", "deleted": True}
    refused(await admin.get(path), 404, "PRODUCT_NOT_FOUND")
    refused(await admin.get(f"/admin/tenants/hq/products/{made['id']}"), 404, "LISTING_NOT_FOUND")


def priced(**price):
    return {"variants": [{"prices": [{"amount": 1, "currency_code": "eur", **price}]}]}


@pytest.mark.parametrize(
    "flaw",
    [
        {"title": ""},
        {"title": None},
        {"title": "x" * 201},
        {"title": "nul\x00"},
        {"handle": "Not A Handle"},
        {"handle": "x" * 101},
        {"status": "sold"},
        {"thumbnail": "javascript:alert(1)"},
        {"thumbnail": "http://elsewhere.example/a.png"},
        {"images": [{"url": ""}]},
        {"images": [{"url": "https://a.example/a", "id": "img_1"}]},
        {"images": [{"url": "https://a.example/a"}] * 51},
        {"collection_id": "pcol_nothing"},
        {"collection_id": "../collections/x"},
        {"categories": [{"id": "pcat_nothing"}]},
        {"tags": ["vegan"]},
        {"tags": [{"value": "x" * 51}]},
        {"options": [{"title": "A", "values": ["1", "1"]}]},
        {"options": [{"title": "A", "values": ["1"]}] * 2},
        {"options": [{"title": "A", "values": ["1"]}], "variants": [{"options": {"B": "1"}}]},
        {"options": [{"title": "A", "values": ["1"]}], "variants": [{"options": {"A": "2"}}]},
        {"options": [{"title": "A", "values": ["1"]}], "variants": [{"options": {"A": "1"}}] * 2},
        {"tags": [{"id": "ptag_nothing"}]},
        {"tags": [{}]},
        {"type_id": "ptyp_nothing"},
        {"metadata": {"": 1}},
        {"metadata": {"note": "x" * 17_000}},
        {"metadata": [1]},
        {"external_id": "x" * 201},
        {"length": -1},
        {"discountable": None},
        {"variants": [{"inventory_items": [{"inventory_item_id": ""}]}]},
        {"variants": [{"inventory_items": [{"inventory_item_id": "i"}] * 2}]},
        {"variants": [{"weight": -1}]},
        {"variants": [{"weight": 2**31}]},
        {"variants": [{"weight": 1.5}]},
        {"variants": [{"id": "variant_of_another"}]},
        {"variants": [{}] * 201},
        priced(amount=0),
        priced(amount=-1),
        priced(amount=9.999),
        priced(amount=189.9055, currency_code="tnd"),
        priced(amount=0.5, currency_code="jpy"),
        priced(amount=1e30),
        priced(amount="9.90"),
        priced(amount=True),
        priced(amount=None),
        priced(currency_code="xxx"),
        priced(currency_code=""),
        priced(min_quantity=-1),
        priced(min_quantity=5, max_quantity=4),
        priced(rules={"": "x"}),
        priced(rules={f"a{n}": "x" for n in range(11)}),
        {"variants": [{"prices": [{"amount": 1, "currency_code": "eur"}] * 2}]},
        {"surprise": 1},
    ],
    ids=lambda flaw: str(flaw)[:60],
)
async def test_a_flawed_product_is_refused_and_not_made(admin, unique, flaw):
    answer = await admin.post("/admin/products", json={"title": "A", "handle": unique, **flaw})

    refused(answer, 400)
    assert page(await admin.get(f"/admin/products?handle={unique}"), "products") == []


async def test_a_text_too_long_is_named_by_its_key_in_the_body(admin, unique):
    option = {"title": "A", "values": ["1", "x" * 101]}
    body = {
        "title": "x" * 201,
        "handle": unique,
        "tags": [{"value": "x" * 51}],
        "options": [option],
    }

    error = refused(await admin.post("/admin/products", json=body), 400, "FIELD_INVALID")

    assert error["details"]["violations"] == {
        "title": "must have at most 200 characters",
        "tags[0].value": "must have at most 50 characters",
        "options[0].values[1]": "must have at most 100 characters",
    }


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999999", "1" * 5000])
async def test_a_price_that_is_no_number_is_refused(admin, unique, number):
    price = f'{{"amount": {number}, "currency_code": "eur"}}'
    body = f'{{"title": "A", "handle": "{unique}", "variants": [{{"prices": [{price}]}}]}}'

    answer = await admin.post(
        "/admin/products", content=body, headers={"Content-Type": "application/json"}
    )

    refused(answer, 400)
    assert page(await admin.get(f"/admin/products?handle={unique}"), "products") == []


@pytest.mark.parametrize(
    ("product_id", "status", "code"),
    [
        ("prod_nothing", 404, "PRODUCT_NOT_FOUND"),
        ("a%20b", 400, "NAME_INVALID"),
        ("é", 400, "NAME_INVALID"),
        ("%00", 400, "PATH_INVALID"),
        ("%2e%2e", 400, "PATH_INVALID"),
    ],
)
async def test_a_product_that_is_not_there_is_not_found_or_no_name(admin, product_id, status, code):
    answer = await admin.get(f"/admin/products/{product_id}")

    refused(answer, status, code)


@pytest.mark.parametrize(
    "query",
    [
        "order=price",
        "order=-",
        "status=sold",
        "surprise=1",
        f"q={'x' * 101}",
        "id=a/b",
        "limit=1e3",
    ],
)
async def test_a_flawed_query_is_refused(admin, query):
    refused(await admin.get(f"/admin/products?{query}"), 400)


async def test_a_batch_has_medusas_form(admin, make_product):
    changed, gone = await make_product(), await make_product()

    answer = await admin.post(
        "/admin/products/batch",
        json={
            "create": [{"title": "From a batch"}],
            "update": [{"id": changed["id"], "title": "Renamed"}],
            "delete": [gone["id"]],
        },
    )

    assert answer.status_code == 200, answer.text
    body = answer.json()
    [created], [updated] = body["created"], body["updated"]
    assert created["title"] == "From a batch"
    assert (updated["id"], updated["title"]) == (changed["id"], "Renamed")
    assert without_times(updated["variants"]) == without_times(changed["variants"])
    assert body["deleted"] == {"ids": [gone["id"]], "object": "product", "deleted": True}
    assert (await admin.delete(f"/admin/products/{created['id']}")).status_code == 200


async def test_a_bad_row_of_a_batch_is_named_in_the_callers_words(admin, make_product):
    made = await make_product()

    answer = await admin.post(
        "/admin/products/batch",
        json={
            "create": [{"title": "Fine"}, {"title": "Bad", "categories": [{"id": "pcat_none"}]}],
            "update": [{"id": made["id"], "collection_id": "pcol_none"}],
        },
    )

    assert answer.status_code == 400
    assert answer.json()["details"]["violations"] == {
        "update[0].collection_id": "does not exist",
        "create[1].categories[0].id": "does not exist",
    }
