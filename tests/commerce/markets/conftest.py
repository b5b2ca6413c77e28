"""Staff of two tenants of the test's own, which both sell in euros."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio

from tests.gateway.admin.conftest import engage, enter, make_tenant, tenants  # noqa: F401  # fixtures

PATH = "/admin/regions"


@dataclass
class Staff:
    """Whoever runs a tenant."""

    tenant: str
    http: httpx.AsyncClient

    async def send(self, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method, f"{PATH}{path}", json=body, headers={"X-Tenant-ID": self.tenant, **named}
        )

    async def regions(self, query: str = "") -> list[dict[str, Any]]:
        answer = await self.send("GET", query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["regions"]
        return found

    async def done(self, method: str, path: str = "", body: Any = None) -> dict[str, Any]:
        """Does what must succeed."""
        answer = await self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        region: dict[str, Any] = answer.json()["region"]
        return region

    async def create(self, *countries: str, **more: Any) -> dict[str, Any]:
        body = {"name": "A region", "currency_code": "eur", "countries": countries, **more}
        return await self.done("POST", body=body)


@pytest_asyncio.fixture
async def both(engage, tenants):  # noqa: F811
    """The staff of two tenants."""
    staff = []
    for tenant in await tenants():
        client = await engage("TenantAdmin", tenant)
        staff.append(Staff(tenant, client))
    return staff
