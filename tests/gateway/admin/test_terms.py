"""Tags and product types over HTTP."""

import pytest

from tests.gateway.admin.answers import one, page, refused
from tests.gateway.admin.conftest import created

KINDS = {
    "product-tags": ("product_tag", "ptag_", 20),
    "product-types": ("product_type", "ptyp_", 10),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return f"/admin/{request.param}", *KINDS[request.param]


async def test_a_created_object_is_read_listed_updated_and_deleted(admin, kind, unique):
    path, singular, prefix, _ = kind
    answer = await admin.post(path, json={"value": unique, "metadata": {"rank": 1}})
    made = one(answer, singular)
    assert made.keys() == {"id", "value", "metadata", "created_at", "updated_at"}
    assert (made["value"], made["metadata"], made["id"][:5]) == (unique, {"rank": 1}, prefix)
    etag = answer.headers["etag"]

    assert one(await admin.get(f"{path}/{made['id']}"), singular) == made
    assert one(await admin.get(f"{path}/{made['id']}?fields=etag"), singular)["etag"] == etag
    for query in (
        f"value={unique}",
        f"value[]={unique}",
        f"id={made['id']}",
        f"q={unique.upper()}",
    ):
        assert page(await admin.get(f"{path}?{query}"), f"{singular}s") == [made], query
    body = {"value": f"{unique}b"}
    changed = one(await admin.post(f"{path}/{made['id']}", json=body), singular)
    assert (changed["value"], changed["metadata"]) == (f"{unique}b", {"rank": 1})
    stale = await admin.patch(f"{path}/{made['id']}", json={}, headers={"If-Match": etag})
    refused(stale, 409, "ETAG_MISMATCH")
    gone = await admin.delete(f"{path}/{made['id']}")
    assert gone.json() == {"id": made["id"], "object": singular, "deleted": True}
    refused(await admin.get(f"{path}/{made['id']}"), 404, f"{singular.upper()}_NOT_FOUND")


async def test_a_page_has_as_many_as_medusas(admin, kind):
    path, _, _, limit = kind
    assert (await admin.get(path)).json()["limit"] == limit


async def test_a_value_is_taken_once(admin, kind, unique):
    path, singular, _, _ = kind
    await created(admin, path, {"value": unique})

    error = refused(await admin.post(path, json={"value": unique}), 409, "VALUE_TAKEN")
    noun = singular.capitalize().replace("_", " ")
    assert error["message"] == f"{noun} with value: {unique}, already exists."
    assert error["details"]["value"] == unique


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": ""}, {"value": "a", "title": "b"}])
async def test_a_wrong_body_is_refused(admin, kind, body):
    refused(await admin.post(kind[0], json=body), 400)


async def test_a_new_value_and_a_deletion_reach_every_shop(admin, http, make_product, unique):
    tag = await created(admin, "/admin/product-tags", {"value": unique})
    type_ = await created(admin, "/admin/product-types", {"value": unique})
    product = await make_product(tags=[{"id": tag["id"]}], type_id=type_["id"])
    await admin.post("/admin/tenants/paris/products", json={"product_id": product["id"]})

    async def values():
        for host in ("paris.impactnutrition.com", "impactnutrition.com.tn"):
            path = f"/store/products/{product['handle']}?fields=*tags,*type"
            document = one(await http.get(path, headers={"Host": host}), "product")
            yield [one["value"] for one in document["tags"]], document["type"]

    await admin.post(f"/admin/product-tags/{tag['id']}", json={"value": f"{unique}2"})
    await admin.post(f"/admin/product-types/{type_['id']}", json={"value": f"{unique}3"})
    async for tags, found in values():
        assert (tags, found["value"]) == ([f"{unique}2"], f"{unique}3")

    for path in (f"/admin/product-tags/{tag['id']}", f"/admin/product-types/{type_['id']}"):
        answer = await admin.delete(path)
        # The product's, and its own.
        assert len(answer.headers["x-audit-event"].split(",")) == 2
    async for tags, found in values():
        assert (tags, found) == ([], None)
