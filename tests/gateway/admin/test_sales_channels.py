"""Tenants as sales channels over HTTP: who sees which, and what is sold in them."""

import uuid

import pytest
import pytest_asyncio

from tests.gateway.admin.answers import one, page, pages, refused

CHANNELS = "/admin/sales-channels"


def ids(answer):
    return [channel["id"] for channel in page(answer, "sales_channels")]


async def test_the_head_office_lists_all_tenants(admin, tenants):
    paris, lyon = await tenants()

    found = ids(await admin.get(f"{CHANNELS}?id=sc_{paris},sc_{lyon}"))

    assert found == sorted([f"sc_{paris}", f"sc_{lyon}"])
    assert "sc_hq" in {one["id"] for one in await pages(admin, CHANNELS, "sales_channels")}


async def test_an_admin_of_the_head_office_sees_where_they_may_read(enter, tenants):
    paris, lyon = await tenants()
    _, client = await enter(("CatalogMgr", "hq"), ("TenantAdmin", paris))

    found = ids(await client.get(f"{CHANNELS}?id=sc_hq,sc_{paris},sc_{lyon}"))

    assert found == ["sc_hq", f"sc_{paris}"]


async def test_a_role_that_is_taken_back_shows_nothing(admin, enter, tenants):
    paris, _ = await tenants()
    person, client = await enter(("CatalogMgr", "hq"), ("TenantAdmin", paris))
    path = f"/admin/tenants/{paris}/assignments"
    held = (await admin.get(f"{path}?user_id={person}")).json()["assignments"]
    assert ids(await client.get(f"{CHANNELS}?id=sc_{paris}")) == [f"sc_{paris}"]

    (await admin.delete(f"{path}/{held[0]['id']}")).raise_for_status()

    assert ids(await client.get(f"{CHANNELS}?id=sc_{paris}")) == []


async def test_at_a_tenant_there_is_one_channel(enter, tenants):
    paris, lyon = await tenants()
    _, client = await enter(("TenantAdmin", paris), ("TenantAdmin", lyon))

    answer = await client.get(CHANNELS, headers={"X-Tenant-ID": paris})

    assert ids(answer) == [f"sc_{paris}"]
    assert (answer.json()["count"], answer.json()["limit"]) == (1, 20)


async def test_a_key_lists_the_channel_of_its_tenant(admin, http, tenants):
    await tenants()
    body = {"title": "ERP", "type": "secret", "permissions": ["tenant:read"]}
    made = one(await admin.post("/admin/tenants/hq/api-keys", json=body), "api_key")

    answer = await http.get(CHANNELS, headers={"Authorization": f"Bearer {made['token']}"})

    assert ids(answer) == ["sc_hq"]


async def test_a_channel_has_medusas_fields(admin, make_tenant):
    made = await make_tenant(
        display_name="Nice", description="By the sea", settings={"theme": "blue"}
    )

    channel = one(await admin.get(f"{CHANNELS}/sc_{made['id']}"), "sales_channel")

    assert channel == {
        "id": f"sc_{made['id']}",
        "name": "Nice",
        "description": "By the sea",
        "is_disabled": True,
        "metadata": {"theme": "blue"},
        "etag": made["etag"],
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "deleted_at": None,
    }


async def test_channels_are_found_by_words_names_and_states(admin, make_tenant, unique):
    nice = await make_tenant(display_name=f"Nice {unique}", description="By the sea")
    lille = await make_tenant(display_name=f"Lille {unique}", description=f"North of {unique}")
    await admin.post(f"/admin/tenants/{lille['id']}/activate")
    paris, north = f"sc_{nice['id']}", f"sc_{lille['id']}"

    async def found(**query):
        return ids(await admin.get(CHANNELS, params={"order": "name", **query}))

    assert await found(q=unique.upper()) == [north, paris]
    assert await found(q=f"north of {unique}") == [north]
    assert await found(name=f"Nice {unique}") == [paris]
    assert await found(q=unique, is_disabled="true") == [paris]
    assert await found(q=unique, is_disabled="false") == [north]
    assert await found(q=unique, order="-name") == [paris, north]
    assert await found(q=unique, limit=1, offset=1) == [paris]
    assert await found(q=f"{unique}%") == []


