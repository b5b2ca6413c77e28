"""Translations over HTTP, and what the shoppers of two shops read of them."""

import pytest

from tests.gateway.admin.answers import page, refused

BATCH = "/admin/translations/batch"
# Each kind's path, and what Medusa calls one of it and its text.
TAXONOMY = [
    ("collections", "collection", "title"),
    ("product-categories", "product_category", "name"),
    ("product-tags", "product_tag", "value"),
    ("product-types", "product_type", "value"),
]


@pytest.fixture
async def shops(admin, make_tenant):
    """The ids of two open shops: one in French and Arabic, one in French alone."""
    made = []
    for locales in (["fr", "ar"], ["fr"]):
        tenant = await make_tenant(supported_locales=locales)
        (await admin.post(f"/admin/tenants/{tenant['id']}/activate")).raise_for_status()
        made.append(tenant["id"])
    return made


@pytest.fixture
async def product(admin, make_product, shops):
    """A product that both shops list, the second at a price of its own."""
    made = await make_product(subtitle="Isolate")
    prices = [{"variant_id": made["variants"][0]["id"], "amount": 5, "currency_code": "eur"}]
    for shop, more in zip(shops, ({}, {"prices": prices}), strict=True):
        body = {"product_id": made["id"], **more}
        (await admin.post(f"/admin/tenants/{shop}/products", json=body)).raise_for_status()
    return made


async def translate(admin, reference_id, locale="ar", **texts):
    row = {"reference_id": reference_id, "locale_code": locale, "translations": texts}
    answer = (await admin.post(BATCH, json={"create": [row]})).raise_for_status()
    return answer.json()["created"][0]


@pytest.fixture
def read(http, product):
    """Reads the product as a shopper of a shop."""

    async def get(shop, path=f"/{product['id']}", **query):
        at = f"/store/products{path}"
        answer = await http.get(at, params=query, headers={"X-Tenant-ID": shop})
        return answer.raise_for_status().json()

    return get


async def test_a_shopper_reads_a_product_in_a_locale_of_the_shop(admin, shops, product, read):
    both, french = shops
    variant, option = product["variants"][0], product["options"][0]
    await translate(admin, product["id"], title="بروتين")
    await translate(admin, variant["id"], title="كيلو")
    await translate(admin, option["id"], title="حجم")
    await translate(admin, option["values"][0]["id"], value="كغ")

    arabic = (await read(both, locale="ar"))["product"]
    assert (arabic["title"], arabic["subtitle"]) == ("بروتين", "Isolate")
    assert arabic["variants"][0]["title"] == "كيلو"
    assert arabic["variants"][0]["options"][0]["value"] == "كغ"
    assert arabic["options"][0]["title"] == "حجم"
    assert arabic["variants"][0]["calculated_price"]["calculated_amount"] == 59.9
    for shop, query in ((both, {}), (both, {"locale": "de"}), (french, {"locale": "ar"})):
        assert (await read(shop, **query))["product"]["title"] == product["title"]
    [listed] = (await read(both, "", locale="ar", id=product["id"]))["products"]
    assert listed == arabic


async def test_a_listing_with_prices_of_its_own_is_translated(admin, shops, product, read):
    _, own = shops
    body = {"supported_locales": [{"locale_code": "fr"}, {"locale_code": "ar"}]}
    await admin.post(f"/admin/stores/store_{own}", json=body)
    await translate(admin, product["id"], title="بروتين")

    [arabic] = (await read(own, "", locale="ar", id=product["id"]))["products"]

    assert arabic["title"] == "بروتين"
    assert arabic["variants"][0]["calculated_price"]["calculated_amount"] == 5


async def test_a_shop_whose_default_is_arabic_shows_it_where_the_asked_for_lacks_a_text(
    admin, make_tenant, product, read, shops
):
    fields = {"default_locale": "ar", "supported_locales": ["ar", "fr", "de"]}
    tunis = (await make_tenant(**fields))["id"]
    (await admin.post(f"/admin/tenants/{tunis}/activate")).raise_for_status()
    body = {"product_id": product["id"]}
    (await admin.post(f"/admin/tenants/{tunis}/products", json=body)).raise_for_status()
    await translate(admin, product["id"], title="بروتين", subtitle="نقي")
    await translate(admin, product["id"], "de", title="Eiweiß")

    for query, texts in (
        ({}, ("بروتين", "نقي")),
        ({"locale": "ar-TN"}, ("بروتين", "نقي")),
        ({"locale": "de-AT"}, ("Eiweiß", "نقي")),
        ({"locale": "fr"}, (product["title"], "Isolate")),
    ):
        found = (await read(tunis, **query))["product"]
        assert (found["title"], found["subtitle"]) == texts
    for shop in shops:
        assert (await read(shop))["product"]["title"] == product["title"]


