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


async def test_fields_choose_the_parts_of_a_writes_answer(admin, make_product):
    made = await make_product()
    path = f"/admin/products/{made['id']}"

    for method in ("POST", "PATCH"):
        changed = await admin.request(method, f"{path}?fields=title", json={"title": method})
        assert one(changed, "product") == {"id": made["id"], "title": method}

    for tenant in ("paris", "lyon"):
        opted_in = await admin.post(
            f"/admin/tenants/{tenant}/products?fields=state", json={"product_id": made["id"]}
        )
        assert one(opted_in, "product").keys() == {"id", "state"}


async def test_a_write_that_asks_for_too_many_fields_writes_nothing(admin, make_product):
    made = await make_product()
    path = f"/admin/products/{made['id']}"

    answer = await admin.patch(f"{path}?fields={'title,' * 201}", json={"title": "Changed"})

    assert refused(answer, 400, "QUERY_INVALID")["details"]["violations"].keys() == {"fields"}
    assert one(await admin.get(path), "product") == made


async def test_fields_are_refused_by_a_write_that_answers_no_document(admin, make_product):
    path = f"/admin/products/{(await make_product())['id']}"

    refused(await admin.delete(f"{path}?fields=id"), 400, "QUERY_INVALID")

    assert (await admin.get(path)).status_code == 200


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
async def test_a_query_that_is_no_plain_text_is_refused(admin, query):
    refused(await admin.get(f"/admin/products?{query}"), 400)
