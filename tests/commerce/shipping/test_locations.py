"""Options ship from a location, and tell whether what a cart has to ship is there."""

from tests.commerce.shipping.conftest import OPTIONS

ADDRESS = {"address_1": "1 quai Y", "city": "Lyon", "country_code": "fr", "postal_code": "69002"}
FRANCE = {"name": "France", "geo_zones": [{"type": "country", "country_code": "fr"}]}
LOCATIONS = "/admin/stock-locations"


async def option_from(shop, profile, location):
    """Makes an option of a set that hands over from a location; returns its id."""
    name = location["name"]
    path = f"{LOCATIONS}/{location['id']}/fulfillment-sets?fields=*fulfillment_sets"
    made = await shop.done("POST", path, {"name": f"From {name}", "type": "pickup"})
    [of_location] = made["fulfillment_sets"]
    zones = f"/admin/fulfillment-sets/{of_location['id']}/service-zones"
    [zone] = (await shop.done("POST", zones, FRANCE))["service_zones"]
    return (await shop.option(zone, profile, 3, name=name))["id"]


async def test_an_option_tells_whether_its_own_location_has_what_is_shipped(both):
    norths = []
    for shop in both:
        profile = await shop.profile()
        location = await shop.done("POST", LOCATIONS, {"name": "North", "address": ADDRESS})
        main = {"id": f"sloc_{shop.tenant}", "name": "Main location"}
        north = await option_from(shop, profile, location)
        others = [await option_from(shop, profile, main)]
        others.append((await shop.option(await shop.zone(), profile, 4))["id"])
        norths.append((location, north, others))

    for place, (shop, (location, north, others)) in enumerate(zip(both, norths, strict=True)):
        item = shop.variant.replace("variant_", "iitem_")
        levels = f"/admin/inventory-items/{item}/location-levels"
        cart = await shop.cart(2)

        async def lacking(shop=shop, cart=cart):
            offered = await shop.offered(cart)
            return {one["id"] for one in offered if one["insufficient_inventory"]}

        offered = {one["id"]: one for one in await shop.offered(cart)}
        assert set(offered) == {north, *others}
        from_there = offered[north]["service_zone"]["fulfillment_set"]["location"]
        assert (from_there["id"], from_there["name"]) == (location["id"], "North")
        assert {key: from_there["address"][key] for key in ADDRESS} == ADDRESS
        # Nothing is there, whatever the shop before this one has at its own.
        assert await lacking() == {north}
        if place == 0:
            await shop.done("POST", levels, {"location_id": location["id"], "stocked_quantity": 1})
            assert await lacking() == {north}
            await shop.done("POST", f"{levels}/{location['id']}", {"stocked_quantity": 2})
            assert await lacking() == set()
        calculated = await shop.shopper.post(
            f"/store/shipping-options/{north}/calculate", {"cart_id": cart["id"]}
        )
        assert calculated["shipping_option"]["insufficient_inventory"] is (place == 1)


async def test_a_location_that_moves_is_told_of_at_once(both):
    for shop in both:
        profile = await shop.profile()
        location = await shop.done("POST", LOCATIONS, {"name": "North"})
        option = await option_from(shop, profile, location)
        cart = await shop.cart()
        from_where = [
            one["service_zone"]["fulfillment_set"]["location"] for one in await shop.offered(cart)
        ]
        assert from_where == [{"id": location["id"], "name": "North", "address": None}]

        await shop.done("POST", f"{LOCATIONS}/{location['id']}", {"name": "South"})

        [offered] = await shop.offered(cart)
        assert offered["service_zone"]["fulfillment_set"]["location"]["name"] == "South"
        await shop.done("DELETE", f"{OPTIONS}/{option}")