async def test_the_channel_of_a_publishable_key_is_found(admin, tenants):
    paris, lyon = await tenants()
    path = f"/admin/tenants/{paris}/api-keys"
    key = one(await admin.post(path, json={"title": "Shop", "type": "publishable"}), "api_key")
    query = f"publishable_key_id={key['id']}"

    assert ids(await admin.get(f"{CHANNELS}?{query}")) == [f"sc_{paris}"]
    assert ids(await admin.get(f"{CHANNELS}?{query}", headers={"X-Tenant-ID": lyon})) == []


async def test_a_channel_is_renamed_and_described(admin, make_tenant):
    made = await make_tenant(settings={"theme": "blue"})
    path = f"{CHANNELS}/sc_{made['id']}"
    body = {"name": "Nice", "description": "By the sea"}

    changed = one(await admin.post(path, json=body), "sales_channel")

    assert body.items() <= changed.items()
    assert changed["metadata"] == {"theme": "blue"}
    tenant = one(await admin.get(f"/admin/tenants/{made['id']}"), "tenant")
    assert (tenant["display_name"], tenant["description"]) == ("Nice", "By the sea")
    cleared = one(await admin.post(path, json={"description": None}), "sales_channel")
    assert (cleared["name"], cleared["description"]) == ("Nice", None)


async def test_acts_on_tenants_are_refused_with_their_place(admin, make_tenant):
    made = await make_tenant()

    new = await admin.post(CHANNELS, json={"name": "Nice"})
    opened = await admin.post(f"{CHANNELS}/sc_{made['id']}", json={"is_disabled": False})

    assert "POST /admin/tenants" in refused(new, 400, "CHANNEL_IS_TENANT")["message"]
    assert "/activate" in refused(opened, 400, "CHANNEL_IS_TENANT")["message"]


async def test_a_channel_may_be_sent_back_as_it_was_read(admin, make_tenant):
    made = await make_tenant()
    body = {"name": "Nice", "is_disabled": True}

    changed = one(await admin.post(f"{CHANNELS}/sc_{made['id']}", json=body), "sales_channel")
    same = await admin.post(f"{CHANNELS}/sc_{made['id']}", json={"is_disabled": True})

    assert body.items() <= changed.items()
    assert one(same, "sales_channel") == changed


async def test_a_deleted_channel_is_an_archived_tenant(admin, make_tenant):
    made = await make_tenant()
    path = f"{CHANNELS}/sc_{made['id']}"

    answer = await admin.delete(path)

    gone = {"id": f"sc_{made['id']}", "object": "sales-channel", "deleted": True}
    assert answer.json() == gone
    assert one(await admin.get(path), "sales_channel")["deleted_at"]
    query = f"?id=sc_{made['id']}"
    assert ids(await admin.get(CHANNELS + query)) == []
    assert ids(await admin.get(f"{CHANNELS}{query}&with_deleted=true")) == [f"sc_{made['id']}"]


@pytest.mark.parametrize("unknown", ["hq", "sc_nobodys", "sc_Paris", "tenants.hq"])
async def test_an_id_that_no_channel_has_finds_nothing(admin, unknown):
    assert ids(await admin.get(f"{CHANNELS}?id={unknown}")) == []
    refused(await admin.get(f"{CHANNELS}/{unknown}"), 404 if unknown != "sc_Paris" else 400)


async def sold(client, tenant):
    found = await pages(client, f"/admin/tenants/{tenant}/products", "products")
    return {listing["id"] for listing in found}


