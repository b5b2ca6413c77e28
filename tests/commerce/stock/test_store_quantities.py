"""Shoppers see how many there are, each shop's own; it decides nothing."""

from tests.commerce.stock.conftest import ITEMS

# What Medusa's storefront asks of a page of products.
FIELDS = "*variants.calculated_price,+variants.inventory_quantity,*variants.images,+metadata,+tags,"


async def variant_of(shop):
    """Returns the only variant of the shop's product, as each route that has it shows it."""
    product = shop.product["id"]
    listed = await shop.shopper.get("/store/products", id=product, fields=FIELDS)
    one = await shop.shopper.get(f"/store/products/{product}", fields=FIELDS)
    fields = "+inventory_quantity"
    variants = await shop.shopper.get("/store/product-variants", id=shop.variant, fields=fields)
    variant = await shop.shopper.get(f"/store/product-variants/{shop.variant}", fields=fields)
    found = [
        *listed["products"][0]["variants"],
        *one["product"]["variants"],
        *variants["variants"],
        variant["variant"],
    ]
    assert len({(v["id"], v["manage_inventory"], v["inventory_quantity"]) for v in found}) == 1
    return found[0]


async def quantity(shop):
    return (await variant_of(shop))["inventory_quantity"]


async def test_a_shop_shows_its_own_quantities_as_it_sells(shops):
    first, second = shops
    assert [await quantity(shop) for shop in shops] == [0, 0]

    await first.has(5)
    assert [await quantity(shop) for shop in shops] == [5, 0]
    await second.has(2)
    assert (await first.complete(await first.cart(3)))["type"] == "order"
    assert [await quantity(shop) for shop in shops] == [2, 2]

    # Fewer than were ordered already: none, and no less.
    await first.recount(1)
    assert [await quantity(shop) for shop in shops] == [0, 2]


async def test_quantities_are_there_only_for_who_asks(shops):
    for shop in shops:
        await shop.has(5)
        page = await shop.shopper.get("/store/products", id=shop.product["id"])
        [variant] = page["products"][0]["variants"]

        assert "inventory_quantity" not in variant
        assert (variant["manage_inventory"], variant["allow_backorder"]) == (True, False)
        fields = "variants.inventory_quantity"
        page = await shop.shopper.get("/store/products", id=shop.product["id"], fields=fields)
        expected = [{"id": shop.variant, "inventory_quantity": 5}]
        assert page["products"] == [{"id": shop.product["id"], "variants": expected}]


async def test_a_variant_that_is_not_counted_has_no_quantity(make_shops):
    for shop in await make_shops(manage_inventory=False):
        variant = await variant_of(shop)

        assert (variant["manage_inventory"], variant["inventory_quantity"]) == (False, None)


async def test_a_variant_sold_without_stock_says_so(make_shops):
    for shop in await make_shops(allow_backorder=True):
        await shop.has(1)
        assert (await shop.complete(await shop.cart(3)))["type"] == "order"
        variant = await variant_of(shop)

        assert (variant["allow_backorder"], variant["inventory_quantity"]) == (True, 0)


async def test_quantities_are_of_all_locations_together(shops, enter):
    for number, shop in enumerate(shops):
        await shop.has(1 + number)
        _, shop.staff = await enter(("TenantAdmin", shop.tenant))
        location = await shop.done("POST", "/admin/stock-locations", {"name": "North"})
        body = {"location_id": location["stock_location"]["id"], "stocked_quantity": 10}
        await shop.done("POST", f"{ITEMS}/{shop.item}/location-levels", body)

    assert [await quantity(shop) for shop in shops] == [11, 12]
