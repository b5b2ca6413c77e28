"""Promotions in the rows of two shops, which go when the test ends, and staff of two tenants."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest_asyncio

from services.commerce.promotions.rules import code_key
from services.kernel.call.names import new_id
from tests.gateway.admin.conftest import engage, enter, make_tenant, tenants  # noqa: F401  # fixtures

_CHANGED = (
    "INSERT INTO setup_version (tenant_id, version) VALUES ($1, 1)"
    " ON CONFLICT (tenant_id) DO UPDATE SET version = setup_version.version + 1"
)


@dataclass
class Rows:
    """Writes promotions past the service, as staff would have made them."""

    connection: asyncpg.Connection
    made: list[tuple[str, str]] = field(default_factory=list)

    async def campaign(self, tenant: str, **columns: Any) -> str:
        campaign_id = new_id("procamp")
        await self._insert(
            "campaign",
            {
                "tenant_id": tenant,
                "campaign_id": campaign_id,
                "name": "A campaign",
                "identifier": campaign_id,
                "description": "",
                **columns,
            },
        )
        return campaign_id

    async def promotion(self, tenant: str, code: str, value: int, **columns: Any) -> str:
        """Makes a percentage off the order, unless `columns` say otherwise."""
        promotion_id = new_id("promo")
        rules = ("rules", "target_rules", "buy_rules")
        values = {
            "tenant_id": tenant,
            "promotion_id": promotion_id,
            "code": code,
            "code_key": code_key(code),
            "type": "standard",
            "status": "active",
            "is_automatic": False,
            "is_tax_inclusive": False,
            "method_type": "percentage",
            "target_type": "order",
            "allocation": "across",
            "value": value,
            "buy_rules_min_quantity": 0,
            "apply_to_quantity": 0,
            **{name: [] for name in rules},
            **columns,
        }
        values |= {name: json.dumps(values[name]) for name in rules}
        await self._insert("promotion", values)
        return promotion_id

    async def used(self, tenant: str, counted_id: str) -> list[int]:
        rows = await self.connection.fetch(
            "SELECT used FROM promotion_use WHERE tenant_id = $1 AND counted_id = $2 ORDER BY used",
            tenant,
            counted_id,
        )
        return [row["used"] for row in rows]

    async def remove(self) -> None:
        for table in ("promotion", "campaign"):
            for tenant, id_ in self.made:
                await self.connection.execute(
                    f"DELETE FROM {table} WHERE tenant_id = $1 AND {table}_id = $2",
                    tenant,
                    id_,
                )
        for tenant, id_ in self.made:
            await self.connection.execute(
                "DELETE FROM promotion_use WHERE tenant_id = $1 AND counted_id = $2", tenant, id_
            )
            await self.connection.execute(_CHANGED, tenant)

    async def _insert(self, table: str, values: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        values = {**values, "version": 1, "create_time": now, "update_time": now}
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.connection.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})",
            *values.values(),
        )
        self.made.append((values["tenant_id"], values[f"{table}_id"]))
        await self.connection.execute(_CHANGED, values["tenant_id"])


@pytest_asyncio.fixture
async def rows(database) -> AsyncIterator[Rows]:
    made = Rows(await database("commerce", "superuser"))
    yield made
    await made.remove()


@dataclass
class Staff:
    """Whoever runs a tenant."""

    tenant: str
    http: httpx.AsyncClient

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method, f"/admin{path}", json=body, headers={"X-Tenant-ID": self.tenant, **named}
        )

    async def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Does what must succeed; returns what the answer holds."""
        answer = await self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return next(iter(found.values())) if len(found) == 1 else found

    async def promotion(self, code: str, **more: Any) -> dict[str, Any]:
        method = {"type": "percentage", "target_type": "order", "value": 10}
        body = {"code": code, "type": "standard", "status": "active", "application_method": method}
        return await self.done("POST", "/promotions", {**body, **more})

    async def campaign(self, identifier: str, **more: Any) -> dict[str, Any]:
        body = {"name": "Spring", "campaign_identifier": identifier, **more}
        return await self.done("POST", "/campaigns", body)


@pytest_asyncio.fixture
async def both(engage, tenants):  # noqa: F811
    """The staff of two tenants of the test's own, which both sell in euros."""
    staff = []
    for tenant in await tenants():
        client = await engage("TenantAdmin", tenant)
        staff.append(Staff(tenant, client))
    return staff
