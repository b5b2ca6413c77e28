"""Two shops of the test's own that sell the same product and can ship it."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from tests.commerce.conftest import Shopper
from tests.gateway.admin.conftest import (  # noqa: F401  # fixtures
    created,
    engage,
    enter,
    make_product,
    make_tenant,
    tenants,
)

ADDRESS = {
    "address_1": "1 rue X",
    "city": "Lyon",
    "postal_code": "69001",
    "province": "Rhône",
    "country_code": "fr",
}
PAID = {"provider_id": "pp_system_default"}
OPTIONS = "/admin/shipping-options"


@dataclass
class Shop:
    """Whoever runs a tenant, and a shopper of it."""

    tenant: str
    http: Any
    shopper: Shopper
    variant: str

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method, path, json=body, headers={"X-Tenant-ID": self.tenant, **named}
        )

    async def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Does what must succeed; returns the document."""
        answer = await self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        documents = list(answer.json().values())
        found: dict[str, Any] = documents[0] if len(documents) == 1 else answer.json()
        return found

    async def stock(self, variant: str) -> None:
        """Puts enough of a variant in stock."""
        item = variant.replace("variant_", "iitem_")
        body = {"location_id": f"sloc_{self.tenant}", "stocked_quantity": 10_000}
        await self.done("POST", f"/admin/inventory-items/{item}/location-levels", body)

    async def profile(self, type_: str = "default", **more: Any) -> dict[str, Any]:
        body = {"name": f"Profile {type_}", "type": type_, **more}
        return await self.done("POST", "/admin/shipping-profiles", body)

    async def zone(self, *areas: dict[str, Any], name: str = "Zone") -> dict[str, Any]:
        """Makes a zone, of France unless told otherwise, in a set of its own."""
        body = {"name": f"Set of {name}", "type": "shipping"}
        made = await self.done("POST", "/admin/fulfillment-sets", body)
        path = f"/admin/fulfillment-sets/{made['id']}/service-zones"
        geo_zones = areas or [{"type": "country", "country_code": "fr"}]
        found = await self.done("POST", path, {"name": name, "geo_zones": geo_zones})
        [zone] = found["service_zones"]
        return {**zone, "path": f"{path}/{zone['id']}"}

    async def option(
        self,
        zone: dict[str, Any],
        profile: dict[str, Any],
        *prices: dict[str, Any] | float,
        **more: Any,
    ) -> dict[str, Any]:
        body = {
            "name": "Standard",
            "service_zone_id": zone["id"],
            "shipping_profile_id": profile["id"],
            "prices": [
                price if isinstance(price, dict) else {"currency_code": "eur", "amount": price}
                for price in prices
            ],
            **more,
        }
        return await self.done("POST", OPTIONS, body)

    async def standard(self, *prices: dict[str, Any] | float, **more: Any) -> dict[str, Any]:
        """Makes an option of the first profile to all of France."""
        return await self.option(await self.zone(), await self.profile(), *prices, **more)

    async def cart(self, quantity: int = 1, **content: Any) -> dict[str, Any]:
        items = [{"variant_id": self.variant, "quantity": quantity}]
        body = {"items": items, "email": "zoe@example.com", "shipping_address": ADDRESS, **content}
        cart: dict[str, Any] = (await self.shopper.post("/store/carts", body))["cart"]
        return cart

    async def offered(self, cart: dict[str, Any]) -> list[dict[str, Any]]:
        page = await self.shopper.get("/store/shipping-options", cart_id=cart["id"])
        found: list[dict[str, Any]] = page["shipping_options"]
        return found

    async def choose(
        self, cart: dict[str, Any], option: dict[str, Any], **more: Any
    ) -> dict[str, Any]:
        body = {"option_id": option["id"], **more}
        path = f"/store/carts/{cart['id']}/shipping-methods"
        chosen: dict[str, Any] = (await self.shopper.post(path, body))["cart"]
        return chosen

    async def change(self, cart: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        changed: dict[str, Any] = (await self.shopper.post(f"/store/carts/{cart['id']}", body))[
            "cart"
        ]
        return changed

    async def pay(self, cart: dict[str, Any]) -> None:
        answer = await self.shopper.post("/store/payment-collections", {"cart_id": cart["id"]})
        collection = answer["payment_collection"]["id"]
        await self.shopper.post(f"/store/payment-collections/{collection}/payment-sessions", PAID)


@pytest_asyncio.fixture
async def both(engage, tenants, http, host, admin, make_product):  # noqa: F811
    """Two shops that sell a product of 59.90 euros and 500 grams, without any shipping yet."""
    product = await make_product(weight=500)
    shops = []
    for tenant in await tenants():
        client = await engage("TenantAdmin", tenant)
        await created(admin, f"/admin/tenants/{tenant}/activate")
        await created(admin, f"/admin/tenants/{tenant}/products", {"product_id": product["id"]})
        shopper = Shopper(http, {"X-Tenant-ID": tenant})
        shop = Shop(tenant, client, shopper, product["variants"][0]["id"])
        await shop.stock(shop.variant)
        shops.append(shop)
    return shops