async def test_products_are_added_and_removed_in_one_channel_alone(admin, tenants, make_product):
    paris, lyon = await tenants()
    first, second, third = [(await make_product())["id"] for _ in range(3)]
    path = f"{CHANNELS}/sc_{paris}/products"
    answer = await admin.post(path, json={"add": [first, second]})
    assert one(answer, "sales_channel")["id"] == f"sc_{paris}"
    await admin.post(f"{CHANNELS}/sc_{lyon}/products", json={"add": [first]})
    assert await sold(admin, paris) == {first, second}

    one(await admin.post(path, json={"add": [second, third], "remove": [first]}), "sales_channel")

    assert await sold(admin, paris) == {second, third}
    assert await sold(admin, lyon) == {first}


async def test_a_product_that_is_there_already_stays_as_it_is(admin, tenants, make_product):
    paris, _ = await tenants()
    product, other = [(await make_product())["id"] for _ in range(2)]
    path = f"{CHANNELS}/sc_{paris}/products"
    await admin.post(path, json={"add": [product]})

    again = await admin.post(path, json={"add": [product], "remove": [other]})

    one(again, "sales_channel")
    assert "x-audit-event" not in again.headers
    assert await sold(admin, paris) == {product}


async def test_one_product_that_cannot_be_added_stops_all(admin, tenants, make_product):
    paris, _ = await tenants()
    product = (await make_product())["id"]
    draft = (await make_product(status="draft"))["id"]

    answer = await admin.post(f"{CHANNELS}/sc_{paris}/products", json={"add": [product, draft]})

    assert "add[1]" in refused(answer, 400)["details"]["violations"]
    assert await sold(admin, paris) == set()


async def test_a_tenants_own_admin_changes_only_their_channel(enter, tenants, make_product):
    paris, lyon = await tenants()
    product = (await make_product())["id"]
    _, client = await enter(("TenantAdmin", paris))
    body = {"add": [product]}

    one(await client.post(f"{CHANNELS}/sc_{paris}/products", json=body), "sales_channel")

    assert await sold(client, paris) == {product}
    answer = await client.post(f"{CHANNELS}/sc_{lyon}/products", json=body)
    refused(answer, 404, "TENANT_NOT_FOUND")
    here = {"X-Tenant-ID": lyon}
    answer = await client.post(f"{CHANNELS}/sc_{paris}/products", json=body, headers=here)
    refused(answer, 400, "TENANT_SIGNALS_DISAGREE")


async def channels_of(admin, product):
    path = f"/admin/products/{product}?fields=*sales_channels"
    return [channel["id"] for channel in one(await admin.get(path), "product")["sales_channels"]]


@pytest_asyncio.fixture
async def keeper(enter, tenants):
    """Somebody who keeps the catalogue, and what two tenants sell of it."""
    paris, lyon = await tenants()
    _, client = await enter(("CatalogMgr", "hq"), ("TenantAdmin", paris), ("TenantAdmin", lyon))
    return client, f"sc_{paris}", f"sc_{lyon}"


def product_of(*channels, **more):
    sku = f"SKU-{uuid.uuid4().hex[:12]}"
    return {
        "title": "Whey",
        "status": "published",
        "options": [{"title": "Taille", "values": ["1 kg"]}],
        "variants": [{"sku": sku, "options": {"Taille": "1 kg"}, "prices": []}],
        "sales_channels": [{"id": channel} for channel in channels],
        "handle": f"whey-{uuid.uuid4().hex[:12]}",
        **more,
    }


async def test_a_product_is_sold_in_the_channels_of_its_body(keeper):
    client, paris, lyon = keeper

    answer = await client.post(
        "/admin/products?fields=*sales_channels", json=product_of("sc_hq", paris)
    )

    made = one(answer, "product")
    assert [channel["id"] for channel in made["sales_channels"]] == ["sc_hq", paris]
    assert await sold(client, paris.removeprefix("sc_")) == {made["id"]}
    path = f"/admin/products/{made['id']}"
    one(await client.post(path, json={"sales_channels": [{"id": lyon}]}), "product")
    assert await channels_of(client, made["id"]) == [lyon]
    assert await sold(client, paris.removeprefix("sc_")) == set()
    one(await client.post(path, json={"title": "Whey 2"}), "product")
    assert await channels_of(client, made["id"]) == [lyon]
    one(await client.post(path, json={"sales_channels": []}), "product")
    assert await channels_of(client, made["id"]) == []


