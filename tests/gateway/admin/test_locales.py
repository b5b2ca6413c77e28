"""Locales over HTTP: those that there are, those of a shop, and which one a shopper reads."""

import pytest

from gateway.documents.locale import LOCALES
from services.kernel.call.limits import MOST_ROWS
from tests.gateway.admin.answers import one, page, refused

ARABIC, FRENCH = {"code": "ar", "name": "Arabic"}, {"code": "fr", "name": "French"}


@pytest.fixture
async def shops(admin, make_tenant):
    """The headers of two open shops: one in French and Arabic, one in French alone."""
    paris = await make_tenant(supported_locales=["fr", "ar"])
    lyon = await make_tenant()
    for shop in (paris, lyon):
        (await admin.post(f"/admin/tenants/{shop['id']}/activate")).raise_for_status()
    return {"X-Tenant-ID": paris["id"]}, {"X-Tenant-ID": lyon["id"]}


async def test_a_shop_names_the_locales_it_supports(http, shops):
    paris, lyon = shops

    assert page(await http.get("/store/locales", headers=paris), "locales") == [FRENCH, ARABIC]
    assert page(await http.get("/store/locales", headers=lyon), "locales") == [FRENCH]
    assert one(await http.get("/store/locales/ar", headers=paris), "locale") == ARABIC
    refused(await http.get("/store/locales/ar", headers=lyon), 404, "LOCALE_NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "header", "expected"),
    [
        ("", "", "fr"),
        ("ar", "", "ar"),
        ("", "ar", "ar"),
        ("", "AR-TN", "ar"),
        ("fr", "ar", "fr"),
        ("", "de", "fr"),
    ],
)
async def test_a_shopper_reads_the_nearest_locale_of_the_shop(http, shops, query, header, expected):
    locale = {"locale": query} if query else {}
    languages = []
    for shop in shops:
        answer = await http.get(
            "/store/products", params=locale, headers={**shop, "x-medusa-locale": header}
        )
        languages.append(answer.raise_for_status().headers["content-language"])

    assert languages == [expected, "fr"]


async def test_a_text_that_is_no_locale_is_refused(http, shops):
    for shop in shops:
        answer = await http.get("/store/products", headers={**shop, "x-medusa-locale": "a locale"})
        refused(answer, 400, "LOCALE_INVALID")
        answer = await http.get("/store/products", params={"locale": "a_locale"}, headers=shop)
        refused(answer, 400, "QUERY_INVALID")


async def test_locales_are_found_by_code_and_name(admin):
    found = page(await admin.get("/admin/locales", params={"code": ["fr", "ar"]}), "locales")
    assert found == [ARABIC, FRENCH]
    assert one(await admin.get("/admin/locales/ar"), "locale") == ARABIC
    found = page(await admin.get("/admin/locales", params={"q": "(tunisia)"}), "locales")
    assert [locale["code"] for locale in found] == ["ar-TN", "fr-TN"]
    refused(await admin.get("/admin/locales/xx"), 404, "LOCALE_NOT_FOUND")


async def test_every_locale_has_a_name(admin):
    offsets = range(0, len(LOCALES), MOST_ROWS)
    pages = [await admin.get("/admin/locales", params={"offset": offset}) for offset in offsets]
    found = [locale for answer in pages for locale in page(answer, "locales")]

    assert [locale["code"] for locale in found] == sorted(LOCALES)
    assert all(locale["name"] for locale in found)
