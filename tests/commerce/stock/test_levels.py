"""Staff count what there is, each tenant's for itself."""

import uuid

import pytest

from tests.commerce.stock.conftest import ITEMS
from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_events import arrived


async def test_an_item_is_there_for_each_variant_that_a_tenant_shows(shops):
    first, second = shops
    await first.has(7)

    for shop, levels in ((first, 1), (second, 0)):
        [item] = (await shop.done("GET", ITEMS))["inventory_items"]
        assert item["id"] == shop.item
        assert item["variant_id"] == shop.variant
        assert item["sku"] == shop.product["variants"][0]["sku"]
        assert item["description"] == shop.product["title"]
        assert len(item["location_levels"]) == levels
        assert (await shop.done("GET", f"{ITEMS}/{shop.item}"))["inventory_item"] == item
    [item] = (await first.done("GET", f"{ITEMS}?id={first.item}"))["inventory_items"]
    [level] = item["location_levels"]
    assert (level["location_id"], level["inventory_item_id"]) == (first.location, first.item)
    counts = level["stocked_quantity"], level["reserved_quantity"], level["available_quantity"]
    assert counts == (7, 0, 7)


async def test_a_tenant_sees_and_counts_its_own_stock_alone(shops):
    first, second = shops
    await first.has(7)
    path = f"{ITEMS}/{first.item}/location-levels"

    assert await second.counts() == (0, 0)
    assert (await second.done("GET", path))["count"] == 0
    answer = await second.send("POST", f"{path}/{first.location}", {"stocked_quantity": 1})
    refused(answer, 404, "INVENTORY_LEVEL_NOT_FOUND")
    refused(
        await second.send("DELETE", f"{path}/{first.location}"), 404, "INVENTORY_LEVEL_NOT_FOUND"
    )
    body = {"location_id": first.location, "stocked_quantity": 1}
    refused(await second.send("POST", path, body), 404, "STOCK_LOCATION_NOT_FOUND")
    answer = await second.staff.post(path, json=body, headers={"X-Tenant-ID": first.tenant})
    refused(answer, 404, "TENANT_NOT_FOUND")
    await second.has(4)
    assert (await first.counts(), await second.counts()) == ((7, 0), (4, 0))


async def test_an_order_operator_sees_stock_and_counts_none(shops, enter):
    for shop in shops:
        await shop.has(3)
        _, shop.staff = await enter(("OrderOps", shop.tenant))
        body = {"stocked_quantity": 9}
        path = f"{ITEMS}/{shop.item}/location-levels/{shop.location}"

        refused(await shop.send("POST", path, body), 403, "PERMISSION_MISSING")
        assert await shop.counts() == (3, 0)


async def test_a_recount_changes_what_there_is_and_nothing_that_is_kept(shops):
    for shop in shops:
        await shop.has(5)
        await shop.complete(await shop.cart(4))

        await shop.recount(1)

        assert await shop.counts() == (1, 4)
        levels = await shop.done("GET", f"{ITEMS}/{shop.item}/location-levels")
        assert levels["inventory_levels"][0]["available_quantity"] == -3
        body = {"items": [{"variant_id": shop.variant, "quantity": 1}]}
        code = (400, "INSUFFICIENT_INVENTORY")
        assert await shop.shopper.refused("POST", "/store/carts", body) == code


async def test_a_level_with_something_in_it_is_not_deleted(shops):
    for shop in shops:
        await shop.has(5)
        path = f"{ITEMS}/{shop.item}/location-levels/{shop.location}"
        level = (await shop.done("GET", path.rpartition("/")[0]))["inventory_levels"][0]["id"]

        refused(await shop.send("DELETE", path), 400, "INVENTORY_LEVEL_STOCKED")
        await shop.complete(await shop.cart(2))
        refused(await shop.send("DELETE", path), 400, "INVENTORY_LEVEL_RESERVED")
        body = {"delete": [level], "force": True}
        answer = await shop.send("POST", f"{ITEMS}/location-levels/batch", body)
        refused(answer, 400, "INVENTORY_LEVEL_RESERVED")
        assert await shop.counts() == (5, 2)


async def test_an_empty_level_is_deleted_and_with_force_a_full_one(shops):
    for shop in shops:
        path = f"{ITEMS}/{shop.item}/location-levels"
        await shop.has(0)
        answer = await shop.done("DELETE", f"{path}/{shop.location}")
        assert (answer["object"], answer["deleted"]) == ("inventory-level", True)
        assert answer["parent"]["location_levels"] == []

        await shop.has(3)
        body = {"delete": [answer["id"]], "force": True}
        done = await shop.done("POST", f"{path}/batch", body)
        assert done["deleted"]["ids"] == [answer["id"]]
        assert (await shop.done("GET", path))["inventory_levels"] == []