async def test_an_update_that_changes_nothing_leaves_no_event(admin, shops, product, read):
    made = await translate(admin, product["id"], title="بروتين")
    rows = [{"id": made["id"], "translations": {"title": title}} for title in ("بروتين", "جديد")]

    same = await admin.post(BATCH, json={"update": rows[:1]})
    changed = await admin.post(BATCH, json={"update": rows[1:]})

    assert (same.status_code, same.json()["updated"]) == (200, [made])
    assert "x-audit-event" not in same.headers
    assert changed.headers["x-audit-event"].count("events/") == 1
    for shop, title in zip(shops, ("جديد", product["title"]), strict=True):
        assert (await read(shop, locale="ar"))["product"]["title"] == title


async def test_a_product_is_found_by_a_translated_word(admin, shops, product, read):
    await translate(admin, product["id"], title="كازيين")

    for shop in shops:
        found = (await read(shop, "", q="كازيين"))["products"]
        assert product["id"] in [one["id"] for one in found]


async def test_taxonomy_is_read_in_the_shops_locales(admin, http, make_product, shops, unique):
    ids = {}
    for path, noun, field in TAXONOMY:
        body = {field: f"{unique} {noun}"} | ({"is_active": True} if field == "name" else {})
        answer = (await admin.post(f"/admin/{path}", json=body)).raise_for_status()
        ids[path] = answer.json()[noun]["id"]
        await translate(admin, ids[path], **{field: f"عربي {noun}"})
    collection, category, tag, kind = ids.values()
    made = await make_product(
        collection_id=collection, categories=[{"id": category}], tags=[{"id": tag}], type_id=kind
    )
    for shop in shops:
        body = {"product_id": made["id"]}
        (await admin.post(f"/admin/tenants/{shop}/products", json=body)).raise_for_status()

    both, french = shops
    for path, noun, field in TAXONOMY:
        for shop, locale, text in (
            (both, "ar-TN", f"عربي {noun}"),
            (both, "", f"{unique} {noun}"),
            (french, "ar", f"{unique} {noun}"),
        ):
            headers = {"X-Tenant-ID": shop, "x-medusa-locale": locale}
            one = await http.get(f"/store/{path}/{ids[path]}", headers=headers)
            assert one.raise_for_status().json()[noun][field] == text
            query = {"id": ids[path], "locale": locale}
            listed = await http.get(f"/store/{path}", params=query, headers={"X-Tenant-ID": shop})
            [[found]] = [
                v for v in listed.raise_for_status().json().values() if isinstance(v, list)
            ]
            assert found == one.json()[noun]


async def test_a_translation_is_listed_changed_and_removed(admin, shops, product, read):
    made = await translate(admin, product["id"], title="بروتين", subtitle="نقي")
    query = {"reference_id": product["id"], "reference": "product", "locale_code": "ar"}
    assert made["reference"] == "product"
    assert page(await admin.get("/admin/translations", params=query), "translations") == [made]

    row = {"id": made["id"], "translations": {"title": "جديد"}}
    answer = await admin.post(BATCH, json={"update": [row]})
    assert answer.raise_for_status().json()["updated"][0]["translations"] == {"title": "جديد"}
    changed = (await read(shops[0], locale="ar"))["product"]
    assert (changed["title"], changed["subtitle"]) == ("جديد", "Isolate")

    answer = await admin.post(BATCH, json={"delete": [made["id"]]})
    assert answer.raise_for_status().json()["deleted"]["ids"] == [made["id"]]
    for shop in shops:
        assert (await read(shop, locale="ar"))["product"]["title"] == product["title"]
    assert page(await admin.get("/admin/translations", params=query), "translations") == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"reference_id": "prod_none"}, "reference_id", "REFERENCE_NOT_FOUND"),
        ({"reference": "product_tag"}, "reference", "FIELD_INVALID"),
        ({"locale_code": "no locale"}, "locale_code", "FIELD_INVALID"),
        ({"translations": {}}, "translations", "FIELD_INVALID"),
        ({"translations": {"handle": "x"}}, "translations.handle", "FIELD_INVALID"),
        ({"translations": {"title": "x" * 201}}, "translations.title", "FIELD_INVALID"),
        ({"translations": {"title": " "}}, "translations.title", "FIELD_INVALID"),
    ],
)
async def test_a_translation_that_breaks_a_rule_is_refused(admin, product, change, field, code):
    sound = {"reference_id": product["id"], "locale_code": "ar", "translations": {"title": "x"}}

    answer = await admin.post(
        BATCH, json={"create": [sound, {**sound, "locale_code": "en", **change}]}
    )

    refused(answer, 400, code)
    assert list(answer.json()["details"]["violations"]) == [f"create[1].{field}"]
    query = {"reference_id": product["id"]}
    assert page(await admin.get("/admin/translations", params=query), "translations") == []


async def test_a_thing_has_one_translation_in_each_locale(admin, product):
    await translate(admin, product["id"], title="بروتين")
    row = {
        "reference_id": product["id"],
        "locale_code": "ar",
        "translations": {"title": "x"},
    }

    refused(await admin.post(BATCH, json={"create": [row]}), 400, "TRANSLATION_EXISTS")


async def test_only_the_head_office_translates(enter, tenants):
    paris, _ = await tenants()
    _, client = await enter(("TenantAdmin", paris))

    for answer in (await client.get("/admin/translations"), await client.post(BATCH, json={})):
        refused(answer, 404, "TENANT_NOT_FOUND")
