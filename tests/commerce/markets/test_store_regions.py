"""Regions as shoppers see them: those that staff of their own shop have set up."""

import asyncio

import pytest
import pytest_asyncio

from tests.gateway.admin.answers import refused


@pytest_asyncio.fixture
async def open_shops(both, admin):
    """The staff of two tenants whose shops are open."""
    for staff in both:
        (await admin.post(f"/admin/tenants/{staff.tenant}/activate")).raise_for_status()
    return both


@pytest.fixture
def visit(http):
    """Reads a path as a shopper of a tenant."""

    async def get(staff, path):
        return await http.get(f"/t/{staff.tenant}{path}")

    return get


async def test_a_shop_without_regions_is_the_one_of_its_settings(open_shops, visit):
    for staff in open_shops:
        id_ = f"reg_{staff.tenant}"
        answer = (await visit(staff, "/store/regions")).json()

        [region] = answer["regions"]
        assert answer["count"] == 1
        assert region == {
            "id": id_,
            "name": "France",
            "currency_code": "eur",
            "automatic_taxes": False,
            "countries": [
                {"iso_2": "fr", "name": "FRANCE", "display_name": "France", "region_id": id_}
            ],
            "is_tax_inclusive": False,
            "payment_providers": [{"id": "pp_system_default", "is_enabled": True}],
            "metadata": None,
        }
        assert (await visit(staff, f"/store/regions/{id_}")).json() == {"region": region}


async def test_a_shop_shows_the_regions_of_its_own_staff_alone(open_shops, visit):
    made = {}
    for staff in open_shops:
        first = await staff.create("be", "fr", name="First", is_tax_inclusive=True)
        second = await staff.create("de", name="Second", metadata={"flag": 1}, payment_providers=[])
        made[staff.tenant] = [first["id"], second["id"]]

    for staff, other in (open_shops, reversed(open_shops)):
        answer = (await visit(staff, "/store/regions")).json()
        assert [one["id"] for one in answer["regions"]] == made[staff.tenant]
        first, second = answer["regions"]
        assert [one["iso_2"] for one in first["countries"]] == ["be", "fr"]
        assert (first["is_tax_inclusive"], second["is_tax_inclusive"]) == (True, False)
        assert (second["automatic_taxes"], second["metadata"]) == (True, {"flag": 1})
        page = (await visit(staff, "/store/regions?limit=1&offset=1&fields=id,name")).json()
        assert page["regions"] == [{"id": second["id"], "name": "Second"}]
        assert (page["count"], page["offset"], page["limit"]) == (2, 1, 1)
        one = await visit(staff, f"/store/regions/{second['id']}")
        assert one.json() == {"region": second}

        for foreign in (*made[other.tenant], f"reg_{other.tenant}", "reg_nobody"):
            for path in (
                f"/store/regions/{foreign}",
                f"/store/products?region_id={foreign}",
                f"/store/product-variants?region_id={foreign}",
                f"/store/payment-providers?region_id={foreign}",
            ):
                refused(await visit(staff, path), 404, "REGION_NOT_FOUND")


async def test_products_are_read_in_any_region_of_the_shop(open_shops, visit):
    for staff in open_shops:
        regions = [await staff.create(country) for country in ("fr", "de")]
        for id_ in [region["id"] for region in regions] + [f"reg_{staff.tenant}"]:
            for path in ("/store/products", "/store/product-variants"):
                answer = await visit(staff, f"{path}?region_id={id_}&country_code=fr")
                assert answer.status_code == 200, answer.text


async def test_the_id_of_the_settings_goes_on_to_name_the_first_region(open_shops, visit):
    for staff in open_shops:
        first = await staff.create("be", "fr", name="First")
        await staff.create("de", name="Second")

        answer = await visit(staff, f"/store/regions/reg_{staff.tenant}")

        region = answer.json()["region"]
        assert (region["id"], region["name"]) == (f"reg_{staff.tenant}", first["name"])
        assert {one["region_id"] for one in region["countries"]} == {region["id"]}


async def test_payment_providers_are_those_of_the_region(open_shops, visit):
    paths = {}
    for staff in open_shops:
        both_ways = [
            await staff.create("fr", payment_providers=["pp_system_default"]),
            await staff.create("de", payment_providers=[]),
        ]
        paths[staff.tenant] = [
            f"/store/payment-providers?region_id={one['id']}" for one in both_ways
        ]

    for staff in open_shops:
        with_one, with_none = [(await visit(staff, path)).json() for path in paths[staff.tenant]]
        assert with_one == {
            "payment_providers": [{"id": "pp_system_default", "is_enabled": True}],
            "count": 1,
            "offset": 0,
            "limit": 20,
        }
        assert (with_none["payment_providers"], with_none["count"]) == ([], 0)
        refused(await visit(staff, "/store/payment-providers"), 400, "QUERY_INVALID")


async def test_a_change_by_staff_is_shown_with_its_answer(open_shops, visit):
    paris, lyon = open_shops
    region = await paris.create("fr", name="Before")
    await lyon.create("fr", name="Elsewhere")

    async def names(staff):
        answer = await visit(staff, "/store/regions")
        return [one["name"] for one in answer.json()["regions"]]

    for number in range(5):
        await asyncio.gather(*(names(staff) for staff in open_shops for _ in range(5)))
        await paris.done("POST", f"/{region['id']}", {"name": f"Number {number}"})
        assert [await names(staff) for staff in open_shops] == [[f"Number {number}"], ["Elsewhere"]]

    path = f"/store/products?region_id={region['id']}"
    assert (await visit(paris, path)).status_code == 200
    assert (await paris.send("DELETE", f"/{region['id']}")).status_code == 200
    refused(await visit(paris, path), 404, "REGION_NOT_FOUND")
    assert await names(paris) == ["France"]
