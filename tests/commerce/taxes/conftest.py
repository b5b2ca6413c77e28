"""Two shops of the test's own, whose staff set up taxes and whose shoppers pay them."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio

from tests.gateway.admin.conftest import (  # noqa: F401  # fixtures
    created,
    engage,
    enter,
    make_product,
    make_tenant,
    tenants,
)


@dataclass
class Shop:
    """A tenant that sells one product, at 59.90 euros."""

    tenant: str
    staff: httpx.AsyncClient
    http: httpx.AsyncClient
    product: dict[str, Any]

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Does something as the tenant's staff."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.staff.request(
            method, f"/admin/{path}", json=body, headers={"X-Tenant-ID": self.tenant, **named}
        )

    async def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Does what must succeed; returns the only document of the answer."""
        answer = await self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        [document] = answer.json().values()
        assert isinstance(document, dict)
        return document

    async def page(self, path: str) -> list[dict[str, Any]]:
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()[path.partition("?")[0].replace("-", "_")]
        return found

    async def region(self, *countries: str, **more: Any) -> dict[str, Any]:
        """Makes a region to sell in."""
        paid = {"payment_providers": ["pp_system_default"]}
        body = {"name": "A region", "currency_code": "eur", "countries": countries, **paid, **more}
        return await self.done("POST", "regions", body)

    async def tax_region(self, country: str, rate: float | None = None, **more: Any) -> Any:
        """Makes a tax region, perhaps with a default rate."""
        body: dict[str, Any] = {"country_code": country, **more}
        if rate is not None:
            body["default_tax_rate"] = {"rate": rate, "code": "vat", "name": "VAT"}
        return await self.done("POST", "tax-regions", body)

    async def tax_rate(self, tax_region: dict[str, Any], rate: float, **more: Any) -> Any:
        body = {"tax_region_id": tax_region["id"], "rate": rate, "code": "other", "name": "Other"}
        return await self.done("POST", "tax-rates", body | more)

    async def stock(self, quantity: int) -> None:
        """Puts so many of the product in stock."""
        item = self.product["variants"][0]["id"].replace("variant_", "iitem_")
        body = {"location_id": f"sloc_{self.tenant}", "stocked_quantity": quantity}
        await self.done("POST", f"inventory-items/{item}/location-levels", body)

    async def shopping(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Does something as a shopper."""
        path = f"/t/{self.tenant}/store/{path}"
        return await self.http.request(method, path, json=body)

    async def bought(self, path: str, body: Any = None) -> dict[str, Any]:
        """Does what must succeed, as a shopper."""
        answer = await self.shopping("POST", path, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def cart(self, quantity: int = 1, country: str = "", **more: Any) -> dict[str, Any]:
        """Starts a cart of the product, perhaps sent to a country."""
        item = {"variant_id": self.product["variants"][0]["id"], "quantity": quantity}
        to = {"shipping_address": {"country_code": country}} if country else {}
        found: dict[str, Any] = (await self.bought("carts", {"items": [item], **to, **more}))[
            "cart"
        ]
        return found


@pytest_asyncio.fixture
async def shops(engage, tenants, make_product, http, admin):  # noqa: F811
    """Two open shops that sell the same product, which has a type."""
    kind = await created(admin, "/admin/product-types", {"value": f"Book {uuid.uuid4().hex}"})
    product = await make_product(type_id=kind["id"])
    found = []
    for tenant in await tenants():
        (await admin.post(f"/admin/tenants/{tenant}/activate")).raise_for_status()
        body = {"add": [product["id"]]}
        sold = await admin.post(f"/admin/sales-channels/sc_{tenant}/products", json=body)
        assert sold.status_code == 200, sold.text
        client = await engage("TenantAdmin", tenant)
        shop = Shop(tenant, client, http, product)
        await shop.stock(1_000)
        found.append(shop)
    return found
