"""Two tenants of the test's own that sell the same product, each from its own stock."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio

from tests.commerce.conftest import Shopper
from tests.gateway.admin.conftest import (  # noqa: F401  # fixtures
    engage,
    enter,
    make_product,
    make_tenant,
    tenants,
)

ADDRESS = {"first_name": "Zoé", "address_1": "1 rue X", "city": "Y", "postal_code": "1"}
ITEMS = "/admin/inventory-items"


@dataclass
class Shop:
    """A tenant's shop: who counts its stock, who buys in it, and what it sells."""

    tenant: str
    staff: httpx.AsyncClient
    shopper: Shopper
    product: dict[str, Any]

    @property
    def variant(self) -> str:
        return str(self.product["variants"][0]["id"])

    @property
    def item(self) -> str:
        return self.variant.replace("variant_", "iitem_")

    @property
    def location(self) -> str:
        return f"sloc_{self.tenant}"

    async def send(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Does something as the staff."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.staff.request(
            method, path, json=body, headers={"X-Tenant-ID": self.tenant, **named}
        )

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """Does what must succeed."""
        answer = await self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def has(self, quantity: int) -> None:
        """Counts what there is for the first time."""
        body = {"location_id": self.location, "stocked_quantity": quantity}
        await self.done("POST", f"{ITEMS}/{self.item}/location-levels", body)

    async def recount(self, quantity: int) -> None:
        body = {"stocked_quantity": quantity}
        await self.done("POST", f"{ITEMS}/{self.item}/location-levels/{self.location}", body)

    async def counts(self) -> tuple[int, int]:
        """Tells how many are in stock, and how many of these are kept for somebody."""
        item = (await self.done("GET", f"{ITEMS}/{self.item}"))["inventory_item"]
        return item["stocked_quantity"], item["reserved_quantity"]

    async def cart(self, quantity: int) -> Any:
        """Makes a cart that can be completed."""
        items = [{"variant_id": self.variant, "quantity": quantity}]
        content = {"email": "zoe@example.com", "shipping_address": ADDRESS, "items": items}
        cart = (await self.shopper.post("/store/carts", content))["cart"]
        return await self.pay(cart)

    async def pay(self, cart: Any) -> Any:
        body = {"cart_id": cart["id"]}
        made = await self.shopper.post("/store/payment-collections", body)
        collection = made["payment_collection"]["id"]
        path = f"/store/payment-collections/{collection}/payment-sessions"
        await self.shopper.post(path, {"provider_id": "pp_system_default"})
        return (await self.shopper.get(f"/store/carts/{cart['id']}"))["cart"]

    async def complete(self, cart: Any) -> Any:
        return await self.shopper.post(f"/store/carts/{cart['id']}/complete")


@pytest_asyncio.fixture
async def make_shops(admin, http, engage, tenants, make_product):  # noqa: F811
    """Opens two shops that sell the same product; keywords are those of its only variant."""

    async def make(**variant):
        product = await make_product()
        if variant:
            path = f"/admin/products/{product['id']}/variants/{product['variants'][0]['id']}"
            (await admin.post(path, json=variant)).raise_for_status()
        shops = []
        for tenant in await tenants():
            path = f"/admin/tenants/{tenant}"
            body = {"product_id": product["id"]}
            (await admin.post(f"{path}/products", json=body)).raise_for_status()
            (await admin.post(f"{path}/activate")).raise_for_status()
            staff = await engage("CatalogMgr", tenant)
            shopper = Shopper(http, {"X-Tenant-ID": tenant})
            shops.append(Shop(tenant, staff, shopper, product))
        return shops

    return make


@pytest_asyncio.fixture
async def shops(make_shops):
    return await make_shops()