async def test_a_batch_is_done_as_a_whole_or_not_at_all(shops):
    path = f"{ITEMS}/location-levels/batch"
    for shop in shops:
        row = {"inventory_item_id": shop.item, "location_id": shop.location}
        done = await shop.done("POST", path, {"create": [{**row, "stocked_quantity": 4}]})
        assert [level["stocked_quantity"] for level in done["created"]] == [4]
        other = {**row, "location_id": "sloc_nowhere"}

        body = {"update": [{**row, "stocked_quantity": 9}], "create": [other]}
        refused(await shop.send("POST", path, body), 404, "STOCK_LOCATION_NOT_FOUND")
        refused(await shop.send("POST", path, {"create": [row]}), 409, "INVENTORY_LEVEL_EXISTS")
        body = {"update": [{**row, "stocked_quantity": 9}, row]}
        assert "update[1].location_id" in str(
            refused(await shop.send("POST", path, body), 400, "FIELD_INVALID")["details"]
        )
        assert await shop.counts() == (4, 0)
        assert await shop.done("POST", path, {}) == {
            "created": [],
            "updated": [],
            "deleted": {"ids": [], "object": "inventory-level", "deleted": True},
        }


async def test_a_variant_that_no_tenant_shows_has_no_stock(shops):
    for shop in shops:
        for item in ("iitem_01J00000000000000000000000", "variant_1", "x"):
            refused(await shop.send("GET", f"{ITEMS}/{item}"), 404, "INVENTORY_ITEM_NOT_FOUND")
            body = {"location_id": shop.location, "stocked_quantity": 1}
            answer = await shop.send("POST", f"{ITEMS}/{item}/location-levels", body)
            refused(answer, 404, "INVENTORY_ITEM_NOT_FOUND")
        assert (await shop.done("GET", ITEMS))["count"] == 1


@pytest.mark.parametrize("quantity", [-1, 1_000_000_001, 10**30, 1.5, "2", None, True])
async def test_an_impossible_quantity_is_refused_and_changes_nothing(shops, quantity):
    for shop in shops:
        await shop.has(3)
        path = f"{ITEMS}/{shop.item}/location-levels/{shop.location}"

        error = refused(await shop.send("POST", path, {"stocked_quantity": quantity}), 400)

        assert "stocked_quantity" in str(error["details"])
        assert await shop.counts() == (3, 0)


async def test_a_repeat_under_a_key_creates_once(shops):
    key = str(uuid.uuid4())
    for shop in shops:
        path = f"{ITEMS}/{shop.item}/location-levels"
        body = {"location_id": shop.location, "stocked_quantity": 3}
        answers = [await shop.send("POST", path, body, Idempotency_Key=key) for _ in range(2)]

        assert answers[0].status_code == 200, answers[0].text
        assert answers[0].json() == answers[1].json()


async def test_each_count_leaves_an_event_with_what_changed(shops, admin):
    for shop in shops:
        await shop.has(3)
        await shop.recount(5)
        await shop.recount(5)
        await shop.recount(0)
        path = f"{ITEMS}/{shop.item}/location-levels/{shop.location}"
        await shop.done("DELETE", path)

        resource = f"tenants/{shop.tenant}/inventoryItems/{shop.item}/levels/{shop.location}"
        events = await arrived(admin, shop.tenant, f"&resource={resource}", 4)
        assert [event["permission"] for event in events] == ["stock:write"] * 4


async def test_stock_can_be_counted_before_the_shop_opens(admin, enter, make_tenant, make_product):
    product = await make_product()
    for _ in range(2):
        tenant = (await make_tenant())["id"]
        body = {"product_id": product["id"]}
        (await admin.post(f"/admin/tenants/{tenant}/products", json=body)).raise_for_status()
        _, staff = await enter(("CatalogMgr", tenant))
        headers = {"X-Tenant-ID": tenant}

        [item] = (await staff.get(ITEMS, headers=headers)).json()["inventory_items"]
        body = {"location_id": f"sloc_{tenant}", "stocked_quantity": 2}
        path = f"{ITEMS}/{item['id']}/location-levels"
        answer = await staff.post(path, json=body, headers=headers)

        assert answer.status_code == 200, answer.text
