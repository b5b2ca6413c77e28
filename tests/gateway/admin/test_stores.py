"""Stores, regions and currencies over HTTP: a tenant's own configuration in Medusa's shapes."""

import pytest

from services.values.money import CURRENCIES
from tests.gateway.admin.answers import one, page, refused


async def test_a_store_is_the_requests_tenant(admin, enter, make_tenant, tenants):
    _, lyon = await tenants()
    paris = await make_tenant(supported_locales=["fr", "en"], settings={"theme": "blue"})
    _, client = await enter(("TenantAdmin", paris["id"]), ("TenantAdmin", lyon))
    here = {"X-Tenant-ID": paris["id"]}

    [store] = page(await client.get("/admin/stores", headers=here), "stores")

    assert store == {
        "id": f"store_{paris['id']}",
        "name": "A test's own",
        "supported_currencies": [
            {"currency_code": "eur", "is_default": True, "is_tax_inclusive": False}
        ],
        "supported_locales": [{"locale_code": "fr"}, {"locale_code": "en"}],
        "default_sales_channel_id": f"sc_{paris['id']}",
        "default_region_id": f"reg_{paris['id']}",
        "default_location_id": None,
        "metadata": {"theme": "blue"},
        "etag": paris["etag"],
        "created_at": paris["created_at"],
        "updated_at": paris["updated_at"],
    }
    assert one(await client.get(f"/admin/stores/{store['id']}"), "store") == store
    [store] = page(await client.get("/admin/stores", headers={"X-Tenant-ID": lyon}), "stores")
    assert store["id"] == f"store_{lyon}"
    [store] = page(await admin.get("/admin/stores"), "stores")
    assert store["id"] == "store_hq"


@pytest.mark.parametrize("kind", ["stores", "regions"])
async def test_filters_leave_the_only_object_or_none(admin, tenants, kind):
    paris, lyon = await tenants()
    prefix = {"stores": "store_", "regions": "reg_"}[kind]
    name = {"stores": "A test's own", "regions": "France"}[kind]

    async def count(**query):
        here = {"X-Tenant-ID": paris}
        answer = await admin.get(f"/admin/{kind}", params=query, headers=here)
        assert len(page(answer, kind)) == answer.json()["count"]
        return answer.json()["count"]

    found = [{"q": name[2:5].upper()}, {"id": prefix + paris}, {"name": name}, {"order": "-id"}]
    assert [await count(**query) for query in found] == [1] * len(found)
    missed = [{"q": "nonexistent"}, {"id": prefix + lyon}, {"name": name[:-1]}]
    assert [await count(**query) for query in missed] == [0] * len(missed)


async def test_a_store_is_changed_as_far_as_a_tenant_can_be(admin, make_tenant):
    made = await make_tenant(settings={"theme": "blue"})
    body = {
        "name": "Nice",
        "metadata": {"theme": "red"},
        "supported_locales": [{"locale_code": "fr"}, {"locale_code": "ar"}],
        "supported_currencies": [{"currency_code": "EUR", "is_default": True}],
        "default_sales_channel_id": f"sc_{made['id']}",
        "default_region_id": f"reg_{made['id']}",
        "default_location_id": None,
    }

    store = one(await admin.post(f"/admin/stores/store_{made['id']}", json=body), "store")

    assert (store["name"], store["metadata"]) == ("Nice", {"theme": "red"})
    assert store["supported_locales"] == body["supported_locales"]
    tenant = one(await admin.get(f"/admin/tenants/{made['id']}"), "tenant")
    assert (tenant["display_name"], tenant["settings"]) == ("Nice", {"theme": "red"})
    assert tenant["supported_locales"] == ["fr", "ar"]


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        ("supported_currencies", [{"currency_code": "usd", "is_default": True}], None),
        (
            "supported_currencies",
            [{"currency_code": "eur", "is_default": True}, {"currency_code": "usd"}],
            None,
        ),
        (
            "supported_currencies",
            [{"currency_code": "eur", "is_default": True, "is_tax_inclusive": True}],
            "supported_currencies[0].is_tax_inclusive",
        ),
        ("supported_locales", [{"locale_code": "ar"}], None),
        ("default_sales_channel_id", "sc_hq", None),
        ("default_region_id", "reg_hq", None),
        ("default_location_id", "sloc_1", None),
    ],
)
async def test_the_fixed_parts_of_a_store_are_refused(admin, make_tenant, key, value, wrong):
    made = await make_tenant()

    answer = await admin.post(f"/admin/stores/store_{made['id']}", json={"name": "X", key: value})

    violations = refused(answer, 400, "FIELD_IMMUTABLE")["details"]["violations"]
    assert violations.keys() == {wrong or key}
    tenant = one(await admin.get(f"/admin/tenants/{made['id']}"), "tenant")
    assert tenant["display_name"] == made["display_name"]


async def test_a_store_without_a_default_currency_is_refused_in_medusas_words(admin, make_tenant):
    made = await make_tenant()
    body = {"supported_currencies": [{"currency_code": "eur"}]}

    answer = await admin.post(f"/admin/stores/store_{made['id']}", json=body)

    error = refused(answer, 400, "STORE_INVALID")
    assert error["message"] == "There should be a default currency set for the store"


async def test_the_regions_of_staff_are_those_that_shoppers_see(admin, http):
    for tenant in ("paris", "hq"):
        here = {"X-Tenant-ID": tenant}

        regions = page(await admin.get("/admin/regions", headers=here), "regions")

        public = page(await http.get("/store/regions", headers=here), "regions")
        assert [region["id"] for region in public] == [region["id"] for region in regions]
        for shown_region, region in zip(public, regions, strict=True):
            assert shown_region.items() <= region.items()


async def test_every_currency_of_sales_is_listed_with_its_texts(admin):
    found = page(await admin.get("/admin/currencies"), "currencies")

    assert [currency["code"].upper() for currency in found] == sorted(CURRENCIES)
    assert all(c["name"] and c["symbol"].strip() and c["symbol_native"].strip() for c in found)
    dinar = {
        "code": "tnd",
        "name": "Tunisian Dinar",
        "symbol": "TND",
        "symbol_native": "د.ت.\u200f",
        "decimal_digits": 3,
        "rounding": 0,
    }
    assert dinar in found
    assert one(await admin.get("/admin/currencies/tnd"), "currency") == dinar
    assert one(await admin.get("/admin/currencies/TND"), "currency") == dinar


async def test_currencies_are_searched_filtered_and_sorted(admin):
    async def codes(**query):
        answer = await admin.get("/admin/currencies", params=query)
        return [currency["code"] for currency in page(answer, "currencies")]

    assert {"aud", "byn", "rub", "usd"} <= set(await codes(q="US"))
    assert await codes(code="USD,eur") == ["eur", "usd"]
    assert await codes(q="dinar", order="-name", limit=2) == ["tnd", "rsd"]
    assert await codes(q="dinar", order="-name", limit=1, offset=1) == ["rsd"]


async def test_an_unknown_currency_is_not_found(admin):
    refused(await admin.get("/admin/currencies/xau"), 404, "CURRENCY_NOT_FOUND")


async def test_currencies_need_some_role_at_the_place(enter, tenants):
    paris, lyon = await tenants()
    _, client = await enter(("OrderOps", paris))

    here = await client.get("/admin/currencies", headers={"X-Tenant-ID": paris})
    elsewhere = await client.get("/admin/currencies", headers={"X-Tenant-ID": lyon})

    assert len(page(here, "currencies")) == len(CURRENCIES)
    refused(elsewhere, 404, "TENANT_NOT_FOUND")
