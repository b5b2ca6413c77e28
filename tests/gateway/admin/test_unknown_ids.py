"""What another tenant has set up is unknown to staff, on every route that names it, and so is
what nobody has. Nothing is written."""

import json
from typing import Any

import pytest

from tests.commerce.conftest import Staff, shopper, staff  # noqa: F401  # fixtures
from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_bad_input import PLACES
from tests.gateway.store.test_bad_input import stored  # noqa: F401  # fixture
from tests.isolation.operations import described

ROOMS = (
    *("regions", "tax-regions", "tax-rates", "shipping-profiles", "fulfillment-sets"),
    *("shipping-options", "promotions", "campaigns", "inventory-items", "customers"),
    *("customer-groups", "orders", "payments"),
)
LEVELS = "/admin/inventory-items/{inventory_item_id}/location-levels"
# What a body must hold; most may be empty.
BODIES: dict[str, Any] = {
    "/admin/fulfillment-sets/{set_id}/service-zones": {"name": "Z", "geo_zones": []},
    LEVELS: {"location_id": "{location_id}"},
    f"{LEVELS}/batch": {"create": [{"location_id": "{location_id}"}]},
}
ACTS = [
    (method.upper(), path)
    for path, methods in described()["paths"].items()
    for method in methods
    if path.removeprefix("/admin/").partition("/{")[0] in ROOMS and "{" in path
]


async def set_up(chief: Staff, order: dict[str, Any]) -> dict[str, str]:
    """Sets up one of each kind; returns their ids."""

    async def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await chief.post(path, body)
        one: dict[str, Any] = next(iter(answer.values()))
        return one

    region = {"name": "R", "currency_code": "eur", "countries": ["fr"]}
    default = {"rate": 20, "code": "vat", "name": "VAT"}
    tax = await made("tax-regions", {"country_code": "fr", "default_tax_rate": default})
    profile = await made("shipping-profiles", {"name": "P", "type": "p"})
    sets = await made("fulfillment-sets", {"name": "S", "type": "shipping"})
    area = {"type": "country", "country_code": "fr"}
    zoned = await made(
        f"fulfillment-sets/{sets['id']}/service-zones", {"name": "Z", "geo_zones": [area]}
    )
    zone = zoned["service_zones"][0]["id"]
    price = {"currency_code": "eur", "amount": 5}
    option = {"name": "O", "service_zone_id": zone, "shipping_profile_id": profile["id"]}
    method = {"type": "percentage", "target_type": "order", "value": 10}
    promotion = {"code": "P", "type": "standard", "status": "active", "application_method": method}
    customer = await made("customers", {"email": "zoe@example.com"})
    address = await made(f"customers/{customer['id']}/addresses", {"city": "Lyon"})
    return {
        "region_id": (await made("regions", region))["id"],
        "tax_region_id": tax["id"],
        "tax_rate_id": tax["tax_rates"][0]["id"],
        "profile_id": profile["id"],
        "set_id": sets["id"],
        "zone_id": zone,
        "option_id": (await made("shipping-options", {**option, "prices": [price]}))["id"],
        "promotion_id": (await made("promotions", promotion))["id"],
        "campaign_id": (await made("campaigns", {"name": "C", "campaign_identifier": "c"}))["id"],
        "customer_id": customer["id"],
        "address_id": address["addresses"][0]["id"],
        "group_id": (await made("customer-groups", {"name": "G"}))["id"],
        "order_id": order["id"],
        "payment_id": order["payment_collections"][0]["payments"][0]["id"],
        "inventory_item_id": "iitem_of_another_product",
        "location_id": f"sloc_{chief.tenant}",
        "rule_type": "rules",
    }


@pytest.mark.parametrize("whose", ["another tenant's", "nobody's"])
async def test_staff_find_nothing_that_their_tenant_does_not_have(
    staff,  # noqa: F811
    shopper,  # noqa: F811
    tenants,
    stored,  # noqa: F811
    whose,
):
    own, other = await tenants()
    chief = await staff(own)
    foreign = await set_up(await staff(other), await shopper("hq").buy())
    ids = foreign if whose == "another tenant's" else PLACES
    before = await stored(own, other)

    for method, path in ACTS:
        text = json.dumps(BODIES.get(path, {}))
        body = json.loads(text.replace("{location_id}", ids["location_id"]))
        at = path.format(**ids).removeprefix("/admin/")
        answer = await chief.send(method, at, body if method == "POST" else None)
        refused(answer, 404)

    assert await stored(own, other) == before


async def test_an_empty_change_is_done_or_refused(staff, shopper, tenants):  # noqa: F811
    """Of both tenants, each in its own rows: nothing to do is no error of the service's."""
    order = await shopper("hq").buy()
    for tenant in await tenants():
        chief = await staff(tenant)
        ids = await set_up(chief, order)
        for method, path in ACTS:
            if method == "POST":
                at = path.format(**ids).removeprefix("/admin/")
                answer = await chief.send(method, at, {})
                assert answer.status_code in (200, 400, 404), (path, answer.text)
