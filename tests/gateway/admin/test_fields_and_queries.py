"""What every reading and writing route does with its query."""

import pytest

from tests.gateway.admin.answers import one, page, refused


async def test_fields_choose_the_parts_of_a_product_and_its_id_is_always_there(admin, make_product):
    made = await make_product()
    path = f"/admin/products/{made['id']}"

    parts = one(await admin.get(f"{path}?fields=title,variants.sku"), "product")
    less = one(await admin.get(f"{path}?fields=-variants,-description"), "product")

    sku = made["variants"][0]
    assert parts == {
        "id": made["id"],
        "title": made["title"],
        "variants": [{"id": sku["id"], "sku": sku["sku"]}],
    }
    assert less == {k: v for k, v in made.items() if k not in ("variants", "description")}


async def test_fields_choose_the_parts_of_every_document_of_a_page(admin):
    for tenant in ("paris", "lyon"):
        found = await admin.get(f"/admin/tenants/{tenant}/products?fields=handle,nothing&limit=3")
        assert {frozenset(one) for one in page(found, "products")} == {frozenset({"id", "handle"})}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/tenants/paris",
        "/admin/tenants/paris/domains",
        "/admin/tenants/paris/audit-events",
        "/admin/tenants/lyon/audit-events",
        "/admin/tenant-context",
        "/admin/users/me",
    ],
)
async def test_a_query_key_that_a_read_does_not_know_is_refused(admin, path):
    refused(await admin.get(f"{path}?surprise=1"), 400)


@pytest.mark.parametrize(
    "path", ["/admin/tenants/lyon/suspend", "/admin/products", "/admin/collections"]
)
async def test_a_query_key_that_a_write_does_not_know_is_refused(admin, path):
    refused(await admin.post(f"{path}?surprise=1", json={}), 400, "QUERY_INVALID")


@pytest.mark.parametrize("query", ["limit=50%00", "q=%00", "q=%ff", "q=%ed%a0%80", "order[]=title"])
async def test_what_is_no_text_is_refused(admin, query):
    refused(await admin.get(f"/admin/products?{query}"), 400)