async def test_channels_are_shown_only_on_request_and_only_those_one_sees(keeper, admin, enter):
    client, paris, _ = keeper
    made = one(await client.post("/admin/products", json=product_of("sc_hq", paris)), "product")
    assert "sales_channels" not in made
    _, other = await enter(("CatalogMgr", "hq"))

    assert await channels_of(admin, made["id"]) == sorted(["sc_hq", paris])
    assert await channels_of(other, made["id"]) == ["sc_hq"]
    answer = await client.get(f"/admin/products?id={made['id']}&fields=title,*sales_channels")
    [listed] = page(answer, "products")
    assert [channel["id"] for channel in listed["sales_channels"]] == ["sc_hq", paris]


async def test_a_channel_of_others_stays_when_a_product_gets_channels(keeper, enter):
    client, paris, lyon = keeper
    made = one(await client.post("/admin/products", json=product_of("sc_hq", paris)), "product")
    _, other = await enter(("CatalogMgr", "hq"), ("TenantAdmin", lyon.removeprefix("sc_")))

    body = {"sales_channels": [{"id": "sc_hq"}, {"id": lyon}]}
    one(await other.post(f"/admin/products/{made['id']}", json=body), "product")

    assert await channels_of(client, made["id"]) == sorted(["sc_hq", paris, lyon])


async def test_a_channel_that_one_may_not_change_stops_all(keeper, enter):
    client, paris, _ = keeper
    _, other = await enter(("CatalogMgr", "hq"))
    _, operator = await enter(("GlobalAdmin", None))

    body = product_of("sc_hq", paris)
    unknown = await other.post("/admin/products", json=body)
    withheld = await operator.post("/admin/products", json=body)

    refused(unknown, 404, "TENANT_NOT_FOUND")
    refused(withheld, 403, "ACCESS_GRANT_NEEDED")
    assert page(await client.get(f"/admin/products?handle={body['handle']}"), "products") == []


async def test_a_draft_is_sold_by_the_head_office_alone(keeper):
    client, paris, _ = keeper
    body = product_of("sc_hq", paris, status="draft")

    refused(await client.post("/admin/products", json=body), 409, "PRODUCT_NOT_PUBLISHED")
    body["sales_channels"] = [{"id": "sc_hq"}]
    made = one(await client.post("/admin/products", json=body), "product")

    path = f"/admin/products/{made['id']}"
    both = {"sales_channels": [{"id": "sc_hq"}, {"id": paris}]}
    refused(await client.post(path, json=both), 409, "PRODUCT_NOT_PUBLISHED")
    one(await client.post(path, json={**both, "status": "published"}), "product")
    assert await channels_of(client, made["id"]) == sorted(["sc_hq", paris])


@pytest.mark.parametrize("channel", ["tenants/{paris}", "{paris}", "sc_Paris", "sc_", ""])
async def test_a_product_gets_no_channel_that_there_is_not(keeper, channel):
    client, paris, lyon = keeper
    body = product_of(lyon, channel.format(paris=paris.removeprefix("sc_")))

    error = refused(await client.post("/admin/products", json=body), 404, "TENANT_NOT_FOUND")

    assert error["message"].startswith("No such sales channel: ")
    assert page(await client.get(f"/admin/products?handle={body['handle']}"), "products") == []


async def test_too_many_channels_are_refused(keeper):
    client, _, _ = keeper
    body = product_of(*(f"sc_t{n}" for n in range(201)))

    refused(await client.post("/admin/products", json=body), 400, "FIELD_INVALID")
