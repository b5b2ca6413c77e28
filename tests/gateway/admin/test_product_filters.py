"""The filters of the head office's products over HTTP."""

import pytest

from tests.gateway.admin.answers import page, refused
from tests.gateway.admin.conftest import created


@pytest.fixture
def ids(admin):
    async def read(query):
        answer = await admin.get(f"/admin/products?{query}&fields=id")
        return [product["id"] for product in page(answer, "products")]

    return read


async def test_products_are_found_by_every_filter(admin, make_product, unique, ids):
    collection = await created(admin, "/admin/collections", {"title": unique})
    category = await created(admin, "/admin/product-categories", {"name": unique})
    variant = {
        "title": "One",
        "options": {"Taille": "1 kg"},
        "prices": [{"amount": 1, "currency_code": "eur"}],
        **{code: f"{unique}-{code}" for code in ("sku", "ean", "upc", "barcode")},
    }
    one = await make_product(
        title=f"{unique}, whole",
        external_id=f"{unique}-x",
        tags=[{"value": unique}],
        type={"value": unique},
        collection_id=collection["id"],
        categories=[{"id": category["id"]}],
        variants=[variant],
    )
    other = await make_product(collection_id=collection["id"], status="draft")
    both, mine = [one["id"], other["id"]], f"collection_id[]={collection['id']}"

    for query, found in (
        (mine, both),
        (f"{mine}&status[]=published,proposed", [one["id"]]),
        (f"{mine}&status[]=published&status[]=draft", both),
        (f"{mine}&is_giftcard=true", []),
        (f"{mine}&is_giftcard=false&order=-id", both[::-1]),
        (f"{mine}&order=status", both[::-1]),
        (f"category_id[]={category['id']}", [one["id"]]),
        (f"tag_id[]={one['tags'][0]['id']}", [one["id"]]),
        (f"type_id[]={one['type_id']}", [one["id"]]),
        (f"external_id[]={unique}-x", [one["id"]]),
        (f"title[]={unique}, whole", [one["id"]]),
        (f"handle[]={one['handle']}&handle[]={other['handle']}", both),
        *((f"variants[{c}]={unique}-{c}", [one["id"]]) for c in ("sku", "ean", "upc", "barcode")),
        (f"{mine}&created_at[$gte]={one['created_at']}", both),
        (f"{mine}&updated_at[$lt]={one['created_at']}", []),
    ):
        assert await ids(query) == found, query


async def test_deleted_products_are_listed_with_when(admin, make_product, unique, ids):
    gone = await make_product(title=unique)
    await admin.delete(f"/admin/products/{gone['id']}")

    assert await ids(f"title={unique}") == []
    assert await ids(f"title={unique}&deleted_at[$gt]={gone['created_at']}") == []
    query = f"title={unique}&with_deleted=true&deleted_at[$gt]={gone['created_at']}"
    [product] = page(await admin.get(f"/admin/products?{query}"), "products")
    assert (product["id"], product["deleted_at"] > gone["created_at"]) == (gone["id"], True)


async def test_products_are_found_by_the_channels_that_one_may_see(
    admin, make_product, make_tenant, unique, ids
):
    collection = await created(admin, "/admin/collections", {"title": unique})
    first, second = [await make_product(collection_id=collection["id"]) for _ in range(2)]
    tenant = (await make_tenant())["id"]
    await admin.post(f"/admin/tenants/{tenant}/products", json={"product_id": second["id"]})
    mine = f"collection_id={collection['id']}"

    assert await ids(f"{mine}&sales_channel_id[]=sc_{tenant}") == [second["id"]]
    assert await ids(f"{mine}&sales_channel_id=sc_hq,sc_{tenant}") == [first["id"], second["id"]]
    for unknown in ("sc_none", "sc_None", "nothing"):
        assert await ids(f"{mine}&sales_channel_id[]={unknown}") == []


async def test_channels_that_one_may_not_see_find_nothing(
    admin, enter, make_product, make_tenant, unique
):
    collection = await created(admin, "/admin/collections", {"title": unique})
    product = await make_product(collection_id=collection["id"])
    seen, hidden = (await make_tenant())["id"], (await make_tenant())["id"]
    for tenant in (seen, hidden):
        await admin.post(f"/admin/tenants/{tenant}/products", json={"product_id": product["id"]})
    _, client = await enter(("CatalogMgr", "hq"), ("CatalogMgr", seen))
    mine = f"/admin/products?collection_id={collection['id']}&fields=id"

    for channels, found in (
        (f"sc_{seen}", [product]),
        (f"sc_{hidden}", []),
        (f"sc_{seen},sc_{hidden}", [product]),
    ):
        products = page(await client.get(f"{mine}&sales_channel_id={channels}"), "products")
        assert [one["id"] for one in products] == [one["id"] for one in found], channels


@pytest.mark.parametrize("query", ["status=sold", "is_giftcard=1", "created_at[$gt]=now"])
async def test_a_wrong_filter_is_refused(admin, query):
    refused(await admin.get(f"/admin/products?{query}"), 400, "QUERY_INVALID")
