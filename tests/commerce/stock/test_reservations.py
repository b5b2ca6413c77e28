"""Staff look at what is kept for orders, each tenant's own."""

from tests.gateway.admin.answers import refused

PATH = "/admin/reservations"


async def test_a_reservation_is_shown_to_its_own_tenants_staff_alone(shops):
    made = []
    for shop in shops:
        await shop.has(9)
        order = (await shop.complete(await shop.cart(2)))["order"]
        page = await shop.done("GET", PATH)
        [reservation] = page["reservations"]
        assert page["count"] == 1
        assert reservation["order_id"] == order["id"]
        assert reservation["line_item_id"] == order["items"][0]["id"]
        assert (reservation["inventory_item_id"], reservation["quantity"]) == (shop.item, 2)
        assert (reservation["location_id"], reservation["expires_at"]) == (shop.location, None)
        made.append(reservation)

    for shop, own, foreign in zip(shops, made, reversed(made), strict=True):
        assert (await shop.done("GET", f"{PATH}/{own['id']}"))["reservation"] == own
        refused(await shop.send("GET", f"{PATH}/{foreign['id']}"), 404, "RESERVATION_NOT_FOUND")


async def test_reservations_are_filtered_sorted_and_paged(shops):
    for shop in shops:
        await shop.has(9)
        for quantity in (1, 2, 3):
            await shop.complete(await shop.cart(quantity))

        async def found(query, shop=shop):
            return [
                one["quantity"] for one in (await shop.done("GET", PATH + query))["reservations"]
            ]

        line = (await shop.done("GET", PATH))["reservations"][1]["line_item_id"]
        assert await found("") == [1, 2, 3]
        assert await found("?order=-created_at&limit=2") == [3, 2]
        assert await found("?offset=2") == [3]
        assert await found(f"?line_item_id={line}") == [2]
        assert await found(f"?inventory_item_id={shop.item}&location_id={shop.location}") == [
            1,
            2,
            3,
        ]
        assert await found("?location_id=sloc_nowhere") == []
